// The master process: owns the listening sockets, the health of the servers and the control sockets; carries no traffic.
import { closeSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import type { Bind, ProxyConfig } from '../core/config/model.ts';
import type { CheckResult, ServerRecord } from '../core/server-record.ts';
import { ServerRegistry } from '../core/server-registry.ts';
import { ControlServer } from './control-server.ts';
import { HealthChecker } from './health-checker.ts';
import type { FromWorker } from './ipc.ts';
import { ListeningSockets } from './listening-sockets.ts';
import { ConfigError, loadConfig } from './load-config.ts';
import { OcspStapler } from './ocsp-stapler.ts';
import { notifySystemd } from './notify.ts';
import { TicketKeys } from './ticket-keys.ts';
import type { TlsMaterial } from './tls-material.ts';
import { type KeptUpstream, upstreamsOf } from './upstream-tls.ts';
import { WorkerPool } from './worker-pool.ts';

export class Master {
  readonly #file: string;
  readonly #log: (line: string) => void;
  readonly #sockets = new ListeningSockets(process.env);
  readonly #pool: WorkerPool;
  readonly #checker: HealthChecker;
  readonly #registry = new ServerRegistry();
  readonly #control: ControlServer;
  readonly #tickets: TicketKeys;
  readonly #stapler: OcspStapler;
  #config: ProxyConfig;
  #tls: TlsMaterial;
  /** What checks speak TLS with. */
  #upstreams: ReadonlyMap<string, KeptUpstream>;
  #ready = false;
  #stopping = false;
  /** One reload at a time. */
  #reloading: Promise<string | undefined> = Promise.resolve(undefined);

  constructor(file: string, log: (line: string) => void) {
    this.#file = file;
    this.#log = log;
    const loaded = loadConfig(file, 'run');
    this.#config = loaded.config;
    this.#tls = loaded.tls;
    this.#warn(loaded.warnings);
    this.#tickets = new TicketKeys((keys) => this.#pool.broadcast({ type: 'ticket-keys', keys }));
    this.#stapler = new OcspStapler(log, () =>
      this.#pool.broadcast({ type: 'staples', staples: this.#stapler.staples }),
    );
    this.#upstreams = upstreamsOf(this.#config, this.#tls, new Map());
    this.#checker = new HealthChecker(
      (record, result, change) => this.#onCheck(record, result, change),
      (backend) => this.#upstreams.get(backend)?.tls,
    );
    this.#pool = new WorkerPool({
      onStart: (worker) => this.#equip(worker),
      onMessage: (message) => this.#onMessage(message),
      onDeath: (worker, pid, reason) => log(`worker ${worker} (pid ${pid}) ended with ${reason}; starting another`),
    });
    this.#control = new ControlServer({
      registry: this.#registry,
      config: () => this.#config,
      counters: () => this.#pool.collect(),
      clearCounters: () => this.#pool.clearCounters(),
      changed: (record) => this.#push(record),
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
    await this.#stapler.sync(config, this.#tls);
    this.#registry.sync(config, performance.now());
    this.#pool.resize(workerCount(config), config.graceMs);
    this.#checker.sync(this.#registry.records);
    process.on('SIGHUP', () => void this.reload());
    process.on('SIGUSR2', () => this.#pool.broadcast({ type: 'reopen-log' }));
    process.on('SIGTERM', () => void this.stop());
    process.on('SIGINT', () => void this.stop());
  }

  /** Reads the file again and applies it, or keeps the running configuration. Returns what went wrong, if anything. */
  reload(): Promise<string | undefined> {
    this.#reloading = this.#reloading.then(() => this.#reload());
    return this.#reloading;
  }

  async #reload(): Promise<string | undefined> {
    if (this.#stopping) return 'the proxy is stopping';
    await notifySystemd(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(Number(process.hrtime.bigint()) / 1000)}`);
    let problem: string | undefined;
    try {
      const { config, tls, warnings } = loadConfig(this.#file, 'run');
      this.#warn(warnings);
      tryLog(config.accessLog);
      this.#sockets.open(bindsOf(config));
      await this.#control.open(config);
      await this.#stapler.sync(config, tls);
      this.#apply(config, tls);
      this.#log(`${this.#file}: reloaded`);
    } catch (error) {
      problem = describe(error);
      for (const id of this.#sockets.surplus(bindsOf(this.#config))) this.#sockets.close(id);
      this.#log(`${problem}\nreload refused, the running configuration stays`);
    }
    await notifySystemd(
      `READY=1\nSTATUS=${problem === undefined ? 'Running' : 'Running; the last reload was refused'}`,
    );
    return problem;
  }

  /** Finishes what is under way, at most for the grace time. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    await notifySystemd('STOPPING=1');
    this.#checker.stop();
    this.#tickets.stop();
    this.#stapler.stop();
    const stopped = this.#pool.stop(this.#config.graceMs, this.#sockets.activated);
    this.#sockets.closeAll();
    await stopped;
    await this.#control.close();
    this.#log('stopped');
    process.exitCode = 0;
    process.removeAllListeners('SIGHUP');
  }

  #apply(config: ProxyConfig, tls: TlsMaterial): void {
    const before = this.#config;
    this.#config = config;
    this.#tls = tls;
    this.#upstreams = upstreamsOf(config, tls, this.#upstreams);
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

  #warn(warnings: readonly Diagnostic[]): void {
    for (const { severity, ...rest } of warnings) this.#log(`${severity}: ${placed(rest)}`);
  }

  #equip(worker: number): void {
    this.#configure(worker);
    this.#listen(worker, () => true);
  }

  #configure(worker: number): void {
    const config = this.#config;
    const now = performance.now();
    const views = this.#registry.records.map((record) => record.view(now));
    this.#pool.send(worker, { type: 'ticket-keys', keys: this.#tickets.current });
    this.#pool.send(worker, { type: 'staples', staples: this.#stapler.staples });
    this.#pool.send(worker, { type: 'configure', config, tls: this.#tls, views, workers: workerCount(config), worker });
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
        this.#log(
          `listening on ${bindsOf(this.#config)
            .map((bind) => bind.id)
            .join(', ')}`,
        );
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
      case 'ready':
      case 'report':
        return;
      default:
        message satisfies never;
    }
  }

  #onCheck(record: ServerRecord, result: CheckResult, change: 'up' | 'down' | undefined): void {
    if (change !== undefined) {
      const how = `${result.code}${result.status === undefined ? '' : `/${result.status}`} in ${Math.round(result.durationMs)} ms`;
      this.#log(`server ${record.key} is ${change === 'up' ? 'UP' : 'DOWN'} (${how}: ${result.detail})`);
      this.#push(record);
    }
    if (result.passed && record.up) this.#pool.broadcast({ type: 'trust', key: record.key });
  }
}

/** Throws if the access log cannot be written: each worker would find out only while it serves. */
function tryLog(target: string): void {
  if (!target.startsWith('/')) return;
  try {
    closeSync(openSync(target, 'a', 0o640));
  } catch (error) {
    throw new VezaError('cannot-open', `cannot open the access log: ${messageOf(error)}`, {
      hint: 'Create its folder, writable for the user of veza-proxy, or set log.access to `stdout` or `off`.',
    });
  }
}

function describe(error: unknown): string {
  if (!(error instanceof ConfigError)) return messageOf(error);
  return error.diagnostics.map(placed).join('\n');
}

function placed({ where, message }: Omit<Diagnostic, 'severity'>): string {
  return `${where ? `${where.file}:${where.line}:${where.column}: ` : ''}${message}`;
}

function bindsOf(config: ProxyConfig): Bind[] {
  return config.frontends.flatMap((frontend) => frontend.binds);
}

function workerCount(config: ProxyConfig): number {
  return config.workers === 'auto' ? availableParallelism() : config.workers;
}
