// What the parts of a worker share: clock, timers, counters' owners, and the way to the master.
import type { HttpTokens } from '../../acme/http-tokens.ts';
import type { TimerWheel } from '../core/timer-wheel.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { Refusal } from '../core/http/request-head.ts';
import type { AccessLog } from './access-log.ts';
import type { Client } from './client.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';
import type { Observation } from '../core/balance/observer.ts';
import type { Suspicion } from '../core/balance/server-state.ts';

export interface WorkerContext {
  readonly wheel: TimerWheel;
  readonly log: AccessLog;
  /** The present configuration; a reload replaces it whole. */
  readonly config: ProxyConfig;
  /** Questions of an ACME authority that are to be answered now. */
  readonly challenges: HttpTokens;
  /** Graceful stop has begun: no connection is kept. */
  readonly stopping: boolean;
  /** Monotonic milliseconds. */
  now(): number;
  backend(name: string): BackendRuntime | undefined;
  /** Tells the master that traffic met a failure, and avoids the server meanwhile. */
  accuse(server: ServerRuntime, suspicion: Exclude<Suspicion, 'none'>): void;
  /** What traffic met of a server: for its breaker, and for its health check where that observes. */
  observe(server: ServerRuntime, seen: Observation, elapsedMs?: number): void;
  /** Tells the master of a request that was no valid one, now and then. */
  dropped(client: Client, refusal: Refusal): void;
  /** Says something to whoever runs the proxy; the same topic not again and again. */
  tell(topic: string, text: string): void;
  /** A frontend has as many clients as it may: no more are accepted until it has room. */
  full(frontend: FrontendRuntime): void;
  hasRoom(frontend: FrontendRuntime): void;
  /** Tells the master that requests wait for a server of this backend. */
  holding(backend: BackendRuntime): void;
}
