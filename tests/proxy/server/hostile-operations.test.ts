// Operating a running veza-proxy at the wrong moment or with the wrong file: traffic goes on, nothing is destroyed.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { readAll, request, type RunningProxy, sleep, startProxy, statusOf, until } from '../support/proxy.ts';

let backend: Server;
let backendPort = 0;
let folder: string;
let proxy: RunningProxy;
let seen: NodeJS.Dict<string | string[]>[] = [];

beforeAll(async () => {
  backend = createServer((incoming, response) => {
    seen.push(incoming.headers);
    if (incoming.url !== '/slow') response.end('ok');
    else {
      response.writeHead(200, { 'Content-Length': 20_002 });
      response.write('s'.repeat(20_000));
      setTimeout(() => response.end('ok'), 500);
    }
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  backendPort = portOf(backend);
});

afterAll(() => {
  backend.closeAllConnections();
  backend.close();
});

beforeEach(async () => {
  seen = [];
  folder = mkdtempSync(join(tmpdir(), 'veza-proxy-operations-'));
  proxy = await startProxy(configOf());
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function configOf(extra: object = {}, frontend = 'http'): (port: number, control: number) => object {
  return (port, control) => ({
    workers: 1,
    grace: '2s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      { name: frontend, bind: [`127.0.0.1:${port}`, `unix:${join(folder, 'front.sock')}`], defaultBackend: 'api' },
    ],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: backendPort }] }],
    ...extra,
  });
}

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

async function answerOf(socket: Socket, payload: string): Promise<string> {
  socket.write(payload);
  let text = '';
  while (!text.endsWith('ok')) text += String((await once(socket, 'data'))[0]);
  return text;
}

describe('a reload', () => {
  it('with an access log that cannot be opened is refused, and traffic goes on', async () => {
    proxy.write(configOf({ log: { access: join(folder, 'none', 'access.log') } })(proxy.port, proxy.controlPort));
    expect(await proxy.command('reload')).toContain('cannot open the access log');
    expect(statusOf(await request(proxy.port, get()))).toBe(200);
    expect(proxy.log()).not.toContain('starting another');
  });

  it('that removes a frontend lets its clients finish and tells them to come again', async () => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    expect(await answerOf(socket, get())).not.toContain('Connection: close');
    proxy.write(configOf({}, 'renamed')(proxy.port, proxy.controlPort));
    expect(await proxy.command('reload')).toContain('Success');
    await sleep(100);
    expect(await answerOf(socket, get())).toContain('Connection: close');
    await once(socket, 'close');
  });

  it('does not begin while the proxy stops', async () => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.write(get('/slow'));
    await sleep(100);
    const exited = once(proxy.process, 'exit');
    proxy.process.kill('SIGTERM');
    await sleep(100);
    proxy.process.kill('SIGHUP');
    expect((await exited)[0]).toBe(0);
    expect(proxy.log()).not.toContain('reloaded');
    socket.destroy();
  });
});

describe('a graceful stop', () => {
  it('keeps the word it gave: a connection that was announced as kept takes another request', async () => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    const first = answerOf(socket, get('/slow'));
    await sleep(200);
    proxy.process.kill('SIGTERM');
    expect(await first).not.toContain('Connection: close');
    await sleep(50);
    expect(await answerOf(socket, get())).toContain('Connection: close');
  });
});

describe('a control socket', () => {
  it('answers all lines that came at once, each whole, and closes when it is not interactive', async () => {
    const text = await request(proxy.controlPort, 'show stat\nshow info\n', 1000);
    expect(text).toContain('api,BACKEND,');
    expect(text.endsWith('\n\n')).toBe(true);
    expect(text).toContain('Name: veza-proxy');
  });

  it('takes a limited number of connections, and the proxy does not mind more', async () => {
    const sockets = Array.from({ length: 200 }, () => connect({ port: proxy.controlPort, host: '127.0.0.1' }));
    let closed = 0;
    for (const socket of sockets) socket.on('error', () => undefined).on('close', () => (closed += 1));
    await until(() => closed >= 72, 2000);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await proxy.command('show info')).includes('veza-proxy'), 2000);
  });
});

describe('a unix socket', () => {
  it('serves clients, which have no address', async () => {
    const status = async (): Promise<number> => {
      const socket = connect(join(folder, 'front.sock'));
      socket.write('GET / HTTP/1.0\r\n\r\n');
      return statusOf(await readAll(socket, 1000));
    };
    await until(async () => (await status()) === 200);
    expect(seen[0]).toMatchObject({ host: 'localhost', 'x-forwarded-proto': 'http' });
    expect(seen[0]).not.toHaveProperty('x-forwarded-for');
  });

  it('never takes the place of a file', async () => {
    const file = join(folder, 'precious');
    writeFileSync(file, 'kept');
    proxy.write(configOf({ stats: { socket: [`unix:${file}`] } })(proxy.port, proxy.controlPort));
    expect(await proxy.command('reload')).toContain('cannot listen');
    expect(existsSync(file) && readFileSync(file, 'utf8')).toBe('kept');
  });
});
