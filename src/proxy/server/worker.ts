// A worker process: accepts on the sockets it is given and carries the traffic. It decides nothing about health; it
// tells the master what it meets and hears from it what to use.
import { HttpTokens } from '../../acme/http-tokens.ts';
import type { Observation } from '../core/balance/observer.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Refusal } from '../core/http/request-head.ts';
import { TimerWheel } from '../core/timer-wheel.ts';
import { AccessLog } from './access-log.ts';
import { restMs, sparedMs } from './blame.ts';
import type { Client } from './client.ts';
import { endTraffic } from './end-traffic.ts';
import type { FrontendRuntime } from './frontend.ts';
import type { DiagnosisQuestion } from './diagnosis.ts';
import type { FromWorker, ToWorker } from './ipc.ts';
import { Listeners } from './listeners.ts';
import { LoadMeter } from './load-meter.ts';
import type { PluginRegistry } from './plugins/plugin-registry.ts';
import type { BackendRuntime, ServerRuntime } from './runtime.ts';
import { Serving } from './serving.ts';
import { endSession, sessionsOf } from './sessions.ts';
import { Sharing } from './sharing.ts';
import { Throttle } from './throttle.ts';
import type { WorkerContext } from './worker-context.ts';

/** Precision of all timeouts. */
const tickMs = 25;
/** How often the master may be told the same. */
const repeatMs = 200;
const remindMs = 500;
/** How often the same is said about a server. */
const sayAgainMs = 10_000;
/** How often workers tell each other what they let in under rate limits, and where clients went. */
const shareMs = 100;
/** No question has this number. */
const unasked = 0;

