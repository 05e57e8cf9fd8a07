// Attempts after the first: for statuses, after a pause on the only server there is, and how servers and logs see them.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';

interface Seen {
  readonly server: string;
  readonly method: string;
  readonly attempt: string;
}

let seen: Seen[];
let statuses: Record<string, number>;
let servers: Server[];
let proxy: RunningProxy;

/** A backend that answers with what `statuses` says for its name. */
function backend(name: string): Server {
  return createServer((incoming, response) => {
    const attempt = incoming.headers['x-attempt'];
    seen.push({ server: name, method: incoming.method ?? '', attempt: typeof attempt === 'string' ? attempt : '' });
    incoming.resume();
    incoming.on('end', () => response.writeHead(statuses[name] ?? 200, { 'X-Server': name }).end(`from ${name}`));
  });
}

async function start(servers: readonly object[], extra: object): Promise<void> {
  proxy = await startProxy((front, control) => ({
    workers: 1,
    grace: '100ms',
    log: { access: 'stdout' },
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', attemptHeader: 'X-Attempt', servers, ...extra }],
  }));
}

beforeEach(async () => {
  seen = [];
  statuses = {};
  servers = ['a', 'b'].map((name) => backend(name).listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
});

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await proxy[Symbol.asyncDispose]();
});

function both(): object[] {
  return servers.map((server, index) => {
    return { name: 'ab'[index], address: '127.0.0.1', port: portOf(server) };
  });
}

function send(method: string, extra = ''): Promise<string> {
  const body = method === 'POST' ? 'Content-Length: 2\r\n' : '';
  const rest = method === 'POST' ? 'ok' : '';
  return request(
    proxy.port,
    `${method} / HTTP/1.1\r\nHost: x\r\n${body}${extra}Connection: close\r\n\r\n${rest}`,
    5000,
  );
}

describe('retryOn', () => {
  it('tries another server, which is told so, and the log says it', async () => {
    await start(both(), { balance: 'first', retryOn: [503] });
    statuses = { a: 503 };
    const answer = await send('GET');
    expect([statusOf(answer), answer.includes('from b')]).toEqual([200, true]);
    expect(seen).toEqual([
      { server: 'a', method: 'GET', attempt: '' },
      { server: 'b', method: 'GET', attempt: '1' },
    ]);
    await until(() => proxy.log().includes('/+1 '));
  });

  it('passes the last answer on when all say the same', async () => {
    await start(both(), { retryOn: [503], retries: 2 });
    statuses = { a: 503, b: 503 };
    const answer = await send('GET');
    expect([statusOf(answer), answer.includes('from ')]).toEqual([503, true]);
    expect(seen.map(({ attempt }) => attempt)).toEqual(['', '1', '2']);
  });

  it('repeats no POST without a key, one with a key it does, and no other status', async () => {
    await start(both(), { balance: 'first', retryOn: [503] });
    statuses = { a: 503 };
    expect(statusOf(await send('POST'))).toBe(503);
    expect(seen.length).toBe(1);
    expect(statusOf(await send('POST', 'Idempotency-Key: k\r\n'))).toBe(200);
    statuses = { a: 500 };
    expect(statusOf(await send('GET'))).toBe(500);
  });
});

describe('the only server', () => {
  it('gets a pause before it is tried again', async () => {
    const port = await freePort();
    await start([{ name: 'a', address: '127.0.0.1', port }], {});
    const before = performance.now();
    const answer = send('POST');
    await until(async () =>
      (await proxy.command('show stat')).split('\n').some((row) => row.startsWith('api,BACKEND,1,')),
    );
    const server = backend('a').listen(port, '127.0.0.1');
    servers.push(server);
    expect(statusOf(await answer)).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(900);
  });
});
