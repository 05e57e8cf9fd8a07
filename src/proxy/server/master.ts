// The master process: owns the listening sockets, the health of the servers and the control sockets; carries no traffic.
import type { ProxyConfig } from '../core/config/model.ts';
import { reloader } from './audit.ts';
import type { DnsProviders } from './acme-dns.ts';
import { bindsOf, logWarnings, tryLogs, workerCount } from './config-facts.ts';
import { type Configured, Configuring } from './configuring.ts';
import { RateTracker } from '../core/stats/rates.ts';
import { ControlServer } from './control-server.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { EventBus } from './event-bus.ts';
import { logEvent } from './event-log.ts';
import type { DroppedRequest, FromWorker } from './ipc.ts';
import { LastGood, loadOrLastGood } from './last-good.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { LogRotation } from './log-rotation.ts';
import { MasterTls } from './master-tls.ts';
import { giveBackMemory } from './memory.ts';
import { feedWatchdog, notifySystemd } from './notify.ts';
import { OperationalLog } from './operational-log.ts';
import { Recent } from './recent.ts';
import { Relay } from './relay.ts';
import { ServerWatch } from './server-watch.ts';
import { StickKeeper } from './stick-keeper.ts';
import { watchFiles } from './watching.ts';
import { watchRates, WorkerPool } from './worker-pool.ts';

/** Invalid requests that `show errors` remembers. */
const droppedKept = 100;

export interface MasterOptions {
  /** Folder for what must outlive the process: the configuration that last worked. */
  readonly stateFolder?: string | undefined;
  /** Reload when the file changes, and take certificates that were replaced. */
  readonly watch?: boolean;
  /** Who publishes DNS records for certificates. */
  readonly dnsProviders: DnsProviders;
}

