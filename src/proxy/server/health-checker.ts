// Runs the active checks in the master: each server on its own timer, never two checks of one server at once.
import type { CheckConfig } from '../core/config/model.ts';
import type { Endpoint } from '../core/server-address.ts';
import type { CheckResult, ServerRecord } from '../core/server-record.ts';
import { runCheck } from './health-check.ts';
import type { UpstreamTls } from './upstream-tls.ts';

type Listener = (record: ServerRecord, result: CheckResult, change: 'up' | 'down' | undefined) => void;

/** While requests wait for a server of a backend its checks come this often. */
const heldIntervalMs = 250;
/** How long one report of waiting requests counts. */
const heldForMs = 1000;

interface Task {
  timer: NodeJS.Timeout | undefined;
  dueMs: number;
  running: boolean;
  again: boolean;
}

export class HealthChecker {
  readonly #tasks = new Map<ServerRecord, Task>();
  readonly #held = new Map<string, number>();
  readonly #listener: Listener;

  readonly #tlsOf: (backend: string) => UpstreamTls | undefined;

  constructor(listener: Listener, tlsOf: (backend: string) => UpstreamTls | undefined = () => undefined) {
    this.#listener = listener;
    this.#tlsOf = tlsOf;
  }

  /** Checks exactly these from now on. First checks come at once, spread over the shortest interval. */
  sync(records: readonly ServerRecord[]): void {
    for (const [record, task] of this.#tasks) {
      if (records.includes(record) && record.config.check) continue;
      clearTimeout(task.timer);
      this.#tasks.delete(record);
    }
    const checked = records.filter((record) => record.config.check);
    const spreadMs = Math.min(1000, ...checked.map((record) => record.config.check?.interMs ?? 1000));
    checked.forEach((record, index) => {
      if (this.#tasks.has(record)) return;
      const task: Task = { timer: undefined, dueMs: 0, running: false, again: false };
      this.#tasks.set(record, task);
      this.#schedule(record, task, (spreadMs * index) / checked.length);
    });
  }

  /** Checks now; if a check runs already, once more after it (that one may have begun before the trouble). */
  force(record: ServerRecord): void {
    const task = this.#tasks.get(record);
    if (!task) return;
    if (task.running) task.again = true;
    else this.#schedule(record, task, 0);
  }

  /** Requests wait for a server of this backend: look more often. */
  hurry(backend: string): void {
    const now = performance.now();
    this.#held.set(backend, now + heldForMs);
    for (const [record, task] of this.#tasks) {
      if (record.backend.name !== backend || record.up || task.running) continue;
      // Only ever earlier: reports come often, and must not push the check away.
      if (task.dueMs - now > heldIntervalMs) this.#schedule(record, task, heldIntervalMs);
    }
  }

  stop(): void {
    for (const task of this.#tasks.values()) clearTimeout(task.timer);
    this.#tasks.clear();
  }

  #schedule(record: ServerRecord, task: Task, delayMs: number): void {
    clearTimeout(task.timer);
    task.dueMs = performance.now() + delayMs;
    task.timer = setTimeout(() => void this.#run(record, task), delayMs);
  }

  async #run(record: ServerRecord, task: Task): Promise<void> {
    const { check } = record.config;
    if (!check || this.#tasks.get(record) !== task) return;
    if (record.admin === 'maint' || record.isUnresolved || !record.checking) {
      this.#schedule(record, task, check.fastinterMs);
      return;
    }
    task.running = true;
    task.again = false;
    const tls = check.tls && this.#tlsOf(record.backend.name);
    const timeoutMs = record.health?.timeoutMs ?? check.timeoutMs;
    const result = await runCheck({ ...check, ...checkedPlace(record, check), timeoutMs }, tls);
    task.running = false;
    if (this.#tasks.get(record) !== task) return;
    this.#listener(record, result, record.record(result, performance.now()));
    this.#schedule(record, task, this.#delayOf(record, task));
  }

  #delayOf(record: ServerRecord, task: Task): number {
    if (task.again) return 0;
    const delayMs = record.health?.nextDelayMs() ?? 1000;
    const held = !record.up && (this.#held.get(record.backend.name) ?? 0) > performance.now();
    // A little jitter keeps the checks of many balancers apart.
    return held ? Math.min(delayMs, heldIntervalMs) : delayMs * (0.98 + Math.random() * 0.04);
  }
}

/** Where the check goes: with the server, as far as it has no place of its own. */
function checkedPlace({ config, address, port }: ServerRecord, check: CheckConfig): Endpoint {
  return {
    address: check.address === config.address ? address : check.address,
    port: check.port === config.port ? port : check.port,
  };
}
