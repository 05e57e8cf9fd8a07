// Requests that wait for slots in a running proxy: no server gets more than its limit, everybody gets its turn, in order.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { readAll, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';
import { statsOf } from '../support/stats.ts';

/** A backend that answers when it is told to, and counts what it has at once. */
class Slow {
  readonly open: { readonly url: string; readonly response: ServerResponse }[] = [];
  readonly seen: string[] = [];
  most = 0;
  readonly server: Server;

  constructor() {
    this.server = createServer((request: IncomingMessage, response) => {
      request.resume();
      this.seen.push(request.url ?? '');
      this.open.push({ url: request.url ?? '', response });
      this.most = Math.max(this.most, this.open.length);
    }).listen(0, '127.0.0.1');
  }

  get port(): number {
    return portOf(this.server);
  }

  /** Ends the oldest request. */
  answer(): void {
    this.open.shift()?.response.end('done');
  }
}

let a: Slow;
let b: Slow;
let proxy: RunningProxy | undefined;

beforeEach(async () => {
  a = new Slow();
  b = new Slow();
  await Promise.all([a, b].map(({ server }) => once(server, 'listening')));
});

afterEach(async () => {
  for (const { server } of [a, b]) {
    server.closeAllConnections();
    server.close();
  }
  await proxy?.[Symbol.asyncDispose]();
});

async function start(backend: object, server: object = {}, workers = 1): Promise<RunningProxy> {
  proxy = await startProxy((front, control) => ({
    workers,
    grace: '100ms',
    stats: { socket: [`127.0.0.1:${control}`] },
    timeouts: { queue: '20s', firstByte: '0' },
    frontends: [
      {
        name: 'http',
        bind: [`127.0.0.1:${front}`],
        rules: [{ pathPrefix: '/urgent', backend: 'api', priority: -1 }],
        defaultBackend: 'api',
      },
    ],
    backends: [
      {
        name: 'api',
        cookie: { name: 'SERVERID' },
        servers: [a, b].map(({ port }, index) => ({
          name: 'ab'[index],
          address: '127.0.0.1',
          port,
          maxconn: 1,
          ...server,
        })),
        ...backend,
      },
    ],
  }));
  return proxy;
}

async function ask(path: string, cookie = ''): Promise<number> {
  const socket = connect({ port: proxy?.port ?? 0, host: '127.0.0.1' });
  const line = cookie === '' ? '' : `Cookie: SERVERID=${cookie}\r\n`;
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${line}Connection: close\r\n\r\n`);
  return statusOf(await readAll(socket, 30_000));
}

async function queued(row: string): Promise<number> {
  const [count = ''] = proxy ? await statsOf(proxy, `api,${row}`, 'qcur') : [];
  return count === '' ? -1 : Number(count);
}

describe('maxconn with several workers', () => {
  /** Lets 30 requests be served one after the other, whatever worker has them. */
  async function serveMany(): Promise<Set<number>> {
    const answers = Array.from({ length: 30 }, (_, index) => ask(`/${index}`));
    for (let served = 0; served < 30; served += 1) {
      await until(() => a.open.length + b.open.length > 0, 20_000);
      (a.open.length > 0 ? a : b).answer();
    }
    return new Set(await Promise.all(answers));
  }

  it('is never exceeded, and nobody waits for a slot that another worker does not use', async () => {
    await start({}, {}, 3);
    expect(await serveMany()).toEqual(new Set([200]));
    expect([a.most, b.most]).toEqual([1, 1]);
  });

  it('and maxqueue hold for the whole backend, wherever requests come', async () => {
    await start({ maxconn: 2, maxqueue: 3 }, { maxconn: 0 }, 2);
    const statuses: number[] = [];
    const answers = Array.from({ length: 9 }, async (_, index) => statuses.push(await ask(`/${index}`)));
    await until(() => statuses.length === 4 && a.open.length + b.open.length === 2);
    expect([new Set(statuses), await queued('BACKEND')]).toEqual([new Set([503]), 3]);
    for (let served = 0; served < 5; served += 1) {
      await until(() => a.open.length + b.open.length > 0);
      expect(a.open.length + b.open.length).toBeLessThanOrEqual(2);
      (a.open.length > 0 ? a : b).answer();
    }
    await Promise.all(answers);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  });

  it('loses no slots with a worker that dies', async () => {
    const running = await start({}, {}, 2);
    const found = execFileSync('pgrep', ['-P', String(running.process.pid)], { encoding: 'utf8' });
    const [worker] = found.trim().split('\n');
    expect(await serveMany()).toEqual(new Set([200]));
    process.kill(Number(worker), 'SIGKILL');
    await until(() => running.log().includes('starting another'), 20_000);
    expect(await serveMany()).toEqual(new Set([200]));
    expect([a.most, b.most]).toEqual([1, 1]);
  });
});

describe('maxconn', () => {
  it('is never exceeded; the rest waits in order, the urgent first, and all are served', async () => {
    await start({});
    const answers = [ask('/1'), ask('/2')];
    await until(() => a.open.length + b.open.length === 2);
    for (const path of ['/3', '/4', '/urgent/5']) {
      answers.push(ask(path));
      await until(async () => (await queued('BACKEND')) === answers.length - 2);
    }
    a.answer();
    await until(() => a.seen.length + b.seen.length === 3);
    expect([...a.seen, ...b.seen]).toContain('/urgent/5');
    b.answer();
    await until(() => a.seen.length + b.seen.length === 4);
    expect([...a.seen, ...b.seen]).toContain('/3');
    a.answer();
    await until(() => a.seen.length + b.seen.length === 5);
    while (a.open.length + b.open.length > 0) for (const each of [a, b]) each.answer();
    expect(await Promise.all(answers)).toEqual([200, 200, 200, 200, 200]);
    expect([a.most, b.most]).toEqual([1, 1]);
    expect(await queued('BACKEND')).toBe(0);
  });

  it('lets clients that are bound wait for their server while another is free, up to maxqueue', async () => {
    await start({}, { maxqueue: 1 });
    const answers = [ask('/1', 'a')];
    await until(() => a.open.length === 1);
    answers.push(ask('/2', 'a'));
    await until(async () => (await queued('a')) === 1);
    answers.push(ask('/3', 'a'));
    await until(() => b.seen.length === 1);
    expect(b.seen).toEqual(['/3']);
    a.answer();
    await until(() => a.seen.length === 2);
    a.answer();
    b.answer();
    expect(await Promise.all(answers)).toEqual([200, 200, 200]);
  });

  it('of the backend holds over all servers; beyond maxqueue is 503 at once, and so is waiting too long', async () => {
    await start({ maxconn: 1, maxqueue: 1, timeouts: { queue: '1s' } }, { maxconn: 0 });
    const first = ask('/1');
    await until(() => a.open.length + b.open.length === 1);
    const second = ask('/2');
    await until(async () => (await queued('BACKEND')) === 1);
    expect(await ask('/3')).toBe(503);
    expect(await second).toBe(503);
    for (const each of [a, b]) each.answer();
    expect(await first).toBe(200);
    expect(a.seen.length + b.seen.length).toBe(1);
  });

  it('lets go of clients of a server that goes into maintenance', async () => {
    const running = await start({});
    const answers = [ask('/1', 'a'), ask('/2', 'a')];
    await until(async () => (await queued('a')) === 1);
    await running.command('set server api/a state maint');
    await until(() => b.seen.length === 1);
    a.answer();
    b.answer();
    expect(await Promise.all(answers)).toEqual([200, 200]);
    expect(a.seen.length).toBe(1);
  });
});
