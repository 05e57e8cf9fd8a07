// Sockets that come from outside, as systemd passes them: no connection is lost while no process or another one has them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get as httpGet, type Server } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { readAll, request, sleep, statusOf, until } from '../support/proxy.ts';
import { proxyMain } from '../support/program.ts';

let backend: Server;

beforeAll(async () => {
  backend = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
  backend.on('upgrade', (_request, socket) => {
    socket.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  await once(backend, 'listening');
});

afterAll(() => {
  backend.closeAllConnections();
  backend.close();
});

interface Activated extends AsyncDisposable {
  readonly port: number;
  readonly child: ReturnType<typeof spawn>;
  /** Starts another process on the same socket. */
  start(): void;
}

/** A proxy that is passed its socket as systemd does it. */
async function startActivated(settings: object): Promise<Activated> {
  const { _createServerHandle: bind } = net as unknown as {
    readonly _createServerHandle: (address: string, port: number, family: number) => { fd: number; close(): void };
  };
  const port = await freePort();
  const socket = bind('127.0.0.1', port, 4);
  const folder = mkdtempSync(join(tmpdir(), 'veza-proxy-activation-'));
  const file = join(folder, 'proxy.json');
  const config = {
    workers: 1,
    ...settings,
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: portOf(backend) }] }],
  };
  writeFileSync(file, JSON.stringify(config));
  const start = (): ReturnType<typeof spawn> =>
    spawn('/bin/sh', ['-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"', process.execPath, proxyMain, 'run', file], {
      stdio: ['ignore', 'ignore', 'ignore', socket.fd],
    });
  let child = start();
  await until(async () => statusOf(await request(port, 'GET / HTTP/1.0\r\n\r\n', 300)) === 200);
  return {
    port,
    get child() {
      return child;
    },
    start: () => void (child = start()),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      socket.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describe('socket activation', () => {
  it('loses no connection over a restart: the queue of the socket stays open', async () => {
    await using activated = await startActivated({});
    const { port } = activated;
    const agent = new Agent({ keepAlive: true });
    const results: string[] = [];
    let started = 0;
    const timer = setInterval(() => {
      started += 1;
      const done = (result: string): void => void results.push(result);
      const own = started % 2 === 0 ? { agent } : { agent: false as const };
      httpGet({ host: '127.0.0.1', port, ...own }, (response) => {
        response.resume();
        response.on('end', () => done(String(response.statusCode)));
      }).on('error', (error) => done(error.message));
    }, 10);
    await sleep(300);
    const exited = once(activated.child, 'exit');
    activated.child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
    activated.start();
    await sleep(1500);
    clearInterval(timer);
    await until(() => results.length === started);
    expect(results.filter((result) => result !== '200')).toEqual([]);
    expect(results.length).toBeGreaterThan(50);
    agent.destroy();
  });

  it('answers who connected while long tunnels kept the old process, and asks only at its end', async () => {
    await using activated = await startActivated({ grace: '500ms' });
    const tunnel = net.connect(activated.port, '127.0.0.1');
    tunnel.on('error', () => undefined);
    tunnel.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(tunnel, 'data');
    const exited = once(activated.child, 'exit');
    activated.child.kill('SIGTERM');
    await sleep(300);
    const late = net.connect(activated.port, '127.0.0.1');
    await sleep(400);
    late.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await readAll(late, 2000)).toMatch(/^HTTP\/1.1 200 OK[^]*Connection: close/);
    expect((await exited)[0]).toBe(0);
  });
});
