// The open-loop load: requests start when they are due, whatever happened to those before, and latency counts from then.
// So a balancer that stalls is seen to stall (no coordinated omission). Judging the records is not done here.
import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { newAgent, send } from './http-client.ts';
import { Pauses } from './latency.ts';
import type { PlannedRequest } from './mix.ts';
import { requestMix } from './mix.ts';
import type { Address, LoadShape, RequestKind } from './model.ts';
import { cookiesOf, verifyAnswer } from './verify.ts';

/** One request of the load. Times are on the clock of performance.now(). */
export interface RequestRecord {
  readonly kind: RequestKind;
  readonly id: string;
  /** The backend whose cookie the request carried; null without cookie. */
  readonly boundTo: string | null;
  readonly intendedAt: number;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly problem: string | null;
  readonly backend: string | null;
}

interface VirtualUser {
  readonly agent: Agent;
  readonly cookies: Map<string, string>;
  /** The backend that set the cookies. */
  boundTo: string | null;
}

/** Longest sleep between two looks at the clock: lateness beyond it is a pause of this process. */
const tickMs = 4;
/** Timers are exact to about a millisecond; lateness beyond this is counted. */
const pauseThresholdMs = 3;

export class Load {
  readonly records: RequestRecord[] = [];
  readonly pauses = new Pauses();
  readonly #target: Address;
  readonly #shape: LoadShape;
  readonly #next: () => PlannedRequest;
  readonly #users: readonly VirtualUser[];
  readonly #agent = newAgent();
  readonly #pending = new Set<Promise<void>>();
  #running = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(target: Address, shape: LoadShape, seed: number, prefix: string) {
    this.#target = target;
    this.#shape = shape;
    this.#next = requestMix(shape, seed, prefix);
    this.#users = Array.from({ length: shape.stickyUsers }, () => ({
      agent: newAgent(),
      cookies: new Map(),
      boundTo: null,
    }));
  }

  start(): void {
    this.#running = true;
    this.#loop = this.#run();
  }

  /** Sends nothing more and waits for every answer (each has its own timeout); abandoned, it cuts them off. */
  async stop(abandon: boolean): Promise<void> {
    this.#running = false;
    await this.#loop;
    if (abandon) this.#disconnect();
    await Promise.all(this.#pending);
    this.#disconnect();
  }

  #disconnect(): void {
    this.#agent.destroy();
    for (const user of this.#users) user.agent.destroy();
  }

  async #run(): Promise<void> {
    const startedAt = performance.now();
    const periodMs = 1000 / this.#shape.ratePerSecond;
    for (let count = 0; this.#running;) {
      const dueAt = startedAt + count * periodMs;
      const now = performance.now();
      if (dueAt <= now) {
        this.#launch(dueAt);
        count += 1;
        continue;
      }
      const wakeAt = now + Math.max(1, Math.min(tickMs, dueAt - now));
      await sleep(wakeAt - now);
      const late = performance.now() - wakeAt;
      if (late > pauseThresholdMs) this.pauses.add(wakeAt, wakeAt + late);
    }
  }

  #launch(intendedAt: number): void {
    const sending = this.#send(this.#next(), intendedAt).finally(() => this.#pending.delete(sending));
    this.#pending.add(sending);
  }

  async #send(planned: PlannedRequest, intendedAt: number): Promise<void> {
    const user = planned.user === null ? undefined : this.#users[planned.user];
    const boundTo = user?.boundTo ?? null;
    const sentAt = performance.now();
    const exchange = {
      method: planned.body ? ('POST' as const) : ('GET' as const),
      path: planned.path,
      headers: headersOf(planned, user),
      body: planned.body,
    };
    const agent = user?.agent ?? this.#agent;
    const outcome = await send(this.#target, exchange, { agent, timeoutMs: this.#shape.requestTimeoutMs });
    const endedAt = performance.now();
    const { problem, backend } = verifyAnswer(planned, outcome);
    if (user && outcome.kind === 'answered') {
      const cookies = cookiesOf(outcome.headers);
      for (const [name, value] of cookies) user.cookies.set(name, value);
      if (cookies.size > 0) user.boundTo = backend;
    }
    const { kind, id } = planned;
    this.records.push({ kind, id, boundTo, intendedAt, sentAt, endedAt, problem, backend });
  }
}

function headersOf(planned: PlannedRequest, user: VirtualUser | undefined): Record<string, string> {
  const cookie = user && [...user.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return {
    'User-Agent': 'veza-failover',
    Accept: 'application/json',
    'X-Request-Id': planned.id,
    ...(planned.kind === 'post-with-key' && { 'Idempotency-Key': planned.id }),
    ...(planned.body && { 'Content-Type': 'text/plain' }),
    ...(cookie && { Cookie: cookie }),
  };
}
