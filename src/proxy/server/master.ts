// The master process: owns the listening sockets, the health of the servers and the control sockets; carries no traffic.
import { messageOf, VezaError } from '../../lib/errors.ts';
import type { Edited } from '../core/config/edit.ts';
import type { Bind, ProxyConfig } from '../core/config/model.ts';
import type { CheckResult, ServerRecord } from '../core/server-record.ts';
import { ServerRegistry } from '../core/server-registry.ts';
import { RateTracker } from '../core/stats/rates.ts';
import {
  bindsOf,
  describe,
  loadConfig,
  parseConfig,
  replaceFile,
  RunningText,
  tryLogs,
  workerCount,
} from './config-file.ts';
import { ControlServer } from './control-server.ts';
import type { ConfigText, ControlledProxy } from './controlled-proxy.ts';
import { EventBus } from './event-bus.ts';
import { checkText, logEvent } from './event-log.ts';
import { HealthChecker } from './health-checker.ts';
import type { DroppedRequest, FromWorker } from './ipc.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { notifyReloaded, notifyReloading, notifySystemd } from './notify.ts';
import { OperationalLog } from './operational-log.ts';
import { Recent } from './recent.ts';
import { watchRates, WorkerPool } from './worker-pool.ts';

/** Invalid requests that `show errors` remembers. */
const droppedKept = 100;

