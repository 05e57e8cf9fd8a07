// What a worker serves: the frontends and backends of its configuration, as they are while it runs.
import { shareOf } from '../core/balance/wait-queue.ts';
import { type ServerView, usableServers } from '../core/balance/server-state.ts';
import { StickTables } from '../core/balance/stick-tables.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import { type CompiledFrontend, compileFrontend } from '../core/handling/compile.ts';
import type { AccessLog } from './access-log.ts';
import type { FrontendConnection } from './frontend-connection.ts';
import { FrontendRuntime } from './frontend.ts';
import type { Loads, Report } from './ipc.ts';
import type { PluginRegistry } from './plugins/plugin-registry.ts';
import { RateLimitRegistry } from './rate-limits.ts';
import { backendOf, reportOf, type Rows, rowsOf } from './rows-of-worker.ts';
import type { Lending, LendingPorts, Shared } from './lending.ts';
import { BackendRuntime, type ServerRuntime } from './runtime.ts';
import type { TlsMaterial } from './tls-material.ts';
import { WorkerTls } from './worker-tls.ts';

/** Which of the workers this one is. */
export interface WorkerPlace {
  readonly worker: number;
  readonly workers: number;
}

type CompiledFrontends = ReadonlyMap<string, CompiledFrontend>;

export class Serving {
  readonly tls = new WorkerTls();
  readonly limits = new RateLimitRegistry();
  readonly sticks = new StickTables();
  readonly #frontends = new Map<string, FrontendRuntime>();
  readonly #backends = new Map<string, BackendRuntime>();
  readonly #plugins: PluginRegistry;
  readonly #ports: LendingPorts;

  constructor(plugins: PluginRegistry, ports: LendingPorts) {
    this.#plugins = plugins;
    this.#ports = ports;
  }

  get frontends(): Iterable<FrontendRuntime> {
    return this.#frontends.values();
  }

  get backends(): Iterable<BackendRuntime> {
    return this.#backends.values();
  }

  frontend(name: string): FrontendRuntime | undefined {
    return this.#frontends.get(name);
  }

  backend(name: string): BackendRuntime | undefined {
    return this.#backends.get(name);
  }

  server(key: string): ServerRuntime | undefined {
    return this.#backends.get(backendOf(key))?.servers.find((server) => server.key === key);
  }

  /** Where a limit is that workers share. */
  lending(shared: Shared): Lending | undefined {
    const { key } = shared;
    return this.#backends.get(key.includes('/') ? backendOf(key) : key)?.limits.find(shared);
  }

  /** How much backends have whose limits follow it. */
  loads(): Loads | undefined {
    let loads: Record<string, number> | undefined;
    for (const [name, { balancer }] of this.#backends)
      if (balancer.followsLoad) (loads ??= {})[name] = balancer.loadHere();
    return loads;
  }

  connections(): FrontendConnection[] {
    return [...this.#frontends.values()].flatMap((frontend) => [...frontend.connections]);
  }

  get connectionCount(): number {
    return [...this.#frontends.values()].reduce((sum, { connections }) => sum + connections.size, 0);
  }

  /** Does what can fail of a configuration first: throws, and then nothing of it holds. Returns its frontends by name. */
  prepare(config: ProxyConfig, material: TlsMaterial): CompiledFrontends {
    try {
      const compiled = new Map<string, CompiledFrontend>();
      for (const frontend of config.frontends)
        compiled.set(frontend.name, compileFrontend(frontend, this.limits.find, this.#plugins.find, this.#usableOf));
      this.tls.configure(config, material);
      return compiled;
    } catch (error) {
      this.#plugins.rollback();
      this.limits.rollback();
      throw error;
    }
  }

  /** Takes a configuration that was prepared. */
  configure(config: ProxyConfig, compiled: CompiledFrontends, views: readonly ServerView[], place: WorkerPlace): void {
    this.#configureBackends(config, place);
    this.#configureFrontends(config, compiled, place);
    this.#plugins.commit();
    this.limits.commit();
    for (const view of views) this.apply(view);
  }

  /** Takes what the master says of a server. */
  apply(view: ServerView): void {
    this.#backends.get(backendOf(view.key))?.apply(view, this.#ports.now());
  }

  /** Slots that were lent or borrowed are whose they were. */
  share({ worker, workers }: WorkerPlace): void {
    for (const backend of this.#backends.values()) backend.share(worker, workers);
  }

  /** What was suspected of a server is over. */
  trust(key: string): void {
    const server = this.server(key);
    server?.trust();
    server?.backend.wake();
  }

  /** `all`: totals too, else only what was highest. */
  clearCounters(all: boolean): void {
    for (const counters of this.#rows().values()) counters.clear(all);
  }

  report(log: AccessLog): Report {
    return reportOf(this.#rows(), log);
  }

  readonly #usableOf = (backend: string): number => usableServers(this.#backends.get(backend)?.servers ?? []);

  #configureBackends(config: ProxyConfig, { worker, workers }: WorkerPlace): void {
    this.sticks.configure(config.backends, this.#ports.now());
    for (const backend of config.backends) {
      const known = this.#backends.get(backend.name);
      if (known) known.reconfigure(backend, worker, workers);
      else this.#backends.set(backend.name, new BackendRuntime(backend, worker, workers, this.#ports));
    }
    for (const [name, backend] of this.#backends) {
      if (config.backends.some((wanted) => wanted.name === name)) continue;
      this.#backends.delete(name);
      for (const server of backend.servers) server.closeIdle();
    }
    for (const [name, backend] of this.#backends) {
      backend.speakTls(this.tls.upstream(name));
      const { stick } = backend.config;
      backend.stickTable = stick && this.sticks.find(stick.table.name);
    }
  }

  #configureFrontends(config: ProxyConfig, compiled: CompiledFrontends, { worker, workers }: WorkerPlace): void {
    for (const wanted of config.frontends) {
      const rules = compiled.get(wanted.name);
      if (!rules) throw new Error(`frontend ${wanted.name} was not prepared`);
      const known = this.#frontends.get(wanted.name);
      known?.reconfigure(wanted, rules);
      const frontend = known ?? new FrontendRuntime(wanted, rules);
      frontend.limit(shareOf(wanted.maxconn, worker, workers));
      frontend.terminator = this.tls.terminator(wanted.name);
      this.#frontends.set(wanted.name, frontend);
    }
    for (const [name, frontend] of this.#frontends) {
      if (config.frontends.some((wanted) => wanted.name === name)) continue;
      this.#frontends.delete(name);
      frontend.drain();
    }
  }

  #rows(): Rows {
    return rowsOf(this.#frontends, this.#backends);
  }
}
