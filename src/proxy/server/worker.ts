// A worker process: accepts on the sockets it is given and carries the traffic. It decides nothing about health; it
// tells the master what it meets and hears from it what to use.
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Observation } from '../core/balance/observer.ts';
import type { ServerView } from '../core/balance/server-state.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Refusal } from '../core/http/request-head.ts';
import { compileFrontend } from '../core/handling/compile.ts';
import { TimerWheel } from '../core/timer-wheel.ts';
import { AccessLog } from './access-log.ts';
import { acceptOn } from './accepting.ts';
import type { ClientConnection } from './client-connection.ts';
import { type FrontConnection, FrontendRuntime } from './frontend.ts';
import type { FromWorker, ToWorker } from './ipc.ts';
import { LoadMeter } from './load-meter.ts';
import { RateLimitRegistry } from './rate-limits.ts';
import { BackendRuntime, type ServerRuntime } from './runtime.ts';
import { backendOf, reportOf, rowsOf } from './rows-of-worker.ts';
import { endSession, sessionsOf } from './sessions.ts';
import type { PluginRegistry } from './plugins/plugin-registry.ts';
import type { WorkerContext } from './worker-context.ts';

/** Precision of all timeouts. */
const tickMs = 25;
/** Longest time a worker avoids a server on its own when nothing is heard from the master. */
const suspicionMs = 10_000;
/** The same for servers without a check, which only traffic can try again. */
const uncheckedSuspicionMs = 1000;
/** How often the master may be told the same. */
const repeatMs = 200;
const remindMs = 500;
/** How often workers tell each other what they let in under rate limits. */
const shareMs = 100;
/** Requests that came while the grace time ran out may still be answered. */
const lastRequestsMs = 5000;

