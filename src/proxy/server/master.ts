// The master process: owns the listening sockets, the health of the servers and the control sockets; carries no traffic.
import type { AgentReport } from '../core/agent.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { CheckResult, ServerRecord } from '../core/server-record.ts';
import { ServerRegistry } from '../core/server-registry.ts';
import { bindsOf, tryLogs, workerCount } from './config-facts.ts';
import { type Configured, Configuring } from './configuring.ts';
import { ConfigWatcher } from './config-watcher.ts';
import { AgentChecker } from './agent-checker.ts';
import { RateTracker } from '../core/stats/rates.ts';
import { ControlServer } from './control-server.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import { EventBus } from './event-bus.ts';
import { checkText, logEvent } from './event-log.ts';
import { HealthChecker } from './health-checker.ts';
import type { DroppedRequest, FromWorker, ToWorker } from './ipc.ts';
import { LastGood, loadOrLastGood } from './last-good.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { notifySystemd } from './notify.ts';
import { OperationalLog } from './operational-log.ts';
import { Recent } from './recent.ts';
import { watchRates, WorkerPool } from './worker-pool.ts';

/** Invalid requests that `show errors` remembers. */
const droppedKept = 100;

export interface MasterOptions {
  /** Folder for what must outlive the process: the configuration that last worked. */
  readonly stateFolder?: string | undefined;
  /** Reload when the file changes. */
  readonly watch?: boolean;
}

export class Master {
  readonly #file: string;
  readonly #sockets = new ListeningSockets(process.env);
  readonly #pool: WorkerPool;
  readonly #checker: HealthChecker;
  readonly #agents = new AgentChecker((record, report) => this.#onAgent(record, report));
  readonly #registry = new ServerRegistry();
  readonly #control: ControlServer;
  readonly #journal = new OperationalLog();
  readonly #events = new EventBus();
  readonly #rates = new RateTracker();
  readonly #dropped = new Recent<DroppedRequest>(droppedKept);
  readonly #lastGood: LastGood;
  readonly #watching: boolean;
  #watcher: ConfigWatcher | undefined;
  readonly #configuring: Configuring;
  #looking: NodeJS.Timeout | undefined;
  #ready = false;
  /** Which servers said last that they are about to stop. */
  readonly #ending = new WeakMap<ServerRecord, boolean>();
  #stopping = false;

  constructor(file: string, options: MasterOptions = {}) {
    this.#file = file;
    this.#watching = options.watch === true;
    this.#lastGood = new LastGood(options.stateFolder);
    const loaded = loadOrLastGood(file, this.#lastGood, (line) => this.#journal.warn(line));
    this.#configuring = new Configuring(loaded, () => this.#parts());
    this.#journal.configure(this.#config.log);
    this.#events.subscribe((event) => logEvent(this.#journal, event));
    this.#checker = new HealthChecker((record, result, change) => this.#onCheck(record, result, change));
    this.#pool = new WorkerPool({
      onStart: (worker) => this.#configuring.equip(worker),
      onMessage: (message) => this.#onMessage(message),
      onDeath: (worker, pid, reason) => {
        this.#events.emit('worker_died', { worker, pid, reason });
        this.#configuring.taking.failed(worker, `ended with ${reason}`);
      },
    });
    this.#control = new ControlServer(this.#controlled());
  }

  #parts(): Configured {
    return {
      sockets: this.#sockets,
      registry: this.#registry,
      journal: this.#journal,
      events: this.#events,
      lastGood: this.#lastGood,
      pool: this.#pool,
      checker: this.#checker,
      agents: this.#agents,
      control: this.#control,
      isStopping: () => this.#stopping,
    };
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
      upgrade: () => this.#upgrade(),
      edit: (change) => this.#configuring.edit(change),
      file: this.#file,
      loaded: () => this.#configuring.loaded,
      apply: (origin) => this.#configuring.apply(origin),
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
    if (this.#watching) this.#watcher = new ConfigWatcher(this.#file, () => void this.reload());
    this.#agents.sync(this.#registry.records);
    process.on('SIGHUP', () => void this.reload());
    process.on('SIGUSR2', () => this.#reopenLogs());
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
    this.#watcher?.close();
    this.#checker.stop();
    this.#agents.stop();
    const stopped = this.#pool.stop(this.#config.graceMs, this.#sockets.activated);
    this.#sockets.closeAll();
    await stopped;
    await this.#control.close();
    this.#journal.info('stopped');
    await this.#journal.close();
    process.exitCode = 0;
    process.removeAllListeners('SIGHUP');
  }

  #push(record: ServerRecord): void {
    this.#pool.broadcast({ type: 'server', view: record.view(performance.now()) });
  }

  #tellOthers(than: number, message: ToWorker): void {
    for (let worker = 0; worker < this.#pool.size; worker += 1) {
      if (worker !== than) this.#pool.send(worker, message);
    }
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'listening':
        if (this.#ready) return;
        this.#ready = true;
        this.#events.emit('proxy_started', { binds: bindsOf(this.#config).map(({ id }) => id) });
        void notifySystemd('READY=1\nSTATUS=Running');
        void this.#configuring.keep();
        return;
      case 'accuse': {
        const record = this.#registry.find(message.key);
        if (!record) return;
        // The others need not lose requests to find it out. Before the check, whose success ends all suspicion.
        const { key, suspicion } = message;
        this.#tellOthers(message.worker, { type: 'suspect', key, suspicion });
        if (record.health?.accuse() === true) this.#checker.force(record);
        return;
      }
      case 'observed': {
        const record = this.#registry.find(message.key);
        const { change, check } = record?.observe(performance.now()) ?? {};
        if (record && change === 'down') this.#fell(record, 'too many errors in a row');
        if (record && check === true) this.#checker.force(record);
        return;
      }
      case 'holding':
        this.#checker.hurry(message.backend);
        return;
      case 'taken':
        this.#tellOthers(message.worker, { type: 'taken', taken: message.taken });
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
      case 'sessions':
      case 'report':
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

  #fell(record: ServerRecord, why: string): void {
    this.#events.emit('server_down', { server: record.key, check: 'traffic', detail: why });
    this.#push(record);
  }

  #onAgent(record: ServerRecord, report: AgentReport): void {
    const before = record.describe();
    const weight = record.weightNow;
    record.report(report, performance.now());
    if (record.describe() === before && record.weightNow === weight) return;
    const reason = report.reason === '' ? '' : `: ${report.reason}`;
    this.#journal.warn(
      `server ${record.key} is ${record.describe()}, weight ${record.weightNow}, as its agent says${reason}`,
    );
    this.#push(record);
  }

  #onCheck(record: ServerRecord, result: CheckResult, change: 'up' | 'down' | undefined): void {
    const check = checkText(result);
    if (change !== undefined) {
      this.#events.emit(`server_${change}`, { server: record.key, check, detail: result.detail });
      this.#push(record);
    } else if ((this.#ending.get(record) ?? false) !== record.stopping) {
      if (record.stopping) this.#journal.warn(`server ${record.key} is about to stop (${result.detail})`);
      this.#push(record);
    } else if (!result.passed) {
      this.#journal.debug(`check of ${record.key} failed: ${check}: ${result.detail}`);
    }
    this.#ending.set(record, record.stopping);
    if (result.passed && record.up) this.#pool.broadcast({ type: 'trust', key: record.key });
  }
}
