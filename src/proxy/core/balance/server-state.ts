// What a worker knows of one server when it picks: health as the master says, administration, own suspicion, load.
import type { ServerConfig } from '../config/model.ts';
import { Breaker } from './breaker.ts';
import { Loans } from './loans.ts';
import { Observer } from './observer.ts';
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
  readonly observer = new Observer();
  slowstartMs: number;
  suspicion: Suspicion = 'none';
  suspectUntilMs = 0;
  readonly breaker = new Breaker();
  /** Requests under way in this worker. */
  inFlight = 0;
  /** Requests bound to it that wait for a slot, in this worker. */
  queued = 0;
  /** Requests that this worker may have there at once: its share of maxconn, less what it lent to others. */
  slots = Infinity;
  readonly loans = new Loans();
  /** This worker's shares of minconn and maxqueue; 0 = no limit. */
  minSlots = 0;
  maxQueued = 0;
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

  /**
   * Has it a slot, whoever waits for it. `fill`: how full the backend is, from 0 to 1; with it `minconn` grows to
   * `maxconn`. Who recovers gets its slots back step by step.
   */
  hasSlot(nowMs: number, fill: number): boolean {
    const { slots, minSlots } = this;
    if (slots === Infinity) return true;
    if (this.inFlight < 1) return slots > 0;
    const limit = minSlots === 0 ? slots : Math.min(slots, Math.max(minSlots, Math.floor(slots * fill)));
    return this.inFlight < limit * risenShare(this.risingSinceMs, this.slowstartMs, nowMs);
  }

  /** Has it a slot for a request that comes now: those that wait go first. */
  isFree(nowMs: number, fill: number): boolean {
    return this.queued === 0 && this.hasSlot(nowMs, fill);
  }

  /** May one more wait for it. */
  mayQueue(): boolean {
    return this.maxQueued === 0 || this.queued < this.maxQueued;
  }

  suspect(suspicion: Suspicion, untilMs: number): void {
    // Silence says less than a refusal and must not hide it.
    if (suspicion === 'silent' && this.suspicion === 'unreachable' && this.suspectUntilMs > untilMs) return;
    this.suspicion = suspicion;
    this.suspectUntilMs = untilMs;
  }

  /** Traffic does not show it to fail. */
  isSound(nowMs: number): boolean {
    return this.suspicionAt(nowMs) === 'none' && this.breaker.admits(nowMs, this.inFlight);
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
