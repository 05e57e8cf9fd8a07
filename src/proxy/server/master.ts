// The master process: owns the listening sockets, the health of the servers and the control sockets; carries no traffic.
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { VezaError } from '../../lib/errors.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import { bindsOf, describe, firstLine, logWarnings, tryLog, workerCount } from './config-facts.ts';
import {
  type ApplyResult,
  ConfigError,
  type ConfigOrigin,
  loadConfig,
  type LoadedConfig,
  withFiles,
} from './config-source.ts';
import { ConfigWatcher } from './config-watcher.ts';
import { ControlServer } from './control-server.ts';
import { Distribution } from './distribution.ts';
import { LastGood, loadOrLastGood } from './last-good.ts';
import type { FromWorker } from './ipc.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { MasterTls } from './master-tls.ts';
import { notifySystemd } from './notify.ts';
import { ServerWatch } from './server-watch.ts';
import { WorkerPool } from './worker-pool.ts';

export interface MasterOptions {
  /** Folder for what must outlive the process: the configuration that last worked. */
  readonly stateFolder?: string | undefined;
  /** Reload when the file changes. */
  readonly watch?: boolean;
}

export class Master {
  readonly #file: string;
  readonly #log: (line: string) => void;
  readonly #sockets = new ListeningSockets(process.env);
  readonly #pool: WorkerPool;
  readonly #tls: MasterTls;
  readonly #servers: ServerWatch;
  readonly #control: ControlServer;
  readonly #lastGood: LastGood;
  readonly #distribution: Distribution;
  readonly #watching: boolean;
  #watcher: ConfigWatcher | undefined;
  #loaded: LoadedConfig;
  /** Ids of the binds on which a worker listens. */
  readonly #listening = new Set<string>();
  #ready = false;
  #stopping = false;
  /** One reload at a time. */
  #applying: Promise<unknown> = Promise.resolve();