export class Master {
  readonly #file: string;
  readonly #sockets = new ListeningSockets(process.env);
  readonly #pool: WorkerPool;
  readonly #relay: Relay;
  readonly #tls: MasterTls;
  readonly #servers: ServerWatch;
  readonly #control: ControlServer;
  readonly #journal = new OperationalLog();
  readonly #rotation = new LogRotation({
    reopen: () => this.#reopenLogs(),
    problem: (text) => this.#journal.error(text),
  });
  readonly #events = new EventBus();
  readonly #sticks: StickKeeper;
  readonly #rates = new RateTracker();
  readonly #dropped = new Recent<DroppedRequest>(droppedKept);
  readonly #lastGood: LastGood;
  readonly #watching: boolean;
  #watchers: readonly { close(): void }[] = [];
  readonly #configuring: Configuring;
  #looking: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #ready = false;
  #stopping = false;

  constructor(file: string, options: MasterOptions) {
    this.#file = file;
    this.#watching = options.watch === true;
    this.#lastGood = new LastGood(options.stateFolder);
    const loaded = loadOrLastGood(file, this.#lastGood, (line) => this.#journal.warn(line));
    this.#configuring = new Configuring(loaded, () => this.#parts());
    this.#journal.configure(this.#config.log);
    this.#events.subscribe((event) => logEvent(this.#journal, event));
    logWarnings(loaded, this.#journal);
    this.#tls = new MasterTls({
      workers: () => this.#pool.workers,
      send: (worker, message) => this.#pool.sendBoth(worker, message),
      journal: this.#journal,
      acted: (action, names) => this.#events.emit('cert_action', { action, names }),
      dnsProviders: options.dnsProviders,
      renewed: () => this.#configuring.renew(),
    });
    this.#tls.take(loaded);
    this.#servers = new ServerWatch({
      tell: (message, except) => this.#pool.broadcast(message, except),
      journal: this.#journal,
      events: this.#events,
      tlsOf: (backend) => this.#tls.upstream(backend),
    });
    this.#pool = new WorkerPool({
      onStart: (worker) => {
        this.#relay.began(worker);
        void this.#configuring.equip(worker);
      },
      onMessage: (message) => this.#onMessage(message),
      onDeath: (worker, pid, reason) => {
        this.#events.emit('worker_died', { worker, pid, reason });
        this.#configuring.taking.failed(worker, `ended with ${reason}`);
        this.#tls.lost(worker);
      },
    });
    this.#relay = new Relay(this.#pool);
    this.#sticks = new StickKeeper(this.#pool, this.#events, this.#journal);
    this.#control = new ControlServer(this.#controlled());
  }

  #parts(): Configured {
    return {
      sockets: this.#sockets,
      servers: this.#servers,
      tls: this.#tls,
      journal: this.#journal,
      rotation: this.#rotation,
      events: this.#events,
      lastGood: this.#lastGood,
      pool: this.#pool,
      sticks: this.#sticks,
      control: this.#control,
      isStopping: () => this.#stopping,
    };
  }

  #controlled(): ControlledProxy {
    return {
      registry: this.#servers.registry,
      rates: this.#rates,
      events: this.#events,
      log: this.#journal,
      sticks: this.#sticks,
      config: () => this.#config,
      counters: () => this.#pool.collect(),
      clearCounters: (all) => this.#pool.clearCounters(all),
      changed: (record) => this.#servers.push(record),
      shutdownSessions: (record) => this.#pool.broadcast({ type: 'shutdown-sessions', key: record.key }),
      sessions: () => this.#pool.sessions(),
      shutdownSession: (session) => this.#pool.broadcast({ type: 'shutdown-session', session }),
      dropped: () => this.#dropped.last(),
      reload: () => this.reload(),
      upgrade: () => this.#upgrade(),
      edit: (change) => this.#configuring.edit(change),
      replaceCertificates: (change) => this.#configuring.replaceCertificates(change),
      file: this.#file,
      loaded: () => this.#configuring.loaded,
      apply: (origin) => this.#configuring.apply(origin),
      workers: () => this.#pool.size,
      workerNumbers: () => this.#pool.workers,
      diagnose: (worker, question) => this.#pool.diagnose(worker, question),
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
    await this.#sticks.peers.open(config);
    await this.#tls.prepare(this.#configuring.loaded);
    await this.#servers.prepare(config);
    this.#servers.take(config);
    this.#sticks.configure(config, this.#configuring.loaded.tls);
    this.#pool.resize(workerCount(config), config.graceMs);
    this.#servers.check();
    this.#rotation.configure(config.log);
    this.#looking = watchRates(this.#pool, this.#rates);
    this.#watchdog = feedWatchdog();
    const reload = reloader(this.#controlled());
    if (this.#watching) {
      this.#watchers = watchFiles({
        path: this.#file,
        loaded: () => this.#configuring.loaded,
        reload: () => reload('watched files'),
        renew: () => this.#configuring.renew(),
      });
    }
    process.on('SIGHUP', () => reload('SIGHUP'));
    // As logrotate's recipes for HAProxy and for others send it; Node.js would open its debugger on the first.
    for (const signal of ['SIGUSR1', 'SIGUSR2']) process.on(signal, () => void this.#reopenLogs());
    process.on('SIGTERM', () => void this.stop());
    process.on('SIGINT', () => void this.stop());
  }

  get #config(): ProxyConfig {
    return this.#configuring.config;
  }

  /** Reads the file again and applies it, or keeps the running configuration. Returns what went wrong, if anything. */
  async reload(): Promise<string | undefined> {
    return (await this.#configuring.apply({ path: this.#file })).message;
  }

  async #upgrade(): Promise<string | undefined> {
    const problem = await this.#configuring.upgrade();
    if (problem === undefined) this.#journal.info('upgraded: all workers were replaced');
    else this.#journal.error(`upgrade failed, what was not replaced yet serves on: ${problem}`);
    return problem;
  }

  async #reopenLogs(): Promise<boolean> {
    const done = await Promise.all([this.#journal.reopen(), this.#pool.reopenLogs()]);
    return done.every(Boolean);
  }

  /** Finishes what is under way, at most for the grace time. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#events.emit('proxy_stopping', {});
    await notifySystemd('STOPPING=1');
    clearInterval(this.#looking);
    for (const watcher of this.#watchers) watcher.close();
    this.#servers.stop();
    this.#tls.stop();
    const stopped = this.#pool.stop(this.#config.graceMs, this.#sockets.activated);
    this.#sockets.closeAll();
    await stopped;
    this.#sticks.peers.stop();
    await this.#control.close();
    await this.#rotation.stop();
    this.#journal.info('stopped');
    await this.#journal.close();
    clearInterval(this.#watchdog);
    process.exitCode = 0;
    process.removeAllListeners('SIGHUP');
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'known':
        this.#tls.known(message.worker, message.generation);
        return;
      case 'listening':
        this.#configuring.listens(message.bind);
        if (this.#ready || !this.#configuring.allListen) return;
        this.#ready = true;
        this.#events.emit('proxy_started', { binds: bindsOf(this.#config).map(({ id }) => id) });
        void notifySystemd('READY=1\nSTATUS=Running');
        void this.#configuring.keep().finally(giveBackMemory);
        return;
      case 'listen-again':
        this.#configuring.listenAgain(message.worker, message.bind);
        return;
      case 'need-slot':
      case 'lend-slot':
      case 'refuse-slot':
      case 'load':
      case 'taken':
        this.#relay.pass(message);
        return;
      case 'accuse':
        this.#servers.accused(message);
        return;
      case 'seen':
        this.#servers.seen(message);
        return;
      case 'holding':
        this.#servers.hurry(message.backend);
        return;
      case 'stuck':
        this.#sticks.take(message.changes, message.worker);
        return;
      case 'ready':
        this.#configuring.taking.ready(message.worker, message.generation);
        return;
      case 'failed':
        if (!this.#configuring.taking.failed(message.worker, message.message)) this.#onBadStart(message.message);
        return;
      case 'dropped':
        this.#dropped.add(message.dropped);
        this.#events.emit('error_dropped', message.dropped);
        return;
      case 'plugin':
        this.#journal.write(message.isError ? 'error' : 'info', `plugin ${message.plugin}: ${message.text}`);
        return;
      case 'said':
        this.#journal.warn(message.text);
        return;
      case 'sessions':
      case 'report':
      case 'log-reopened':
      case 'diagnosed':
        return;
      default:
        message satisfies never;
    }
  }

  /** A worker that just started fails with the configuration that runs. Before the first one serves there is no way on. */
  #onBadStart(problem: string): void {
    this.#journal.error(`a worker fails with the configuration: ${problem}`);
    if (this.#ready || this.#stopping) return;
    void this.stop().then(() => {
      process.exitCode = 3;
    });
  }
}