export class Master {
  readonly #file: string;
  readonly #sockets = new ListeningSockets(process.env);
  readonly #pool: WorkerPool;
  readonly #checker: HealthChecker;
  readonly #registry = new ServerRegistry();
  readonly #control: ControlServer;
  readonly #journal = new OperationalLog();
  readonly #events = new EventBus();
  readonly #rates = new RateTracker();
  readonly #dropped = new Recent<DroppedRequest>(droppedKept);
  #config: ProxyConfig;
  readonly #running: RunningText;
  #looking: NodeJS.Timeout | undefined;
  #ready = false;
  #stopping = false;
  /** One reload at a time. */
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
    const { config, text } = loadConfig(file);
    this.#config = config;
    this.#running = new RunningText(text);
    this.#journal.configure(config.log);
    this.#events.subscribe((event) => logEvent(this.#journal, event));
    this.#checker = new HealthChecker((record, result, change) => this.#onCheck(record, result, change));
    this.#pool = new WorkerPool({
      onStart: (worker) => this.#equip(worker),
      onMessage: (message) => this.#onMessage(message),
      onDeath: (worker, pid, reason) => this.#events.emit('worker_died', { worker, pid, reason }),
    });
    this.#control = new ControlServer(this.#controlled());
  }

  #controlled(): ControlledProxy {
    return {
      registry: this.#registry,
      rates: this.#rates,
      events: this.#events,
      log: this.#journal,
      config: () => this.#config,
      counters: () => this.#pool.collect(),
      clearCounters: (all) => this.#pool.clearCounters(all),
      changed: (record) => this.#push(record),
      shutdownSessions: (record) => this.#pool.broadcast({ type: 'shutdown-sessions', key: record.key }),
      sessions: () => this.#pool.sessions(),
      shutdownSession: (session) => this.#pool.broadcast({ type: 'shutdown-session', session }),
      dropped: () => this.#dropped.last(),
      reload: () => this.reload(),
      edit: (change) => this.#edit(change),
      configText: () => ({ text: this.#running.text, etag: this.#running.etag }),
      apply: (text, ifMatch) => this.apply(text, ifMatch),
      workers: () => this.#pool.size,
      idlePercent: () => this.#pool.idlePercent,
    };
  }

  /** Binds, starts workers and checks. Throws if a socket cannot be opened. */
  async start(): Promise<void> {
    const config = this.#config;
    tryLogs(config);
    this.#sockets.open(bindsOf(config));
    if (this.#sockets.unused > 0) {
      const { unused } = this.#sockets;
      this.#journal.warn(`${unused} of systemd's sockets match no \`bind\`; compare ListenStream= with it`);
    }
    await this.#control.open(config);
    this.#registry.sync(config, performance.now());
    this.#pool.resize(workerCount(config), config.graceMs);
    this.#checker.sync(this.#registry.records);
    this.#looking = watchRates(this.#pool, this.#rates);
    process.on('SIGHUP', () => void this.reload());
    process.on('SIGUSR2', () => this.#reopenLogs());
    process.on('SIGTERM', () => void this.stop());
    process.on('SIGINT', () => void this.stop());
  }

  /** Reads the file again and applies it, or keeps the running configuration. Returns what went wrong, if anything. */
  reload(): Promise<string | undefined> {
    return this.#inTurn(() => this.#reload());
  }

  /** Puts a text into force and into the file; throws, and then nothing has changed. `ifMatch`: only in place of this one. */
  apply(text: string, ifMatch?: string): Promise<ConfigText> {
    return this.#inTurn(async () => {
      if (ifMatch !== undefined && ifMatch !== this.#running.etag) {
        throw new VezaError('config-changed', 'the configuration has changed since it was read', {
          hint: 'Read it again, make the change there, and send it with the new ETag.',
        });
      }
      const config = parseConfig(text, this.#file);
      await this.#install(config);
      replaceFile(this.#file, text);
      this.#running.replace(text);
      this.#events.emit('config_reloaded', { source: 'admin' });
      return { text, etag: this.#running.etag };
    });
  }

  /** Changes the running configuration, not the file. Returns what is wrong, if anything. */
  #edit(change: (config: ProxyConfig) => Edited): Promise<string | undefined> {
    return this.#inTurn(async () => {
      const edited = change(this.#config);
      if ('problem' in edited) return edited.problem;
      try {
        await this.#install(edited.config);
      } catch (error) {
        return messageOf(error);
      }
      this.#running.edits += 1;
      return undefined;
    });
  }

  /** One change of the configuration after the other. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#reloading.then(work);
    this.#reloading = result.catch(() => undefined);
    return result;
  }

  async #reload(): Promise<string | undefined> {
    if (this.#stopping) return 'the proxy is stopping';
    await notifyReloading();
    let problem: string | undefined;
    try {
      const { config, text } = loadConfig(this.#file);
      await this.#install(config);
      this.#running.replace(text);
      this.#events.emit('config_reloaded', { source: this.#file });
    } catch (error) {
      problem = describe(error);
      this.#events.emit('config_refused', { source: this.#file, problem });
    }
    await notifyReloaded(problem === undefined);
    return problem;
  }

  /** Puts a configuration into force as a whole, or throws and leaves everything as it was. */
  async #install(config: ProxyConfig): Promise<void> {
    try {
      tryLogs(config);
      this.#sockets.open(bindsOf(config));
      await this.#control.open(config);
      this.#journal.configure(config.log);
    } catch (error) {
      for (const id of this.#sockets.surplus(bindsOf(this.#config))) this.#sockets.close(id);
      throw error;
    }
    this.#apply(config);
  }

  #reopenLogs(): void {
    this.#journal.reopen();
    this.#pool.broadcast({ type: 'reopen-log' });
  }

  /** Finishes what is under way, at most for the grace time. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#events.emit('proxy_stopping', {});
    await notifySystemd('STOPPING=1');
    clearInterval(this.#looking);
    this.#checker.stop();
    const stopped = this.#pool.stop(this.#config.graceMs, this.#sockets.activated);
    this.#sockets.closeAll();
    await stopped;
    await this.#control.close();
    this.#journal.info('stopped');
    await this.#journal.close();
    process.exitCode = 0;
    process.removeAllListeners('SIGHUP');
  }

  #apply(config: ProxyConfig): void {
    const before = this.#config;
    this.#config = config;
    this.#registry.sync(config, performance.now());
    for (const id of this.#sockets.surplus(bindsOf(config))) {
      this.#pool.broadcast({ type: 'unlisten', bind: id });
      this.#sockets.close(id);
    }
    const known = new Set(bindsOf(before).map((bind) => bind.id));
    for (let worker = 0; worker < this.#pool.size; worker += 1) {
      this.#configure(worker);
      this.#listen(worker, (bind) => !known.has(bind.id));
    }
    this.#pool.resize(workerCount(config), config.graceMs);
    this.#checker.sync(this.#registry.records);
  }

  #equip(worker: number): void {
    this.#configure(worker);
    this.#listen(worker, () => true);
  }

  #configure(worker: number): void {
    const config = this.#config;
    const now = performance.now();
    const views = this.#registry.records.map((record) => record.view(now));
    this.#pool.send(worker, { type: 'configure', config, views, workers: workerCount(config), worker });
  }

  #listen(worker: number, wanted: (bind: Bind) => boolean): void {
    for (const bind of bindsOf(this.#config).filter(wanted)) {
      const handle = this.#sockets.get(bind.id);
      if (handle) this.#pool.send(worker, { type: 'listen', bind: bind.id }, handle);
    }
  }

  #push(record: ServerRecord): void {
    this.#pool.broadcast({ type: 'server', view: record.view(performance.now()) });
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'listening':
        if (this.#ready) return;
        this.#ready = true;
        this.#events.emit('proxy_started', { binds: bindsOf(this.#config).map(({ id }) => id) });
        void notifySystemd('READY=1\nSTATUS=Running');
        return;
      case 'accuse': {
        const record = this.#registry.find(message.key);
        if (!record) return;
        if (record.health?.accuse() === true) this.#checker.force(record);
        return;
      }
      case 'holding':
        this.#checker.hurry(message.backend);
        return;
      case 'taken':
        for (let worker = 0; worker < this.#pool.size; worker += 1) {
          if (worker !== message.worker) this.#pool.send(worker, { type: 'taken', taken: message.taken });
        }
        return;
      case 'dropped':
        this.#dropped.add(message.dropped);
        this.#events.emit('error_dropped', message.dropped);
        return;
      case 'ready':
      case 'sessions':
      case 'report':
        return;
      default:
        message satisfies never;
    }
  }

  #onCheck(record: ServerRecord, result: CheckResult, change: 'up' | 'down' | undefined): void {
    const check = checkText(result);
    if (change !== undefined) {
      this.#events.emit(`server_${change}`, { server: record.key, check, detail: result.detail });
      this.#push(record);
    } else if (!result.passed) {
      this.#journal.debug(`check of ${record.key} failed: ${check}: ${result.detail}`);
    }
    if (result.passed && record.up) this.#pool.broadcast({ type: 'trust', key: record.key });
  }
}