export class Worker implements WorkerContext {
  readonly wheel: TimerWheel;
  readonly log = new AccessLog(() => this.#serving.connectionCount);
  challenges = new HttpTokens();
  stopping = false;
  #config: ProxyConfig | undefined;
  readonly #load = new LoadMeter();
  readonly #serving: Serving;
  readonly #sharing: Sharing;
  readonly #plugins: PluginRegistry;
  readonly #listeners: Listeners;
  readonly #told = new Throttle(repeatMs);
  readonly #said = new Throttle(sayAgainMs);
  readonly #send: (message: FromWorker) => void;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(send: (message: FromWorker) => void, plugins: PluginRegistry) {
    this.#send = send;
    this.#plugins = plugins;
    this.#sharing = new Sharing(
      (ports) => new Serving(plugins, ports),
      send,
      () => this.now(),
    );
    this.#serving = this.#sharing.serving;
    this.#listeners = new Listeners(this, send);
    this.wheel = new TimerWheel(this.now(), tickMs);
    this.#timers = [
      setInterval(() => this.#tick(), tickMs),
      setInterval(() => this.#remind(), remindMs).unref(),
      setInterval(() => this.#sharing.tell(), shareMs).unref(),
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
    return this.#serving.backend(name);
  }

  accuse(server: ServerRuntime, suspicion: 'unreachable' | 'silent'): void {
    this.#suspect(server, suspicion);
    const { worker } = this.#sharing.place;
    this.#tell(`accuse ${server.key} ${suspicion}`, { type: 'accuse', worker, key: server.key, suspicion });
  }

  #suspect(server: ServerRuntime, suspicion: 'unreachable' | 'silent'): void {
    const nowMs = this.now();
    server.suspect(suspicion, nowMs + sparedMs(server), nowMs + restMs(server));
    if (suspicion !== 'unreachable') return;
    server.closeIdle();
    if (!server.rests) this.#rest(server);
  }

  /** Lets those that wait try it again when it was left alone for long enough. */
  #rest(server: ServerRuntime): void {
    const leftMs = server.retryAtMs - this.now();
    server.rests = leftMs > 0;
    if (leftMs > 0) setTimeout(() => this.#rest(server), leftMs + 1).unref();
    else server.backend.wake();
  }

  observe(server: ServerRuntime, seen: Observation, elapsedMs = -1): void {
    const { config, backend } = server;
    if (backend.config.breaker ?? (config.check && config.check.observe !== 'off'))
      this.#sharing.witness.observe(server, seen, elapsedMs);
  }

  dropped({ from }: Client, { status, reason }: Refusal): void {
    const frontend = from.frontend.config.name;
    const dropped = { atMs: Date.now(), frontend, client: from.address, status, reason };
    this.#tell(`dropped ${frontend}`, { type: 'dropped', dropped });
  }

  full(frontend: FrontendRuntime): void {
    this.#listeners.pause(frontend);
  }

  hasRoom(frontend: FrontendRuntime): void {
    this.#listeners.resume(frontend, this.#sharing.place.worker);
  }

  holding(backend: BackendRuntime): void {
    this.#tell(`hold ${backend.config.name}`, { type: 'holding', backend: backend.config.name });
  }

  tell(topic: string, text: string): void {
    if (this.#said.passes(topic, this.now())) this.#send({ type: 'said', text });
  }

  /** Takes a message of the master; `handle` is a listening socket. */
  receive(message: ToWorker, handle: unknown): void {
    switch (message.type) {
      case 'configure':
        this.#take(message);
        return;
      case 'listen':
        this.#listeners.open(message.bind, handle);
        return;
      case 'ticket-keys':
        this.#serving.tls.setTicketKeys(Buffer.from(message.keys, 'base64'));
        return;
      case 'staples':
        this.#serving.tls.setStaples(message.staples);
        return;
      case 'challenges':
        this.challenges = new HttpTokens();
        for (const { token, keyAuthorization } of message.answers) this.challenges.present('', token, keyAuthorization);
        this.#send({ type: 'known', worker: message.worker, generation: message.generation });
        return;
      case 'unlisten':
        this.#listeners.close(message.bind);
        return;
      case 'server':
        this.#serving.apply(message.view);
        return;
      case 'trust':
        this.#serving.trust(message.key);
        return;
      case 'shares':
      case 'lend':
      case 'slot':
      case 'no-slot':
      case 'load':
      case 'taken':
      case 'stuck':
      case 'unstick':
      case 'watch':
        this.#sharing.take(message);
        return;
      case 'suspect': {
        const server = this.#serving.server(message.key);
        if (server) this.#suspect(server, message.suspicion);
        return;
      }
      case 'shutdown-sessions':
        this.#serving.server(message.key)?.shutdownSessions();
        return;
      case 'report':
        this.#sharing.tellSticks(true);
        this.#report(message.id);
        return;
      case 'clear':
        this.#serving.clearCounters(message.all);
        return;
      case 'sessions':
        this.#send(sessionsOf(message.id, this.#serving.connections(), this.#sharing.place.worker, this.now()));
        return;
      case 'shutdown-session':
        endSession(this.#serving.connections(), this.#sharing.place.worker, message.session);
        return;
      case 'reopen-log':
        void this.log.reopen().then((ok) => this.#send({ type: 'log-reopened', id: message.id, ok }));
        return;
      case 'diagnose':
        void this.#diagnose(message.id, message.question);
        return;
      case 'stop':
        void this.stop(message.graceMs, message.keepAccepting);
        return;
      default:
        message satisfies never;
    }
  }

  async #diagnose(id: number, question: DiagnosisQuestion): Promise<void> {
    const { diagnose } = await import('./diagnosis.ts');
    this.#send({ type: 'diagnosed', id, answer: await diagnose(question) });
  }

  /** Finishes what is under way, at most for the grace time, then lets the process end. */
  async stop(graceMs: number, keepAccepting: boolean): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    await endTraffic(this.#serving, this.#listeners, graceMs, keepAccepting);
    this.#sharing.tellLast();
    // Unasked: what was counted since the last report must not go with the process.
    this.#report(unasked);
    await this.#plugins.close();
    await this.log.close();
    for (const timer of this.#timers) clearInterval(timer);
    if (process.connected) process.disconnect();
  }

  #report(id: number): void {
    this.#send({ type: 'report', id, rows: this.#serving.report(this.log), idlePercent: this.#load.idlePercent() });
  }

  /** Tries the parts that can fail first: then either all of it holds or nothing of it. */
  #take({ config, tls, views, workers, worker, generation, epoch }: ToWorker & { readonly type: 'configure' }): void {
    let compiled;
    try {
      compiled = this.#serving.prepare(config, tls);
    } catch (error) {
      this.#send({ type: 'failed', worker, generation, message: messageOf(error) });
      return;
    }
    this.#config = config;
    const place = { worker, workers };
    this.#sharing.begin(place, epoch);
    this.log.configure(config.log);
    this.#serving.configure(config, compiled, views, place);
    this.#listeners.assign(config, workers, (name) => this.#serving.frontend(name));
    for (const frontend of this.#serving.frontends) frontend.heedLimit(this);
    this.#send({ type: 'ready', worker, generation });
  }

  #tick(): void {
    this.wheel.advance(this.now());
    this.#sharing.followLoads();
  }

  /** Requests that wait without new ones coming still want their servers checked soon. */
  #remind(): void {
    this.#sharing.tellAgain();
    for (const backend of this.#serving.backends) {
      if (!backend.isWaited) continue;
      this.holding(backend);
      // Slots also come back with time alone, to who recovers.
      backend.remind();
    }
  }

  /** Sends at most one message of a kind in a short while. */
  #tell(topic: string, message: FromWorker): void {
    if (this.#told.passes(topic, this.now())) this.#send(message);
  }
}