export class Worker implements WorkerContext {
  readonly wheel: TimerWheel;
  readonly log = new AccessLog(() =>
    [...this.#frontends.values()].reduce((sum, { connections }) => sum + connections.size, 0),
  );
  readonly #load = new LoadMeter();
  stopping = false;
  #place = { worker: 0, workers: 1 };
  #config: ProxyConfig | undefined;
  readonly #frontends = new Map<string, FrontendRuntime>();
  readonly #backends = new Map<string, BackendRuntime>();
  readonly #listeners = new Map<string, Server>();
  /** Which frontend a socket belongs to; a reload may move it. */
  readonly #frontendOf = new Map<string, FrontendRuntime>();
  readonly #limits = new RateLimitRegistry();
  readonly #told = new Map<string, number>();
  readonly #send: (message: FromWorker) => void;
  readonly #plugins: PluginRegistry;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(send: (message: FromWorker) => void, plugins: PluginRegistry) {
    this.#send = send;
    this.#plugins = plugins;
    this.wheel = new TimerWheel(this.now(), tickMs);
    this.#timers = [
      setInterval(() => this.wheel.advance(this.now()), tickMs),
      setInterval(() => this.#remind(), remindMs).unref(),
      setInterval(() => this.#share(), shareMs).unref(),
    ];
  }

  get config(): ProxyConfig {
    if (!this.#config) throw new Error('the worker has no configuration yet');
    return this.#config;
  }

  now(): number {
    return performance.now();
  }

  backend(name: string): BackendRuntime | undefined {
    return this.#backends.get(name);
  }

  accuse(server: ServerRuntime, suspicion: 'unreachable' | 'silent'): void {
    this.#suspect(server, suspicion);
    const { worker } = this.#place;
    this.#tell(`accuse ${server.key} ${suspicion}`, { type: 'accuse', worker, key: server.key, suspicion });
  }

  #suspect(server: ServerRuntime, suspicion: 'unreachable' | 'silent'): void {
    const checked = server.config.check !== undefined;
    server.suspect(suspicion, this.now() + (checked ? suspicionMs : uncheckedSuspicionMs));
    if (suspicion === 'unreachable') server.closeIdle();
    if (!checked) setTimeout(() => server.backend.wake(), uncheckedSuspicionMs + 1).unref();
  }

  observe(server: ServerRuntime, seen: Observation): void {
    const { check } = server.config;
    if (check && server.observer.record(check, seen)) this.#send({ type: 'observed', key: server.key });
  }

  holding(backend: BackendRuntime): void {
    this.#tell(`hold ${backend.config.name}`, { type: 'holding', backend: backend.config.name });
  }

  /** Takes a message of the master; `handle` is a listening socket. */
  receive(message: ToWorker, handle: unknown): void {
    switch (message.type) {
      case 'configure':
        this.#take(message);
        return;
      case 'listen':
        this.#listen(message.bind, handle);
        return;
      case 'unlisten':
        this.#listeners.get(message.bind)?.close();
        this.#listeners.delete(message.bind);
        this.#frontendOf.delete(message.bind);
        return;
      case 'server':
        this.#backends.get(backendOf(message.view.key))?.apply(message.view, this.now());
        return;
      case 'trust':
        this.#trust(message.key);
        return;
      case 'suspect': {
        const server = this.#server(message.key);
        if (server) this.#suspect(server, message.suspicion);
        return;
      }
      case 'shutdown-sessions':
        this.#server(message.key)?.shutdownSessions();
        return;
      case 'report':
        this.#send({
          type: 'report',
          id: message.id,
          rows: reportOf(rowsOf(this.#frontends, this.#backends), this.log),
          idlePercent: this.#load.idlePercent(),
        });
        return;
      case 'taken':
        this.#limits.add(message.taken, this.now());
        return;
      case 'clear':
        for (const counters of rowsOf(this.#frontends, this.#backends).values()) counters.clear(message.all);
        return;
      case 'sessions':
        this.#send(sessionsOf(message.id, this.#connections(), this.#place.worker, this.now()));
        return;
      case 'shutdown-session':
        endSession(this.#connections(), this.#place.worker, message.session);
        return;
      case 'reopen-log':
        this.log.reopen();
        return;
      case 'stop':
        void this.stop(message.graceMs, message.keepAccepting);
        return;
      default:
        message satisfies never;
    }
  }

  /** Finishes what is under way, at most for the grace time, then lets the process end. */
  async stop(graceMs: number, keepAccepting: boolean): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    // Under socket activation the kernel's queue lives on with systemd, so nothing is refused; but while long requests
    // end, new ones must not wait in it: they are served, one a connection.
    if (!keepAccepting) this.#stopListening();
    const before = this.#connections();
    for (const connection of before) connection.drain();
    const until = this.now() + graceMs;
    while (this.now() < until && before.some((connection) => connection.phase !== 'closed')) await sleep(20);
    this.#stopListening();
    // Who came meanwhile may have its request on the way: it is let go as the others were.
    for (const connection of this.#connections()) connection.drain();
    const last = this.now() + lastRequestsMs;
    while (this.now() < last && this.#connections().some(({ phase }) => phase !== 'tunnel')) await sleep(20);
    for (const connection of this.#connections()) connection.destroy();
    for (const backend of this.#backends.values()) {
      for (const server of backend.servers) for (const connection of [...server.connections]) connection.destroy();
    }
    await this.#plugins.close();
    await this.log.close();
    for (const timer of this.#timers) clearInterval(timer);
    if (process.connected) process.disconnect();
  }

  dropped(client: ClientConnection, { status, reason }: Refusal): void {
    const frontend = client.frontend.config.name;
    const dropped = { atMs: Date.now(), frontend, client: client.address, status, reason };
    this.#tell(`dropped ${frontend}`, { type: 'dropped', dropped });
  }

  #stopListening(): void {
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  #connections(): FrontConnection[] {
    return [...this.#frontends.values()].flatMap((frontend) => [...frontend.connections]);
  }

  /** Tries the parts that can fail first: then either all of it holds or nothing of it. */
  #take({ config, views, workers, worker, generation }: ToWorker & { readonly type: 'configure' }): void {
    try {
      for (const frontend of config.frontends) compileFrontend(frontend, this.#limits.find, this.#plugins.find);
    } catch (error) {
      this.#plugins.rollback();
      this.#send({ type: 'failed', worker, generation, message: messageOf(error) });
      return;
    }
    this.#configure(config, views, workers, worker);
    this.#send({ type: 'ready', worker, generation });
  }

  #configure(config: ProxyConfig, views: readonly ServerView[], workers: number, worker: number): void {
    this.#config = config;
    this.#place = { worker, workers };
    this.log.configure(config.log);
    for (const backend of config.backends) {
      const known = this.#backends.get(backend.name);
      if (known) known.reconfigure(backend, worker, workers);
      else this.#backends.set(backend.name, new BackendRuntime(backend, worker, workers, () => this.now()));
    }
    for (const [name, backend] of this.#backends) {
      if (config.backends.some((wanted) => wanted.name === name)) continue;
      this.#backends.delete(name);
      for (const server of backend.servers) server.closeIdle();
    }
    this.#configureFrontends(config);
    this.#plugins.commit();
    const now = this.now();
    for (const view of views) this.#backends.get(backendOf(view.key))?.apply(view, now);
  }

  #configureFrontends(config: ProxyConfig): void {
    // What still listens belongs to whom it did, until the master says that it goes.
    for (const bind of this.#frontendOf.keys()) if (!this.#listeners.has(bind)) this.#frontendOf.delete(bind);
    for (const wanted of config.frontends) {
      const known = this.#frontends.get(wanted.name);
      known?.reconfigure(wanted, this.#limits.find, this.#plugins.find);
      const frontend = known ?? new FrontendRuntime(wanted, this.#limits.find, this.#plugins.find);
      this.#frontends.set(wanted.name, frontend);
      for (const bind of wanted.binds) this.#frontendOf.set(bind.id, frontend);
    }
    for (const [name, frontend] of this.#frontends) {
      if (config.frontends.some((wanted) => wanted.name === name)) continue;
      this.#frontends.delete(name);
      frontend.drain();
    }
  }

  #listen(bind: string, handle: unknown): void {
    const server = acceptOn(handle, (socket) => {
      const connection = this.#frontendOf.get(bind)?.accept(socket, this);
      if (!connection) socket.destroy();
      return connection && ((bytes) => connection.receive(bytes));
    });
    server.on('error', (error) => process.stderr.write(`cannot listen on ${bind}: ${error.message}\n`));
    server.on('listening', () => this.#send({ type: 'listening', bind }));
    this.#listeners.set(bind, server);
  }

  /** Requests that wait without new ones coming still want their servers checked soon. */
  #remind(): void {
    for (const backend of this.#backends.values()) {
      if (!backend.isWaited) continue;
      this.holding(backend);
      // Slots also come back with time alone, to who recovers.
      backend.wake();
    }
  }

  /** Tells the other workers what was let in under rate limits. */
  #share(): void {
    const taken = this.#limits.drain();
    const { worker, workers } = this.#place;
    if (taken && workers > 1) this.#send({ type: 'taken', worker, taken });
  }

  #trust(key: string): void {
    const server = this.#server(key);
    server?.trust();
    server?.backend.wake();
  }

  #server(key: string): ServerRuntime | undefined {
    return this.#backends.get(backendOf(key))?.servers.find((server) => server.key === key);
  }

  /** Sends at most one message of a kind in a short while: thousands of requests can meet the same failure. */
  #tell(topic: string, message: FromWorker): void {
    const now = this.now();
    if (now - (this.#told.get(topic) ?? -Infinity) < repeatMs) return;
    this.#told.set(topic, now);
    this.#send(message);
  }
}
