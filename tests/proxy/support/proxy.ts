// Starts a real veza-proxy (master and workers) on free ports for a test, and talks to it.
import { type ChildProcess, spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/ports.ts';
import { endProcess } from './processes.ts';
import { proxyMain } from './program.ts';

const answerMs = 30_000;

export interface RunningProxy extends AsyncDisposable {
  readonly port: number;
  readonly controlPort: number;
  readonly process: ChildProcess;
  readonly configFile: string;
  /** What it logged so far. */
  log(): string;
  command(text: string): Promise<string>;
  /** Replaces the configuration file. */
  write(config: object): void;
}

/** Starts a proxy; `build` gets the ports for its frontend and its stats socket. `options` go to `run`. */
export async function startProxy(
  build: (port: number, controlPort: number) => object,
  options: readonly string[] = [],
): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'veza-proxy-test-'));
  const [port, controlPort] = [await freePort(), await freePort()];
  const configFile = join(folder, 'proxy.json');
  const write = (config: object): void => writeFileSync(configFile, JSON.stringify(config, null, 2));
  write(build(port, controlPort));
  const child = spawn(process.execPath, [proxyMain, 'run', ...options, configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout.on('data', (bytes: Buffer) => (log += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (log += bytes.toString()));
  try {
    await until(() => log.includes('listening on') || child.exitCode !== null, 40_000);
  } catch (error) {
    // On a busy machine it may still be starting: nobody else would stop it.
    await endProcess(child);
    throw error;
  }
  if (child.exitCode !== null) throw new Error(`the proxy did not start:\n${log}`);
  return {
    port,
    controlPort,
    process: child,
    configFile,
    log: () => log,
    // The proxy closes after its answer, which may take its time.
    command: (text) => request(controlPort, `${text}\n`, answerMs),
    write,
    [Symbol.asyncDispose]: async () => {
      await endProcess(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the condition holds; throws after the time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('waited in vain');
    await sleep(10);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Sends bytes, and returns all that comes back until the other side closes or `quietMs` pass without a byte. Who says that
 * it wants the connection closed waits for that, however long a busy machine takes.
 */
export async function request(port: number, payload: string | Buffer, quietMs?: number): Promise<string> {
  const closes = /\r\nconnection: close\r\n/i.test(payload.toString('latin1'));
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.write(typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload);
  return readAll(socket, quietMs ?? (closes ? answerMs : 400));
}

/** All that comes until the end or a pause, or until what came is all that is wanted. */
export async function readAll(
  socket: Socket,
  quietMs: number,
  isEnough: (text: string) => boolean = () => false,
): Promise<string> {
  let text = '';
  await new Promise<void>((resolve) => {
    socket.setTimeout(quietMs, resolve);
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (isEnough(text)) resolve();
    });
    socket.on('close', () => resolve());
    socket.on('end', () => resolve());
    socket.on('error', () => resolve());
  });
  socket.destroy();
  return text;
}

/** Resolves when it is closed, in whatever way; `once` of node:events rejects where it breaks first. */
export function closed(socket: EventEmitter): Promise<void> {
  return new Promise((resolve) => void socket.on('error', () => undefined).once('close', () => resolve()));
}

/** The status of the first answer, however long the connection stays open behind it. */
export async function firstStatus(socket: Socket, patienceMs: number): Promise<number> {
  return statusOf(await readAll(socket, patienceMs, (text) => text.includes('\r\n\r\n')));
}

export function statusOf(response: string): number {
  return Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(response)?.[1] ?? 0);
}
