// Real processes on loopback for the failover tests: demo backends, and HAProxy with the directives of the reference role.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchExecutions } from '../../src/failover/executions.ts';
import type { Actuator, Address, BackendExecutions } from '../../src/failover/model.ts';
import { socketStats } from '../../src/failover/stats.ts';
import { freePort, portOf } from '../support/ports.ts';

const demoBackend = resolve(import.meta.dirname, '../../roles/backend_api/files/demo-backend.mjs');
const haproxyPath = '/usr/sbin/haproxy';
export const hasHaproxy = existsSync(haproxyPath);

export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'veza-failover-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A demo backend as a child process that can be stopped in every way and started again on the same port. */
export class DemoBackend implements AsyncDisposable {
  readonly name: string;
  readonly address: Address;
  readonly #environment: Record<string, string>;
  #child: ChildProcess | null = null;

  private constructor(name: string, port: number, environment: Record<string, string>) {
    this.name = name;
    this.address = { host: '127.0.0.1', port };
    this.#environment = environment;
  }

  static async start(name: string, environment: Record<string, string> = {}): Promise<DemoBackend> {
    const backend = new DemoBackend(name, await freePort(), environment);
    await backend.start();
    return backend;
  }

  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  async start(): Promise<void> {
    const { host, port } = this.address;
    const env = { PATH: process.env['PATH'], HOST: host, PORT: String(port), NAME: this.name, ...this.#environment };
    const child = spawn(process.execPath, [demoBackend], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error(`${this.name} did not start`))),
    ]);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGCONT');
    await this.end('SIGKILL');
  }
}

/** The actuator for one of the ways that a process can show on loopback. */
export function processActuator(backend: DemoBackend, way: 'stop' | 'crash' | 'hang' | 'none'): Actuator {
  switch (way) {
    case 'stop':
    case 'crash': {
      const signal = way === 'stop' ? 'SIGTERM' : 'SIGKILL';
      return { fail: () => backend.end(signal).then(() => undefined), heal: () => backend.start() };
    }
    case 'hang': {
      const send = (signal: NodeJS.Signals): Promise<void> => {
        backend.signal(signal);
        return Promise.resolve();
      };
      return { fail: () => send('SIGSTOP'), heal: () => send('SIGCONT') };
    }
    case 'none':
      return { fail: () => Promise.resolve(), heal: () => Promise.resolve() };
  }
}

export function executionsOf(backends: readonly DemoBackend[]): (prefix: string) => Promise<BackendExecutions[]> {
  return (prefix) => Promise.all(backends.map((backend) => fetchExecutions(backend.address, prefix)));
}

export interface Haproxy extends AsyncDisposable {
  readonly target: Address;
  readonly stats: Address;
}

export interface HaproxyOptions {
  /** The role has 5 s; tests may shorten it, which can only help HAProxy. */
  readonly interMs: number;
  /** Directives that the reference does not have. */
  readonly extra?: readonly string[];
}

/** A real HAProxy with exactly the directives of the reference role, on free loopback ports. */
export async function startHaproxy(backends: readonly DemoBackend[], options: HaproxyOptions): Promise<Haproxy> {
  const directory = await temporaryDirectory();
  const target = { host: '127.0.0.1', port: await freePort() };
  const stats = { host: '127.0.0.1', port: await freePort() };
  const config = join(directory.path, 'haproxy.cfg');
  await writeFile(config, haproxyConfig(target, stats, backends, options));
  const child = spawn(haproxyPath, ['-db', '-q', '-f', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  const query = socketStats(stats);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await query('show info').catch(() => null)) break;
    await sleep(50);
  }
  return {
    target,
    stats,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await directory[Symbol.asyncDispose]();
    },
  };
}

function haproxyConfig(
  target: Address,
  stats: Address,
  backends: readonly DemoBackend[],
  { interMs, extra = [] }: HaproxyOptions,
): string {
  const servers = backends.map(
    ({ name, address }) => `  server ${name} ${address.host}:${address.port} check cookie ${name}`,
  );
  return `global
  maxconn 2000
  stats socket ipv4@${stats.host}:${stats.port} level admin
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
  timeout tunnel 1h
${extra.map((line) => `  ${line}\n`).join('')}frontend http
  bind ${target.host}:${target.port}
  default_backend api_pool
backend api_pool
  balance roundrobin
  cookie SERVERID insert indirect nocache
  option httpchk GET /api/v1/health
  default-server inter ${interMs}ms fall 3 rise 2 on-marked-down shutdown-sessions slowstart 30s
${servers.join('\n')}
`;
}

/** The simplest balancer there is: each connection goes to the next backend that takes it. Not a thing to learn from. */
export async function startRelay(
  backends: readonly DemoBackend[],
): Promise<AsyncDisposable & { readonly target: Address }> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer((client) => {
    const open = (attempt: number): void => {
      const backend = backends[(turn + attempt) % backends.length];
      if (!backend || attempt === backends.length) return void client.destroy();
      const upstream = connect(backend.address.port, backend.address.host);
      upstream.once('error', () => open(attempt + 1));
      upstream.once('connect', () => {
        sockets.add(upstream);
        upstream.removeAllListeners('error').on('error', () => client.destroy());
        upstream.on('close', () => client.destroy());
        client.on('close', () => upstream.destroy());
        client.pipe(upstream).pipe(client);
      });
    };
    sockets.add(client);
    client.on('error', () => client.destroy());
    open(0);
    turn += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  return {
    target: { host: '127.0.0.1', port },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
