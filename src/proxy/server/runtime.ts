// What a worker holds for a backend and its servers: states, connections, waiting requests, counters. They outlive a
// reload: a backend is known by its name, a server by backend/name and address.
import type { BackendConfig, ServerConfig } from '../core/config/model.ts';
import { serverKey } from '../core/config/model.ts';
import type { Address } from '../core/address.ts';
import { Balancer } from '../core/balance/balancer.ts';
import { ServerState, type ServerView } from '../core/balance/server-state.ts';
import { type QueuedRequest, Queues } from '../core/balance/queues.ts';
import type { KeySource } from '../core/balance/hash-key.ts';
import { Sightings } from '../core/balance/sightings.ts';
import { Stick } from '../core/balance/stick.ts';
import type { StickTable } from '../core/balance/stick-table.ts';
import { Counters } from '../core/counters.ts';
import { RetryBudget } from '../core/retry.ts';
import { Http2Sessions } from './http2-sessions.ts';
import type { Destination } from './dial.ts';
import type { LendingPorts } from './lending.ts';
import { SharedLimits } from './shared-limits.ts';
import type { UpstreamTls } from './upstream-tls.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { Failure, UpstreamPhase } from './upstream-owner.ts';

/** A connection to a server, in whatever mode. */
export interface ServerConnection {
  readonly phase: UpstreamPhase;
  fail(failure: Failure): void;
  destroy(): void;
}

export class ServerRuntime extends ServerState {
  readonly key: string;
  readonly counters = new Counters();
  readonly sightings = new Sightings();
  /** Idle connections, the most recently used last: it is taken first. */
  readonly idle: UpstreamConnection[] = [];
  readonly connections = new Set<ServerConnection>();
  /** Where HTTP/2 may be spoken to it. */
  http2: Http2Sessions | undefined;
  readonly backend: BackendRuntime;
  /** It is left alone: somebody will look when that is over. */
  rests = false;
  /** When the last byte came from it, in clock milliseconds. */
  lastByteMs = 0;

  constructor(backend: BackendRuntime, config: ServerConfig) {
    super(config, backend.config.slowstartMs);
    this.backend = backend;
    this.key = serverKey(backend.config.name, config.name);
    this.#speak();
  }

  /** Takes a new configuration. */
  reconfigure(config: ServerConfig, slowstartMs: number): void {
    const { protocol } = this.config;
    this.config = config;
    this.slowstartMs = slowstartMs;
    if (config.protocol === protocol) return;
    this.closeIdle();
    this.#speak();
  }

  #speak(): void {
    this.http2 = this.config.protocol === 'h1' ? undefined : new Http2Sessions(this);
  }

  /** Connections that wait for requests. */
  get idleCount(): number {
    return this.idle.length + (this.http2?.idle ?? 0);
  }

  /** Where connections to it go now. */
  get destination(): Destination {
    return { address: this.address, port: this.port, serverName: this.config.serverName };
  }

  /** The connection is idle no more. */
  forget(connection: UpstreamConnection): void {
    const at = this.idle.lastIndexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
  }

  /** Closes idle connections; those in use go on. */
  closeIdle(): void {
    for (const connection of [...this.idle]) connection.destroy();
    this.http2?.retire();
  }

  /** Closes every connection; requests on them are tried elsewhere where that is allowed. `tunnels`: only those. */
  shutdownSessions(which: 'all' | 'tunnels' = 'all'): void {
    for (const connection of [...this.connections]) {
      if (which === 'all' || connection.phase === 'tunnel') connection.fail('down');
    }
  }
}

export class BackendRuntime {
  config: BackendConfig;
  servers: readonly ServerRuntime[];
  readonly balancer: Balancer<ServerRuntime>;
  readonly budget = new RetryBudget();
  readonly counters = new Counters();
  /** Undefined: without TLS. */
  tls: UpstreamTls | undefined;
  /** Undefined: clients are not bound by a table. */
  stickTable: StickTable | undefined;
  readonly queues: Queues<ServerRuntime, QueuedRequest<ServerRuntime>>;
  readonly limits: SharedLimits;
  readonly #now: () => number;

  constructor(config: BackendConfig, worker: number, workers: number, ports: LendingPorts) {
    this.config = config;
    this.#now = ports.now;
    this.servers = config.servers.map((server) => new ServerRuntime(this, server));
    this.balancer = new Balancer(config, this.servers, worker);
    this.balancer.loadHere = () => this.counters.sessions;
    this.queues = new Queues(this.balancer);
    this.limits = new SharedLimits(config.name, this, ports);
    this.share(worker, workers);
  }

