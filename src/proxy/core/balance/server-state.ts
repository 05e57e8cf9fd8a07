// What a worker knows of one server when it picks: health as the master says, administration, own suspicion, load.
import type { ServerConfig } from '../config/model.ts';
import { Circuit, type CircuitView } from './circuit.ts';
import { Quota } from './quota.ts';
import type { Endpoint } from '../server-address.ts';
import { effectiveWeight, risenShare } from '../slowstart.ts';
import { ResponseTime } from './response-time.ts';

export type AdminState = 'ready' | 'drain' | 'maint';

/** What the master tells the workers of a server. */
export interface ServerView {
  readonly key: string;
  readonly up: boolean;
  readonly admin: AdminState;
  readonly weight: number;
  /** Over all workers; left out: as the file says. */
  readonly maxconn?: number | undefined;
  /** Where its name leads now; left out = where the file says. */
  readonly endpoint?: Endpoint | undefined;
  /** How long ago a recovery was seen (an age, since processes have clocks of their own); -1 = never. */
  readonly risingForMs: number;
  /** It is about to stop: only bound clients come. */
  readonly stopping?: boolean;
  /** Of a server that is down: it does not even refuse. */
  readonly silent?: boolean;
  /** Left out: traffic does not show it to fail. */
  readonly circuit?: CircuitView | undefined;
}

/** Why a worker avoids a server until the master's check says more. */
export type Suspicion = 'none' | 'unreachable' | 'silent';

export class ServerState {
  config: ServerConfig;
  up = true;
  admin: AdminState;
  weight: number;
  /** Over all workers; undefined: as the file says. */
  maxconn: number | undefined;
  /** Where connections go. */
  address: string;
  port: number;
  stopping = false;
  risingSinceMs = 0;
  slowstartMs: number;
  suspicion: Suspicion = 'none';
  suspectUntilMs = 0;
  /** Though it cannot be reached, it is tried again from then on by who finds no other. */
  retryAtMs = 0;
  readonly circuit = new Circuit();
  /** Requests under way in this worker. */
  inFlight = 0;
  /** Requests bound to it that wait for a slot, in this worker. */
  queued = 0;
  /** `maxconn`: requests at once. */
  readonly quota = new Quota();
  /** `maxqueue`: those that are bound to it and wait. */
  readonly places = new Quota();
  /** Load of the backend from which on it has all of `maxconn`. */
  fullAt = 1;
  /** Time to the first byte of its responses; kept only where a policy goes by it. */
  readonly responseTime = new ResponseTime();
  /** Accumulator of smooth round robin. */
  current = 0;

  constructor(config: ServerConfig, slowstartMs: number) {
    this.config = config;
    this.slowstartMs = slowstartMs;
    this.weight = config.weight;
    this.address = config.address;
    this.port = config.port;
    this.admin = config.disabled ? 'maint' : 'ready';
  }

  /** Takes over what the master says. Returns true if the server went from UP to DOWN. */
  apply(view: ServerView, nowMs: number): boolean {
    const fell = this.up && !view.up;
    if (!this.accepts() && view.up && view.admin === 'ready') this.current = 0;
    this.up = view.up;
    this.admin = view.admin;
    this.weight = view.weight;
    this.maxconn = view.maxconn;
    const { address, port } = view.endpoint ?? this.config;
    this.address = address;
    this.port = port;
    this.stopping = view.stopping === true;
    this.circuit.apply(view.circuit, nowMs);
    this.risingSinceMs = view.risingForMs < 0 ? 0 : nowMs - view.risingForMs;
    return fell;
  }

  /** May new clients come here, as far as health and administration go. */
  accepts(): boolean {
    return this.up && this.admin === 'ready' && this.weight > 0 && !this.stopping;
  }

  /** May a client that is bound to it by a cookie come here: also while drained or at weight 0. */
  acceptsBound(): boolean {
    return this.up && this.admin !== 'maint';
  }

  /** Has it a slot, whoever waits for it. `load`: what the backend has over all workers. */
  hasSlot(nowMs: number, load: number): boolean {
    const { quota, inFlight } = this;
    if (quota.slots === Infinity) return true;
    return inFlight < quota.slots && quota.has(inFlight, this.most(nowMs, load));
  }

  /**
   * Requests that it may have now, over all workers: `minconn` grows to `maxconn` with the load of the backend, and who
   * recovers gets its slots back step by step.
   */
  most(nowMs: number, load: number): number {
    const { limit } = this.quota;
    const { minconn } = this.config;
    if (limit === Infinity) return limit;
    const warm =
      minconn === 0 || load >= this.fullAt
        ? limit
        : Math.min(limit, Math.max(minconn, Math.floor((load * limit) / this.fullAt)));
    const share = risenShare(this.risingSinceMs, this.slowstartMs, nowMs);
    return share === 1 ? warm : Math.max(1, Math.floor(warm * share));
  }

  /** The slots that workers lend each other: all that may be used, or those with which it is tried. */
  lendable(nowMs: number, load: number): number {
    const { circuit } = this;
    const most = this.most(nowMs, load);
    return circuit.isClosed || circuit.isOpen(nowMs) ? most : Math.min(most, circuit.trials);
  }

  /** Has it a slot for a request that comes now: those that wait go first. */
  isFree(nowMs: number, load: number): boolean {
    return this.queued === 0 && this.hasSlot(nowMs, load);
  }

  /** May one more wait for it. */
  mayQueue(nowMs: number): boolean {
    return this.places.mayHave(this.queued, nowMs);
  }

  suspect(suspicion: Suspicion, untilMs: number, retryAtMs = untilMs): void {
    // Silence says less than a refusal and must not hide it.
    if (suspicion === 'silent' && this.suspicion === 'unreachable' && this.suspectUntilMs > untilMs) return;
    this.suspicion = suspicion;
    this.suspectUntilMs = untilMs;
    this.retryAtMs = retryAtMs;
  }

  /** Traffic does not show it to fail. */
  isSound(nowMs: number): boolean {
    return this.suspicionAt(nowMs) === 'none' && (this.circuit.isClosed || this.#mayTry(nowMs));
  }

  /** The circuit was open: one of few may try, over all workers. */
  #mayTry(nowMs: number): boolean {
    const { circuit, quota } = this;
    if (circuit.isOpen(nowMs)) return false;
    if (quota.has(this.inFlight, circuit.trials)) return true;
    if (this.inFlight === 0) circuit.isWanted = true;
    return false;
  }

  trust(): void {
    this.suspicion = 'none';
    this.suspectUntilMs = 0;
  }

  suspicionAt(nowMs: number): Suspicion {
    return this.suspectUntilMs > nowMs ? this.suspicion : 'none';
  }

  effectiveWeight(nowMs: number): number {
    return effectiveWeight(this.weight, this.risingSinceMs, this.slowstartMs, nowMs);
  }
}

/** How many can be used: backups count where nobody else can be. */
export function usableServers(servers: readonly ServerState[]): number {
  let [own, backups] = [0, 0];
  for (const server of servers) {
    if (!server.accepts()) continue;
    if (server.config.backup) backups += 1;
    else own += 1;
  }
  return own > 0 ? own : backups;
}
