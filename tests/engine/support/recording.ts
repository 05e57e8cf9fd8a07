// Decorators around a transport: they count and keep what is sent, and can cut the line. The host behind them is real.
import type { Batch, HostAddress, Session, StepResult, Transport } from '../../../src/engine/ports.ts';
import { VezaError } from '../../../src/lib/errors.ts';

export interface Recording {
  readonly transport: Transport;
  /** The scripts of every batch, by host. */
  readonly batches: Map<string, string[][]>;
  /** Connections made. */
  readonly addresses: HostAddress[];
}

export interface RecordingOptions {
  /** Hosts that never answer. */
  readonly unreachable?: readonly string[];
  /** The connection of a host is lost instead of its nth batch (from 1). */
  readonly lostAt?: Readonly<Record<string, number>>;
  /** Takes all users for the one who logged in, so that `become` needs no sudo here. */
  readonly oneUser?: boolean;
  /** Called before each batch. */
  readonly onBatch?: (host: string, scripts: readonly string[]) => void;
}

/** Keeps what goes through `inner`. */
export function record(inner: Transport, options: RecordingOptions = {}): Recording {
  const batches = new Map<string, string[][]>();
  const addresses: HostAddress[] = [];
  const transport: Transport = {
    async connect(host, signal) {
      if (options.unreachable?.includes(host.name))
        throw new VezaError('unreachable', `${host.name}: connection refused`, { hint: 'is the host up?' });
      addresses.push(host);
      const sent: string[][] = batches.get(host.name) ?? [];
      batches.set(host.name, sent);
      const session = await inner.connect(host, signal);
      return watched(session, options.oneUser === true, (batch) => {
        const scripts = batch.steps.map(({ script }) => script.text);
        options.onBatch?.(host.name, scripts);
        sent.push(scripts);
        if (options.lostAt?.[host.name] === sent.length)
          throw new VezaError('unreachable', `${host.name}: the connection was lost`);
      });
    },
  };
  return { transport, batches, addresses };
}

function watched(session: Session, oneUser: boolean, before: (batch: Batch) => void): Session {
  return {
    get roundTrips() {
      return session.roundTrips;
    },
    dial: (host, port, options) => session.dial(host, port, options),
    async run(batch): Promise<readonly StepResult[]> {
      before(batch);
      return session.run(oneUser ? { ...batch, identity: { ...batch.identity, user: null } } : batch);
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