  /** Takes a new configuration; servers whose identity is the same keep their connections and state. */
  reconfigure(config: BackendConfig, worker: number, workers: number): void {
    this.config = config;
    const before = new Map(this.servers.map((server) => [server.config.name, server]));
    this.servers = config.servers.map((wanted) => {
      const known = before.get(wanted.name);
      if (!known || known.config.address !== wanted.address || known.config.port !== wanted.port) {
        return new ServerRuntime(this, wanted);
      }
      known.reconfigure(wanted, config.slowstartMs);
      return known;
    });
    this.balancer.reconfigure(config, this.servers);
    for (const server of before.values()) {
      if (!this.servers.includes(server)) server.closeIdle();
    }
    this.share(worker, workers);
    this.wake();
  }

  /** Takes over what the master says of a server. */
  apply(view: ServerView, nowMs: number): void {
    const server = this.servers.find((candidate) => candidate.key === view.key);
    if (!server) return;
    const { maxconn, address, port } = server;
    const rose = !server.up && view.up && !server.config.backup;
    const fell = server.apply(view, nowMs);
    if (server.maxconn !== maxconn) server.quota.resize(server.maxconn ?? server.config.maxconn);
    this.balancer.invalidate();
    // What is under way there ends there.
    if (server.address !== address || server.port !== port) server.closeIdle();
    if (fell) {
      server.closeIdle();
      // A server that refuses what is new, or says that it is not well, may be stopping gracefully: what is under way there
      // ends by itself, or its kernel resets it. Only from a silent one nothing will ever come.
      if (this.config.shutdownSessionsOnDown) server.shutdownSessions(view.silent === true ? 'all' : 'tunnels');
    }
    if (rose && this.config.shutdownBackupSessionsOnUp)
      for (const backup of this.servers) if (backup.config.backup) backup.shutdownSessions();
    this.wake();
  }

  /** What new connections are opened with; kept ones that were opened with something else are closed. */
  speakTls(tls: UpstreamTls | undefined): void {
    if (this.tls === tls) return;
    this.tls = tls;
    for (const server of this.servers) server.closeIdle();
  }

  wait(waiting: QueuedRequest<ServerRuntime>): void {
    this.queues.add(waiting);
    this.#count(waiting.server);
    this.limits.wanted(waiting.server);
  }

  /** Those that wait still want slots of others. */
  remind(): void {
    if (this.isWaited) this.limits.remind();
    this.wake();
  }

  /** What all other workers have of this backend. */
  takeLoad(elsewhere: number): void {
    this.balancer.loadElsewhere = elsewhere;
    this.limits.settleAll();
    this.remind();
  }

  leave(waiting: QueuedRequest<ServerRuntime>): void {
    this.queues.delete(waiting);
    this.#count(waiting.server);
    this.limits.left(waiting.server);
  }

  /** What binds a request or connection to a server, if this backend has a table. */
  stickOf(request: KeySource, client: Address | undefined): Stick | undefined {
    const { stickTable, config } = this;
    return stickTable && config.stick && new Stick(config.stick, stickTable, request, client);
  }

  /** The server that the table binds a request to. */
  stuckTo(stick: Stick, tried: readonly ServerRuntime[], nowMs: number): ServerRuntime | undefined {
    return stick.bound(
      this.servers,
      (server) => !tried.includes(server) && this.balancer.keepsBound(server, nowMs),
      nowMs,
    );
  }

  #count(server: ServerRuntime | undefined): void {
    const { counters } = server ?? this;
    counters.queued = this.queues.sizeOf(server);
    if (counters.queued > counters.queuedMax) counters.queuedMax = counters.queued;
  }

  get isWaited(): boolean {
    return this.queues.isWaited;
  }

  /** A request on this server ended. */
  freed(server: ServerRuntime): void {
    this.limits.settle(server);
    if (!this.isWaited) return;
    this.queues.freed(server, this.servers, this.#now());
    this.limits.lacking(server);
  }

  /** Lets waiting requests try again, oldest first. */
  wake(): void {
    if (this.queues.isWaited) this.queues.wake(this.servers, this.#now());
  }

  /** Everybody has its own share again. */
  share(worker: number, workers: number): void {
    this.limits.share(this.config, worker, workers);
    this.balancer.invalidate();
  }
}
