// The servers as the master sees them: their health by checks and agents, what workers meet, and what workers are told of
// them.
import type { AgentReport } from '../core/agent.ts';
import type { ServerView } from '../core/balance/server-state.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { CheckResult, ServerRecord } from '../core/server-record.ts';
import { ServerRegistry } from '../core/server-registry.ts';
import { TrafficJudge } from '../core/traffic-judge.ts';
import { AgentChecker } from './agent-checker.ts';
import type { EventBus } from './event-bus.ts';
import { checkText } from './event-log.ts';
import { HealthChecker } from './health-checker.ts';
import { NameWatch } from './name-watch.ts';
import type { FromWorker, ToWorker } from './ipc.ts';
import type { OperationalLog } from './operational-log.ts';
import type { UpstreamTls } from './upstream-tls.ts';

export interface ServerWatchPorts {
  /** Tells all workers, but perhaps one. */
  readonly tell: (message: ToWorker, except?: number) => void;
  readonly journal: OperationalLog;
  readonly events: EventBus;
  tlsOf(backend: string): UpstreamTls | undefined;
}

export class ServerWatch {
  readonly registry = new ServerRegistry();
  readonly #judge = new TrafficJudge();
  readonly #checker: HealthChecker;
  readonly #agents = new AgentChecker((record, report) => this.#onAgent(record, report));
  readonly #names: NameWatch;
  readonly #ports: ServerWatchPorts;
  /** Which servers said last that they are about to stop. */
  readonly #ending = new WeakMap<ServerRecord, boolean>();

  constructor(ports: ServerWatchPorts) {
    this.#ports = ports;
    this.#names = new NameWatch((record) => this.#onMoved(record), ports.journal);
    this.#checker = new HealthChecker(
      (record, result, change) => this.#onCheck(record, result, change),
      (backend) => ports.tlsOf(backend),
    );
  }

  /** Looks up the names of servers that are new, for as long as that is worth waiting for. */
  async prepare(config: ProxyConfig): Promise<void> {
    await this.#names.prepare(config);
  }

  /** Takes the servers of a configuration; what is known of those that stay is kept. */
  take(config: ProxyConfig): void {
    this.registry.sync(config, performance.now());
    this.registry.times.look(this.registry.records, performance.now());
    this.#names.take(this.registry.records);
  }

  /** Checks the servers that are there now and asks their agents, and no others. */
  check(): void {
    this.#checker.sync(this.registry.records);
    this.#agents.sync(this.registry.records);
  }

  views(): ServerView[] {
    const now = performance.now();
    return this.registry.records.map((record) => record.view(now));
  }

  /** Tells the workers how a server is. */
  push(record: ServerRecord): void {
    const now = performance.now();
    this.#ports.tell({ type: 'server', view: record.view(now) });
    for (const tracker of this.registry.trackersOf(record)) {
      const change = tracker.follow(now);
      const detail = `as ${record.key} is`;
      if (change !== undefined)
        this.#ports.events.emit(`server_${change}`, { server: tracker.key, check: 'track', detail });
      this.push(tracker);
    }
    this.registry.times.look(this.registry.records, now);
  }

  /** A check found it well: so are those that track it. */
  #trust(record: ServerRecord): void {
    this.#ports.tell({ type: 'trust', key: record.key });
    for (const tracker of this.registry.trackersOf(record)) this.#trust(tracker);
  }

  /** A worker met a failure. */
  accused({ worker, key, suspicion }: FromWorker & { readonly type: 'accuse' }): void {
    const record = this.registry.find(key);
    if (!record) return;
    // The others need not lose requests to find it out. Before the check, whose success ends all suspicion.
    this.#ports.tell({ type: 'suspect', key, suspicion }, worker);
    const { checked } = record;
    if (checked.health?.accuse() === true) this.#checker.force(checked);
  }

  /** What a worker saw of servers. */
  seen({ servers }: FromWorker & { readonly type: 'seen' }): void {
    const nowMs = performance.now();
    for (const [key, seen] of Object.entries(servers)) {
      const record = this.registry.find(key);
      if (!record) continue;
      const all = this.registry.records.filter(({ backend }) => backend === record.backend);
      const { opened, closed, trips, watch } = this.#judge.take(record, seen, all, nowMs);
      if (watch.breaker || watch.check) this.#ports.tell({ type: 'watch', key, ...watch });
      for (const each of opened) {
        const text = `server ${each.key} is left out for a while: its traffic shows that it fails or is slow`;
        this.#ports.journal.warn(text, {}, each.backend.name);
        this.push(each);
      }
      if (closed) this.push(record);
      for (let trip = 0; trip < trips; trip += 1) this.#observed(record);
    }
  }

  /** Traffic met too many errors in a row. */
  #observed(record: ServerRecord): void {
    const { key } = record;
    const { change, check } = record.observe(performance.now());
    if (change === 'down') {
      this.#ports.events.emit('server_down', { server: key, check: 'traffic', detail: 'too many errors in a row' });
      this.push(record);
    }
    if (check) this.#checker.force(record);
  }

  /** Requests wait for a server of a backend. */
  hurry(backend: string): void {
    this.#checker.hurry(backend);
  }

  stop(): void {
    this.#checker.stop();
    this.#agents.stop();
    this.#names.stop();
  }

  /** It is said to be elsewhere: a check tells how it is there. */
  #onMoved(record: ServerRecord): void {
    this.push(record);
    this.#checker.force(record);
  }

  #onAgent(record: ServerRecord, report: AgentReport): void {
    const before = record.describe();
    const { weightNow: weight, maxconnNow: maxconn } = record;
    record.report(report, performance.now());
    if (record.describe() === before && record.weightNow === weight && record.maxconnNow === maxconn) return;
    const reason = report.reason === '' ? '' : `: ${report.reason}`;
    this.#ports.journal.warn(
      `server ${record.key} is ${record.describe()}, weight ${record.weightNow}, maxconn ${record.maxconnNow}, as its agent says${reason}`,
      {},
      record.backend.name,
    );
    this.push(record);
  }

  #onCheck(record: ServerRecord, result: CheckResult, change: 'up' | 'down' | undefined): void {
    const { journal, events } = this.#ports;
    const check = checkText(result);
    if (change !== undefined) {
      events.emit(`server_${change}`, { server: record.key, check, detail: result.detail });
      this.push(record);
    } else if ((this.#ending.get(record) ?? false) !== record.stopping) {
      if (record.stopping)
        journal.warn(`server ${record.key} is about to stop (${result.detail})`, {}, record.backend.name);
      this.push(record);
    } else if (!result.passed) {
      journal.debug(`check of ${record.key} failed: ${check}: ${result.detail}`, {}, record.backend.name);
    }
    this.#ending.set(record, record.stopping);
    if (result.passed && record.up) this.#trust(record);
  }
}
