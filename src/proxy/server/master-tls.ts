// TLS in the master: what it makes or asks for on behalf of all workers (keys of session tickets, stapled answers), and
// what its own checks of servers speak TLS with.
import type { LoadedConfig } from './config-source.ts';
import type { ToWorker } from './ipc.ts';
import { OcspStapler } from './ocsp-stapler.ts';
import { TicketKeys } from './ticket-keys.ts';
import { type KeptUpstream, type UpstreamTls, upstreamsOf } from './upstream-tls.ts';

export class MasterTls {
  readonly #tickets: TicketKeys;
  readonly #stapler: OcspStapler;
  #upstreams: ReadonlyMap<string, KeptUpstream> = new Map();

  /** `broadcast` reaches all workers. */
  constructor(broadcast: (message: ToWorker) => void, log: (line: string) => void) {
    this.#tickets = new TicketKeys(() => broadcast(this.#ticketKeys));
    this.#stapler = new OcspStapler(log, () => broadcast(this.#staples));
  }

  /** Before a configuration is given to workers: they shall have answers to staple from the first client on. */
  async prepare({ config, tls }: LoadedConfig): Promise<void> {
    await this.#stapler.ask(config, tls);
  }

  /** The configuration that runs from now on. */
  take({ config, tls }: LoadedConfig): void {
    this.#upstreams = upstreamsOf(config, tls, this.#upstreams);
  }

  /** There is no way back to another one any more. */
  settle({ config, tls }: LoadedConfig): void {
    this.#stapler.keepOnly(config, tls);
  }

  /** What checks of the servers of a backend speak TLS with. */
  upstream(backend: string): UpstreamTls | undefined {
    return this.#upstreams.get(backend)?.tls;
  }

  /** What a worker needs before its configuration. */
  get messages(): readonly ToWorker[] {
    return [this.#ticketKeys, this.#staples];
  }

  get #ticketKeys(): ToWorker {
    return { type: 'ticket-keys', keys: this.#tickets.current };
  }

  get #staples(): ToWorker {
    return { type: 'staples', staples: this.#stapler.staples };
  }

  stop(): void {
    this.#tickets.stop();
    this.#stapler.stop();
  }
}
