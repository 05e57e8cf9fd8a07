// What the engine needs of the world. Adapters implement these; tests bring fakes.
import type { Script } from '../lib/shell.ts';
import type { DuplexStream, StepOutput } from '../core/module.ts';

/** How to reach and log in to a host. Secrets are here and nowhere else in a run. */
export interface HostAddress {
  /** The inventory name, for messages. */
  readonly name: string;
  readonly connection: 'ssh' | 'local';
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKeyFile?: string;
  readonly password?: string;
  /** `strict`: only known keys; `accept-new`: unknown hosts are added, changed keys refused; `off`: not checked. */
  readonly hostKeys: 'strict' | 'accept-new' | 'off';
  readonly knownHostsFile?: string;
  readonly connectTimeoutMs?: number;
}

/** Who runs a script. `null` is the user who logged in. */
export interface Identity {
  readonly user: string | null;
  readonly method: 'sudo' | 'su' | 'doas';
  readonly password?: string;
}

export interface Step {
  readonly script: Script;
  readonly timeoutMs: number;
  /** It may hold what `no_log` hides: nobody may show it. */
  readonly hidden?: boolean;
}

export interface StepResult extends StepOutput {
  /** Bytes of output beyond limits.stepOutputBytes, dropped. */
  readonly droppedBytes: number;
  readonly timedOut: boolean;
}

export interface Batch {
  readonly identity: Identity;
  readonly steps: readonly Step[];
  /** After a step that fails the rest is skipped (and missing from the results). */
  readonly haltOnFailure: boolean;
  readonly signal?: AbortSignal;
  readonly onBegin?: (index: number) => void;
  readonly onEnd?: (index: number, result: StepResult) => void;
}

/** One connection to one host, with one persistent shell an identity. */
export interface Session extends AsyncDisposable {
  /**
   * Runs the steps in order, each in a subshell of its own, as one round trip (plus one for each step with standard input).
   * Rejects with VezaError: `unreachable` (connection lost), `become-failed`, `cancelled`.
   * A step that exits non-zero does not reject.
   */
  run(batch: Batch): Promise<readonly StepResult[]>;
  /** A TCP connection from the host's own network. Rejects with VezaError `connect-failed`. */
  dial(
    host: string,
    port: number,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<DuplexStream>;
  /** Messages sent and answered so far: what a run costs. */
  readonly roundTrips: number;
}

export interface Transport {
  /** Rejects with VezaError: `unreachable`, `authentication-failed`, `host-key-unknown`, `host-key-changed`, `host-key-revoked`, `known-hosts-invalid`, `key-unreadable`. */
  connect(host: HostAddress, signal?: AbortSignal): Promise<Session>;
}

/** Reads nothing but time. Injected, so that tests own the clock. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** Errors that say that the host cannot be worked on at all. */
export const connectionCodes: ReadonlySet<string> = new Set([
  'unreachable',
  'authentication-failed',
  'host-key-unknown',
  'host-key-changed',
  'host-key-revoked',
  'known-hosts-invalid',
  'key-unreadable',
  'cancelled',
]);
