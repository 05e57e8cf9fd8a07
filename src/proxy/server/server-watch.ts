// The servers as the master sees them: their health by checks, what workers meet, and what workers are told of them.
import type { ServerView } from '../core/balance/server-state.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { CheckResult, ServerRecord } from '../core/server-record.ts';
import { ServerRegistry } from '../core/server-registry.ts';
import { HealthChecker } from './health-checker.ts';
import type { FromWorker, ToWorker } from './ipc.ts';
import type { UpstreamTls } from './upstream-tls.ts';

export interface ServerWatchPorts {
  /** Tells all workers, but perhaps one. */
  tell(message: ToWorker, except?: number): void;
  log(line: string): void;
  tlsOf(backend: string): UpstreamTls | undefined;
}

export class ServerWatch {
  readonly registry = new ServerRegistry();
  readonly #checker: HealthChecker;
  readonly #ports: ServerWatchPorts;

  constructor(ports: ServerWatchPorts) {
    this.#ports = ports;
    this.#checker = new HealthChecker(
      (record, result, change) => this.#onCheck(record, result, change),
      (backend) => ports.tlsOf(backend),
    );
  }

  /** Takes the servers of a configuration; what is known of those that stay is kept. */
  take(config: ProxyConfig): void {
    this.registry.sync(config, performance.now());
  }

  /** Checks the servers that are there now, and no others. */
  check(): void {
    this.#checker.sync(this.registry.records);
  }

  views(): ServerView[] {
    const now = performance.now();
    return this.registry.records.map((record) => record.view(now));
  }

  /** Tells the workers how a server is. */
  push(record: ServerRecord): void {
    this.#ports.tell({ type: 'server', view: record.view(performance.now()) });
  }

  /** A worker met a failure. */
  accused({ worker, key, suspicion }: FromWorker & { readonly type: 'accuse' }): void {
    const record = this.registry.find(key);
    if (!record) return;
    // The others need not lose requests to find it out. Before the check, whose success ends all suspicion.
    this.#ports.tell({ type: 'suspect', key, suspicion }, worker);
    if (record.health?.accuse() === true) this.#checker.force(record);
  }

  /** Requests wait for a server of a backend. */
  hurry(backend: string): void {
    this.#checker.hurry(backend);
  }

  stop(): void {
    this.#checker.stop();
  }

  #onCheck(record: ServerRecord, result: CheckResult, change: 'up' | 'down' | undefined): void {
    if (change !== undefined) {
      const how = `${result.code}${result.status === undefined ? '' : `/${result.status}`} in ${Math.round(result.durationMs)} ms`;
      this.#ports.log(`server ${record.key} is ${change === 'up' ? 'UP' : 'DOWN'} (${how}: ${result.detail})`);
      this.push(record);
    }
    if (result.passed && record.up) this.#ports.tell({ type: 'trust', key: record.key });
  }
}
