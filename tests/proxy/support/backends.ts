// Backends as child processes, and load on the proxy in front of them.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { sleep } from './proxy.ts';

const scripts = {
  'http/1.1': fileURLToPath(new URL('./backend-process.ts', import.meta.url)),
  h2: fileURLToPath(new URL('./backend-h2-process.ts', import.meta.url)),
} as const;

/** One backend on a fixed port that can be started again. */
export class Backend implements AsyncDisposable {
  readonly port: number;
  readonly name: string;
  /** Times each request id was executed. */
  readonly executed: Map<string, number>;
  readonly #script: string;
  #child: ChildProcess | undefined;

  constructor(port: number, name: string, executed: Map<string, number>, speaks: keyof typeof scripts = 'http/1.1') {
    this.#script = scripts[speaks];
    this.port = port;
    this.name = name;
    this.executed = executed;
  }

  async start(backlog = 511): Promise<void> {
    const child = fork(this.#script, [String(this.port), this.name, String(backlog)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    child.on('message', (message: 'listening' | { id?: string }) => {
      if (message === 'listening') resolve(undefined);
      else if (message.id !== undefined) this.executed.set(message.id, (this.executed.get(message.id) ?? 0) + 1);
    });
    await promise;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGCONT');
    await this.stop('SIGKILL');
  }
}

export interface Outcome {
  readonly id: string;
  readonly kind: string;
  readonly status: number;
  readonly error: string;
  readonly ms: number;
  /** Start, in milliseconds since the load began. */
  readonly at: number;
  readonly server: string;
}

export interface LoadKind {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Open-loop load: starts `perSecond` requests a second whatever the answers do, cycling through the kinds. */
export class Load {
  readonly outcomes: Outcome[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #port: number;
  readonly #kinds: readonly (readonly [string, LoadKind])[];
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #started = 0;
  #open = 0;

  constructor(port: number, perSecond: number, kinds: Readonly<Record<string, LoadKind>>) {
    this.#port = port;
    this.#kinds = Object.entries(kinds);
    this.#timer = setInterval(() => {
      const due = ((performance.now() - this.#startedAt) * perSecond) / 1000;
      while (this.#started < due) this.#shoot();
    }, 4);
  }

  /** Ends the load and waits for the last answers. */
  async stop(): Promise<readonly Outcome[]> {
    clearInterval(this.#timer);
    for (let tries = 0; this.#open > 0 && tries < 1500; tries += 1) await sleep(10);
    this.#agent.destroy();
    return this.outcomes;
  }

  #shoot(): void {
    const [kind, { method = 'GET', path = '/', headers = {}, body }] = this.#kinds[
      this.#started % this.#kinds.length
    ] ?? ['', {}];
    this.#started += 1;
    this.#open += 1;
    const id = `r${this.#started}`;
    const at = performance.now();
    const done = (status: number, error: string, server = ''): void => {
      this.#open -= 1;
      this.outcomes.push({ id, kind, status, error, server, ms: performance.now() - at, at: at - this.#startedAt });
    };
    const extra = headers['Idempotency-Key'] === undefined ? {} : { 'Idempotency-Key': id };
    const outgoing = httpRequest(
      {
        host: '127.0.0.1',
        port: this.#port,
        agent: this.#agent,
        method,
        path,
        headers: { ...headers, ...extra, 'X-Request': id },
      },
      (response) => {
        response.resume();
        response.on('end', () => done(response.statusCode ?? 0, '', String(response.headers['x-server'])));
        response.on('error', (error) => done(0, error.message));
      },
    );
    outgoing.on('error', (error) => done(0, error.message));
    outgoing.end(body);
  }
}

/** Outcomes that are not a 200. */
export function failures(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.filter(({ status }) => status !== 200);
}

export function slowest(outcomes: readonly Outcome[]): number {
  return Math.max(0, ...outcomes.map(({ ms }) => ms));
}