  constructor(file: string, log: (line: string) => void, options: MasterOptions = {}) {
    this.#file = file;
    this.#log = log;
    this.#watching = options.watch === true;
    this.#lastGood = new LastGood(options.stateFolder);
    this.#loaded = loadOrLastGood(file, this.#lastGood, log);
    logWarnings(this.#loaded, log);
    this.#tls = new MasterTls({
      workers: () => this.#pool.workers,
      send: (worker, message) => this.#pool.send(worker, message),
      log,
      renewed: () => this.#renew(),
    });
    this.#tls.take(this.#loaded);
    this.#servers = new ServerWatch({
      tell: (message, except) => this.#pool.broadcast(message, except),
      log,
      tlsOf: (backend) => this.#tls.upstream(backend),
    });
    this.#pool = new WorkerPool({
      onStart: (worker) => this.#distribution.equip(worker, this.#loaded),
      onMessage: (message) => this.#onMessage(message),
      onDeath: (worker, pid, reason) => {
        log(`worker ${worker} (pid ${pid}) ended with ${reason}; starting another`);
        this.#distribution.failed(worker, `ended with ${reason}`);
        this.#tls.lost(worker);
      },
    });
    this.#distribution = new Distribution({
      workers: () => this.#pool.workers,
      send: (worker, message, handle) => this.#pool.send(worker, message, handle),
      socket: (bind) => this.#sockets.get(bind),
      before: (worker) => this.#tls.messagesFor(worker),
      views: () => this.#servers.views(),
    });
    this.#control = new ControlServer({
      registry: this.#servers.registry,
      config: () => this.#config,
      counters: () => this.#pool.collect(),
      clearCounters: () => this.#pool.clearCounters(),
      changed: (record) => this.#servers.push(record),
      shutdownSessions: (record) => this.#pool.broadcast({ type: 'shutdown-sessions', key: record.key }),
      reload: () => this.reload(),
      workers: () => this.#pool.size,
    });
  }

  /** Binds, starts workers and checks. Throws if a socket cannot be opened. */
  async start(): Promise<void> {
    const config = this.#config;
    tryLog(config.accessLog);
    this.#sockets.open(bindsOf(config));
    if (this.#sockets.unused > 0) {
      this.#log(
        `warning: ${this.#sockets.unused} of the sockets that systemd passed match no \`bind\`; compare ListenStream= with it`,
      );
    }
    await this.#control.open(config);
    await this.#tls.prepare(this.#loaded);
    this.#servers.take(config);
    this.#pool.resize(workerCount(config), config.graceMs);
    this.#servers.check();
    if (this.#watching) this.#watcher = new ConfigWatcher(this.#file, () => void this.reload());
    process.on('SIGHUP', () => void this.reload());
    process.on('SIGUSR2', () => this.#pool.broadcast({ type: 'reopen-log' }));
    process.on('SIGTERM', () => void this.stop());
    process.on('SIGINT', () => void this.stop());
  }

  get #config(): ProxyConfig {
    return this.#loaded.config;
  }

  /** Reads the file again and applies it, or keeps the running configuration. Returns what went wrong, if anything. */
  async reload(): Promise<string | undefined> {
    return (await this.apply({ path: this.#file })).message;
  }

  /**
   * Applies a configuration whole, or keeps the running one: if it is not valid, an address cannot be bound, or a worker
   * fails with it. Never rejects; one after another. A text is not written to the file: the next reload reads that again.
   */
  apply(origin: ConfigOrigin): Promise<ApplyResult> {
    const result = this.#applying.then(() => this.#applyFrom(origin));
    this.#applying = result;
    return result;
  }

  /** Takes certificates that were renewed; all else stays as it is. */
  #renew(): void {
    this.#applying = this.#applying.then(async () => {
      if (this.#stopping) return;
      try {
        await this.#switchTo(withFiles(this.#loaded.sound, 'run'));
        this.#log('the new certificates are in use');
      } catch (error) {
        this.#log(`error: the new certificates are not used: ${describe(error)}`);
      }
    });
  }

  async #applyFrom(origin: ConfigOrigin): Promise<ApplyResult> {
    const before = this.#loaded;
    if (this.#stopping) return { ok: false, problems: [], message: 'the proxy is stopping', hash: before.hash };
    await notifySystemd(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(Number(process.hrtime.bigint()) / 1000)}`);
    let problems: readonly Diagnostic[] = [];
    let message: string | undefined;
    try {
      const loaded = loadConfig(origin, 'run');
      logWarnings(loaded, this.#log);
      problems = loaded.warnings;
      await this.#switchTo(loaded);
      this.#log(`${loaded.name}: reloaded`);
    } catch (error) {
      if (error instanceof ConfigError) problems = error.diagnostics;
      message = describe(error);
      this.#log(`${message}\nreload refused, the running configuration stays`);
    }
    const status = message === undefined ? 'Running' : `Running; the last reload was refused: ${firstLine(message)}`;
    await notifySystemd(`READY=1\nSTATUS=${status}`);
    return { ok: message === undefined, problems, message, hash: this.#loaded.hash };
  }

  /** Old sockets close only when all workers run with the new ones, so that there is a way back. */
  async #switchTo(loaded: LoadedConfig): Promise<void> {
    const before = this.#loaded;
    const { config } = loaded;
    tryLog(config.accessLog);
    const records = this.#servers.registry.records;
    try {
      this.#sockets.open(bindsOf(config));
      await this.#control.open(config);
      await this.#tls.prepare(loaded);
      const problem = await this.#spread(loaded);
      if (problem !== undefined) throw new VezaError('worker-failed', `the configuration does not work: ${problem}`);
    } catch (error) {
      if (this.#loaded !== before) {
        this.#servers.registry.restore(records);
        await this.#control.open(before.config);
        await this.#spread(before);
      }
      this.#settle();
      throw error;
    }
    this.#settle();
    await this.#lastGood.keep(loaded, new Date(), this.#log);
  }

  /** Finishes what is under way, at most for the grace time. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    await notifySystemd('STOPPING=1');
    this.#watcher?.close();
    this.#servers.stop();
    this.#tls.stop();
    const stopped = this.#pool.stop(this.#config.graceMs, this.#sockets.activated);
    this.#sockets.closeAll();
    await stopped;
    await this.#control.close();
    this.#log('stopped');
    process.exitCode = 0;
    process.removeAllListeners('SIGHUP');
  }

  /** Gives a configuration to all workers; resolves with what went wrong there. */
  async #spread(loaded: LoadedConfig): Promise<string | undefined> {
    const known = new Set(bindsOf(this.#config).map((bind) => bind.id));
    const { config } = loaded;
    this.#loaded = loaded;
    this.#tls.take(loaded);
    this.#servers.take(config);
    const problem = await this.#distribution.give(loaded, (bind) => !known.has(bind.id));
    if (problem !== undefined) return problem;
    this.#pool.resize(workerCount(config), config.graceMs);
    this.#servers.check();
    return undefined;
  }

  /** Drops what only another configuration than the one that runs needed. */
  #settle(): void {
    this.#tls.settle(this.#loaded);
    for (const id of this.#sockets.surplus(bindsOf(this.#config))) {
      this.#pool.broadcast({ type: 'unlisten', bind: id });
      this.#sockets.close(id);
      this.#listening.delete(id);
    }
    this.#keepCertificates();
  }

  /** The authority asks as soon as it is asked: only where all sockets listen. */
  #keepCertificates(): void {
    if (this.#allListen) this.#tls.keep(this.#loaded);
  }

  get #allListen(): boolean {
    return bindsOf(this.#config).every(({ id }) => this.#listening.has(id));
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'known':
        this.#tls.known(message.worker, message.generation);
        return;
      case 'listening':
        this.#listening.add(message.bind);
        this.#keepCertificates();
        if (this.#ready || !this.#allListen) return;
        this.#ready = true;
        this.#log(
          `listening on ${bindsOf(this.#config)
            .map((bind) => bind.id)
            .join(', ')}`,
        );
        void notifySystemd('READY=1\nSTATUS=Running');
        void this.#lastGood.keep(this.#loaded, new Date(), this.#log);
        return;
      case 'accuse':
        this.#servers.accused(message);
        return;
      case 'holding':
        this.#servers.hurry(message.backend);
        return;
      case 'taken':
        this.#pool.broadcast({ type: 'taken', taken: message.taken }, message.worker);
        return;
      case 'ready':
        this.#distribution.ready(message);
        return;
      case 'failed':
        if (!this.#distribution.failed(message.worker, message.message)) this.#onBadStart(message.message);
        return;
      case 'report':
        return;
      default:
        message satisfies never;
    }
  }

  /** A worker that just started fails with the configuration that runs. Before the first one serves there is no way on. */
  #onBadStart(problem: string): void {
    this.#log(`error: a worker fails with the configuration: ${problem}`);
    if (this.#ready || this.#stopping) return;
    void this.stop().then(() => {
      process.exitCode = 3;
    });
  }
}
