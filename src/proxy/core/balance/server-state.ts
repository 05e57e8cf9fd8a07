// What a worker knows of one server when it picks: health as the master says, administration, own suspicion, load.
import type { ServerConfig } from '../config/model.ts';
import { Breaker } from './breaker.ts';
import { effectiveWeight } from '../slowstart.ts';

export type AdminState = 'ready' | 'drain' | 'maint';

/** What the master tells the workers of a server. */
export interface ServerView {
  readonly key: string;
  readonly up: boolean;
  readonly admin: AdminState;
  readonly weight: number;
  /** How long ago a recovery was seen (an age, since processes have clocks of their own); -1 = never. */
  readonly risingForMs: number;
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
  risingSinceMs = 0;
  slowstartMs: number;
  suspicion: Suspicion = 'none';
  suspectUntilMs = 0;
  readonly breaker = new Breaker();
  /** Requests under way in this worker. */
  inFlight = 0;
  /** This worker's share of maxconn; 0 = no limit. */
  slots = 0;
  /** Accumulator of smooth round robin. */
  current = 0;

  constructor(config: ServerConfig, slowstartMs: number) {
    this.config = config;
    this.slowstartMs = slowstartMs;
    this.weight = config.weight;
    this.admin = config.disabled ? 'maint' : 'ready';
  }

  /** Takes over what the master says. Returns true if the server went from UP to DOWN. */
  apply(view: ServerView, nowMs: number): boolean {
    const fell = this.up && !view.up;
    if (!this.accepts() && view.up && view.admin === 'ready') this.current = 0;
    this.up = view.up;
    this.admin = view.admin;
    this.weight = view.weight;
    this.risingSinceMs = view.risingForMs < 0 ? 0 : nowMs - view.risingForMs;
    return fell;
  }

  /** May new clients come here, as far as health and administration go. */
  accepts(): boolean {
    return this.up && this.admin === 'ready' && this.weight > 0;
  }

  /** May a client that is bound to it by a cookie come here: also while drained or at weight 0. */
  acceptsBound(): boolean {
    return this.up && this.admin !== 'maint';
  }

  hasSlot(): boolean {
    return this.slots === 0 || this.inFlight < this.slots;
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
