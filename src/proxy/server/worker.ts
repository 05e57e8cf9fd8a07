// A worker process: accepts on the sockets it is given and carries the traffic. It decides nothing about health; it
// tells the master what it meets and hears from it what to use.
import type { Server } from 'node:net';
import type { ServerView } from '../core/balance/server-state.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import { Counters } from '../core/counters.ts';
import { TimerWheel } from '../core/timer-wheel.ts';
import { AccessLog } from './access-log.ts';
import { acceptOn } from './accepting.ts';
import type { FrontendConnection } from './frontend-connection.ts';
import { FrontendRuntime } from './frontend.ts';
import type { FromWorker, Report, ToWorker } from './ipc.ts';
import { RateLimitRegistry } from './rate-limits.ts';
import { BackendRuntime, type ServerRuntime } from './runtime.ts';
import { Throttle } from './throttle.ts';
import type { WorkerContext } from './worker-context.ts';
import { WorkerTls } from './worker-tls.ts';

/** Precision of all timeouts. */
const tickMs = 25;
/** Longest time a worker avoids a server on its own when nothing is heard from the master. */
const suspicionMs = 10_000;
/** The same for servers without a check, which only traffic can try again. */
const uncheckedSuspicionMs = 1000;
/** How often the master may be told the same. */
const repeatMs = 200;
const remindMs = 500;
/** How often the log says the same about a server. */
const sayAgainMs = 10_000;
/** How often workers tell each other what they let in under rate limits. */
const shareMs = 100;
/** Requests that came while the grace time ran out may still be answered. */
const lastRequestsMs = 5000;

