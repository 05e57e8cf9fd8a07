// What is known of a request from its beginning, and what was measured of it: the part of an exchange that others read.
import { performance } from 'node:perf_hooks';
import { hashOf } from '../core/balance/hash-key.ts';
import type { Pick } from '../core/balance/balancer.ts';
import type { Stick } from '../core/balance/stick.ts';
import type { BackendConfig } from '../core/config/model.ts';
import type { Handling } from '../core/handling/handling.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import { http2Minor } from '../core/http/http2-head.ts';
import { readPersistence } from '../core/http/persistence.ts';
import type { RequestHead } from '../core/http/request-head.ts';
import type { ResponseHead } from '../core/http/response-head.ts';
import { isReplayable } from '../core/retry.ts';
import { RetryPlan } from '../core/retry-plan.ts';
import type { Client } from './client.ts';
import { isAccepted } from './http2-websocket.ts';
import { requestText } from './request-text.ts';
import { RequestBody } from './request-body.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';

export abstract class ExchangeState {
  readonly client: Client;
  readonly head: RequestHead;
  readonly incoming: Incoming;
  /** What its rule does with it and with the response. */
  readonly handling: Handling;
  readonly backend: BackendRuntime;
  /** The configuration it began with; a reload does not change it. */
  readonly config: BackendConfig;
  readonly body: RequestBody;
  readonly replayable: boolean;
  readonly startedAt = performance.now();
  /** Value of the persistence cookie that came in. */
  readonly cookie: string | undefined;
  /** It needs a new date, and when the client first got it. */
  readonly cookieRenew: boolean = false;
  readonly cookieSince: number = 0;
  server: ServerRuntime | undefined;
  queueMs = -1;
  connectMs = -1;
  readonly plan: RetryPlan<ServerRuntime>;
  redispatched = false;
  /** How often it was given to a server so far, hedges among them. */
  attempts = 0;
  /** Of a backend with a stick table only. */
  readonly stick: Stick | undefined;
  readonly #hash: number | undefined;

  constructor(client: Client, incoming: Incoming, handling: Handling, backend: BackendRuntime) {
    const { config } = backend;
    const { head } = incoming;
    this.client = client;
    this.head = head;
    this.incoming = incoming;
    this.handling = handling;
    this.backend = backend;
    this.config = config;
    backend.counters.begin();
    this.plan = new RetryPlan(config, head.method, head.hasIdempotencyKey, this.startedAt);
    this.replayable = isReplayable(head.method, head.hasIdempotencyKey, config.retryNonIdempotent);
    if (config.hash) this.#hash = hashOf(config.hash, head, client.from.peer);
    if (config.stick) this.stick = backend.stickOf(head, client.from.peer);
    let rest = head.cookie;
    if (config.cookie && rest !== '') {
      const found = readPersistence(rest, config.cookie, incoming.epochMs / 1000);
      ({ rest, id: this.cookie, renew: this.cookieRenew, firstSeconds: this.cookieSince } = found);
    }
    this.body = new RequestBody(head, requestText(client.from, incoming, rest, config.hostHeader));
  }

  acceptsUpgrade(answer: ResponseHead): boolean {
    return this.head.upgrade !== '' && (this.head.minor !== http2Minor || isAccepted(this.head, answer));
  }

  get connects(): boolean {
    return this.head.connects;
  }

  /** Who asked for a tunnel by CONNECT, or for any in HTTP/2, takes a success for that (RFC 8441, 5). */
  protected looksLikeTunnel(status: number): boolean {
    const { connects, upgrade, minor } = this.head;
    return status < 300 && (connects || (upgrade !== '' && minor === http2Minor));
  }

  /** The server that the client's cookie names; without a usable one that of the stick table. */
  protected bound(nowMs: number): ServerRuntime | undefined {
    const { stick, backend } = this;
    const named = this.#named();
    if (!stick || (named && backend.balancer.keepsBound(named, nowMs))) return named;
    return backend.stuckTo(stick, this.plan.tried, nowMs) ?? named;
  }

  #named(): ServerRuntime | undefined {
    const { cookie } = this;
    const wanted = this.handling.server;
    if (wanted !== undefined) return this.backend.servers.find((server) => server.config.name === wanted);
    if (cookie === undefined || cookie === '' || !this.config.cookie) return undefined;
    return this.backend.servers.find((server) => server.config.cookie === cookie);
  }

  protected pick(nowMs: number, bound: ServerRuntime | undefined): Pick<ServerRuntime> {
    return this.backend.balancer.pick({
      nowMs,
      tried: this.plan.tried,
      bound,
      forced: this.handling.forcePersist,
      hash: this.#hash,
    });
  }
}
