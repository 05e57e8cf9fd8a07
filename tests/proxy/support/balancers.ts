// HAProxy and veza-proxy, each started with the same haproxy.cfg on ports of its own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../../support/ports.ts';
import { endProcess } from './processes.ts';
import { readAll, until } from './proxy.ts';
import { proxyMain } from './program.ts';

/** Whether HAProxy is here; in CI it must be. */
export function haproxyIsThere(): boolean {
  const isThere = spawnSync('haproxy', ['-v']).status === 0;
  if (!isThere && process.env['CI'] !== undefined) throw new Error('haproxy is needed here');
  return isThere;
}

export interface Balancer extends AsyncDisposable {
  readonly name: 'haproxy' | 'veza-proxy';
  readonly port: number;
  readonly tlsPort: number;
  /** Folder for its sockets. */
  readonly run: string;
}

/** Starts these, in their order; none is left where one of them fails. `environment` has the ports of the servers. */
export async function startBalancers(
  names: readonly Balancer['name'][],
  file: string,
  environment: Readonly<Record<string, string>>,
): Promise<Balancer[]> {
  const outcomes = await Promise.allSettled(names.map((name) => startBalancer(name, file, environment)));
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return started;
  await Promise.all(started.map((balancer) => balancer[Symbol.asyncDispose]()));
  throw failed.reason;
}

/** Starts one of the two; resolves when it is ready, by default when it listens. Its folder is that of the file. */
export async function startBalancer(
  name: Balancer['name'],
  file: string,
  environment: Readonly<Record<string, string>>,
  isReady: (ports: Pick<Balancer, 'port' | 'tlsPort'>) => Promise<boolean> = ({ port }) => isOpen(port),
): Promise<Balancer> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const run = mkdtempSync(join(tmpdir(), `veza-${name}-`));
  const [command, args] =
    name === 'haproxy' ? ['haproxy', ['-db', '-f', file]] : [process.execPath, [proxyMain, 'run', file]];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: dirname(file),
    env: { ...process.env, ...environment, PORT: String(port), TLS_PORT: String(tlsPort), RUN: run },
  });
  let log = '';
  child.stdout.on('data', (bytes: Buffer) => (log += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (log += bytes.toString()));
  const stop = async (): Promise<void> => {
    await endProcess(child);
    rmSync(run, { recursive: true, force: true });
  };
  try {
    await until(async () => child.exitCode !== null || (await isReady({ port, tlsPort })), 90_000);
    if (child.exitCode !== null) throw new Error(`${name} did not start:\n${log}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name, port, tlsPort, run, [Symbol.asyncDispose]: stop };
}

/** Who answers behind it, or the status where that is none of success. Each time over a connection of its own. */
export async function get(
  { port }: Pick<Balancer, 'port'>,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const outgoing = request({ port, host: '127.0.0.1', path, headers, agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  const said = await text(response);
  return response.statusCode === 200 ? said : String(response.statusCode);
}

/** What it answers to a command on its stats socket. */
export function ask({ run }: Balancer, line: string, socketName = 'stick.sock'): Promise<string> {
  const socket = connect(join(run, socketName));
  socket.write(`${line}\n`);
  return readAll(socket, 30_000);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