export class Worker implements WorkerContext {
  readonly wheel: TimerWheel;
  readonly log = new AccessLog();
  stopping = false;
  #place = { worker: 0, workers: 1 };
  #config: ProxyConfig | undefined;
  readonly #frontends = new Map<string, FrontendRuntime>();
  readonly #backends = new Map<string, BackendRuntime>();
  readonly #listeners = new Map<string, Server>();
  /** Which frontend a socket belongs to; a reload may move it. */
  #frontendOf = new Map<string, FrontendRuntime>();
  readonly #tls = new WorkerTls();
  readonly #limits = new RateLimitRegistry();
  readonly #told = new Throttle(repeatMs);
  readonly #said = new Throttle(sayAgainMs);
  readonly #send: (message: FromWorker) => void;
  readonly #ticker: NodeJS.Timeout;
  readonly #reminder: NodeJS.Timeout;
  readonly #sharer: NodeJS.Timeout;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
    this.wheel = new TimerWheel(this.now(), tickMs);
    this.#ticker = setInterval(() => this.wheel.advance(this.now()), tickMs);
    this.#reminder = setInterval(() => this.#remind(), remindMs).unref();
    this.#sharer = setInterval(() => this.#share(), shareMs).unref();
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
    const checked = server.config.check !== undefined;
    server.suspect(suspicion, this.now() + (checked ? suspicionMs : uncheckedSuspicionMs));
    if (suspicion === 'unreachable') server.closeIdle();
    if (checked) this.#tell(`accuse ${server.key}`, { type: 'accuse', key: server.key, suspicion });
    else setTimeout(() => server.backend.wake(), uncheckedSuspicionMs + 1).unref();
  }

  holding(backend: BackendRuntime): void {
    this.#tell(`hold ${backend.config.name}`, { type: 'holding', backend: backend.config.name });
  }

  tell(topic: string, text: string): void {
    if (this.#said.passes(topic, this.now())) process.stderr.write(`${text}\n`);
  }

  /** Takes a message of the master; `handle` is a listening socket. */
  receive(message: ToWorker, handle: unknown): void {
    switch (message.type) {
      case 'configure':
        this.#tls.configure(message.config, message.tls);
        this.#configure(message.config, message.views, message.workers, message.worker);
        return;
      case 'listen':
        this.#listen(message.bind, handle);
        return;
      case 'ticket-keys':
        this.#tls.setTicketKeys(Buffer.from(message.keys, 'base64'));
        return;
      case 'staples':
        this.#tls.setStaples(message.staples);
        return;
      case 'unlisten':
        this.#listeners.get(message.bind)?.close();
        this.#listeners.delete(message.bind);
        return;
      case 'server':
        this.#backends.get(backendOf(message.view.key))?.apply(message.view, this.now());
        return;
      case 'trust':
        this.#trust(message.key);
        return;
      case 'shutdown-sessions':
        this.#server(message.key)?.shutdownSessions();
        return;
      case 'report':
        this.#send({ type: 'report', id: message.id, rows: this.#report() });
        return;
      case 'taken':
        this.#limits.add(message.taken, this.now());
        return;
      case 'clear':
        for (const { counters } of this.#rows().values()) counters.clear();
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
    while (this.now() < until && before.some((connection) => connection.phase !== 'closed')) await pause();
    this.#stopListening();
    // Who came meanwhile may have its request on the way: it is let go as the others were.
    for (const connection of this.#connections()) connection.drain();
    const last = this.now() + lastRequestsMs;
    while (this.now() < last && this.#connections().some(({ phase }) => phase !== 'tunnel')) await pause();
    for (const connection of this.#connections()) connection.destroy();
    for (const backend of this.#backends.values()) {
      for (const server of backend.servers) for (const connection of [...server.connections]) connection.destroy();
    }
    await this.log.close();
    clearInterval(this.#ticker);
    clearInterval(this.#reminder);
    clearInterval(this.#sharer);
    if (process.connected) process.disconnect();
  }

  #stopListening(): void {
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  #connections(): FrontendConnection[] {
    return [...this.#frontends.values()].flatMap((frontend) => [...frontend.connections]);
  }

  #configure(config: ProxyConfig, views: readonly ServerView[], workers: number, worker: number): void {
    const before = this.#config;
    this.#config = config;
    this.#place = { worker, workers };
    if (before?.accessLog !== config.accessLog) this.log.open(config.accessLog);
    else this.log.reopen();
    for (const backend of config.backends) {
      const known = this.#backends.get(backend.name);
      if (known) known.reconfigure(backend, worker, workers);
      else this.#backends.set(backend.name, new BackendRuntime(backend, worker, workers));
    }
    for (const [name, backend] of this.#backends) {
      if (config.backends.some((wanted) => wanted.name === name)) continue;
      this.#backends.delete(name);
      for (const server of backend.servers) server.closeIdle();
    }
    for (const [name, backend] of this.#backends) backend.speakTls(this.#tls.upstream(name));
    this.#configureFrontends(config);
    const now = this.now();
    for (const view of views) this.#backends.get(backendOf(view.key))?.apply(view, now);
    this.#send({ type: 'ready' });
  }

  #configureFrontends(config: ProxyConfig): void {
    this.#frontendOf = new Map();
    for (const wanted of config.frontends) {
      const known = this.#frontends.get(wanted.name);
      known?.reconfigure(wanted, this.#limits.find);
      const frontend = known ?? new FrontendRuntime(wanted, this.#limits.find);
      frontend.terminator = this.#tls.terminator(wanted.name);
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
    const server = acceptOn(handle, {
      isPlain: () => this.#frontendOf.get(bind)?.isPlain(bind) !== false,
      open: (socket) => {
        const frontend = this.#frontendOf.get(bind);
        if (!frontend) socket.destroy();
        return frontend?.accept(socket, bind, this);
      },
    });
    server.on('error', (error) => process.stderr.write(`cannot listen on ${bind}: ${error.message}\n`));
    server.on('listening', () => this.#send({ type: 'listening', bind }));
    this.#listeners.set(bind, server);
  }

  /** Requests that wait without new ones coming still want their servers checked soon. */
  #remind(): void {
    for (const backend of this.#backends.values()) if (backend.isWaited) this.holding(backend);
  }

  /** Tells the other workers what was let in under rate limits. */
  #share(): void {
    const taken = this.#limits.drain();
    const { worker, workers } = this.#place;
    if (taken && workers > 1) this.#send({ type: 'taken', worker, taken });
  }

  #trust(key: string): void {
    const server = this.#server(key);
    if (!server) return;
    server.trust();
    server.backend.wake();
  }

  #server(key: string): ServerRuntime | undefined {
    return this.#backends.get(backendOf(key))?.servers.find((server) => server.key === key);
  }

  #rows(): Map<string, { readonly counters: Counters }> {
    const rows = new Map<string, { readonly counters: Counters }>();
    for (const [name, frontend] of this.#frontends) rows.set(`frontend:${name}`, frontend);
    for (const [name, backend] of this.#backends) {
      rows.set(`backend:${name}`, backend);
      for (const server of backend.servers) rows.set(`server:${server.key}`, server);
    }
    return rows;
  }

  #report(): Report {
    const [first] = this.#frontends.values();
    if (first) first.counters.logDropped = this.log.dropped;
    for (const backend of this.#backends.values()) {
      for (const server of backend.servers) server.counters.idle = server.idle.length;
    }
    return Object.fromEntries([...this.#rows()].map(([name, { counters }]) => [name, counters.toArray()]));
  }

  /** Sends at most one message of a kind in a short while. */
  #tell(topic: string, message: FromWorker): void {
    if (this.#told.passes(topic, this.now())) this.#send(message);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

function backendOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/** Runs this process as a worker of the one that forked it. */
export function runWorker(): void {
  const worker = new Worker((message) => process.connected && process.send?.(message));
  process.on('message', (message, handle) => worker.receive(message as ToWorker, handle));
  // The master stops its workers by message; a terminal's Ctrl-C goes to the whole group.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.on('SIGHUP', () => undefined);
  // Without a master nobody would ever stop it.
  process.on('disconnect', () => void worker.stop(worker.config.graceMs, false));
}
