// Runs the active checks in the master: each server on its own timer, never two checks of one server at once.
import { checkRequest, type CheckVerdict, checkVerdict } from '../core/check-verdict.ts';
import type { CheckConfig } from '../core/config/model.ts';
import { proxyHeader } from '../core/proxy-protocol.ts';
import type { Endpoint } from '../core/server-address.ts';
import type { CheckResult, ServerRecord } from '../core/server-record.ts';
import { dial } from './dial.ts';
import { askHttp2 } from './http2-check.ts';
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

/** One check; never rejects. */
export function runCheck(check: CheckConfig, tls?: UpstreamTls): Promise<CheckResult> {
  const startedAt = performance.now();
  const { promise, resolve } = Promise.withResolvers<CheckResult>();
  let connected = false;
  let answer = Buffer.alloc(0);
  let ready = false;
  const intro = check.sendProxy === 'off' ? undefined : proxyHeader(check.sendProxy, undefined);
  const onReady = (): void => {
    ready = true;
    const request = checkRequest(check);
    if (check.http2) askHttp2(socket, tls ? 'https' : 'http', request, { took, ended, failed });
    else if (request !== '') socket.write(request, 'latin1');
    else if (!check.body) finish({ passed: true, code: tls ? 'L6OK' : 'L4OK', detail: 'connected', status: undefined });
  };
  const destination = { address: check.address, port: check.port, serverName: check.tls?.serverName ?? '' };
  const alpn = check.type === 'tcp' ? [] : [check.http2 ? 'h2' : 'http/1.1'];
  const socket = dial(destination, { tls, alpn, intro, onread: undefined, onReady });
  /** How far it came, in HAProxy's words. */
  const layer = (): string => (ready ? 'L7' : connected && tls ? 'L6' : 'L4');
  const finish = (verdict: CheckVerdict, silent = false): void => {
    clearTimeout(timer);
    socket.destroy();
    resolve({ ...verdict, durationMs: performance.now() - startedAt, silent });
  };
  const fail = (code: string, detail: string, silent: boolean): void =>
    finish({ passed: false, code, detail, status: undefined }, silent);
  const timer = setTimeout(() => fail(`${layer()}TOUT`, 'timeout', true), check.timeoutMs);
  const judge = (ended: boolean): void => {
    const verdict = checkVerdict(check, answer, ended);
    if (verdict) finish(verdict);
  };
  socket.on('connect', () => (connected = true));
  const took = (bytes: Buffer): void => {
    answer = Buffer.concat([answer, bytes]);
    judge(false);
  };
  const ended = (): void => judge(true);
  const failed = (why: string): void => fail('L7RSP', why, false);
  if (check.http2) socket.on('end', () => failed('connection closed without a response'));
  else socket.on('data', took).on('end', ended);
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const quiet = error.syscall !== undefined && !['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error.code ?? '');
    // What is no error of the system is one of the handshake.
    const code = error.syscall === undefined && !ready ? 'L6RSP' : layer() === 'L4' ? 'L4CON' : `${layer()}RSP`;
    fail(code, error.message, quiet);
  });
  return promise;
}
