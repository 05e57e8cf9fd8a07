// Mode tcp through a running proxy: bytes both ways, half-closes, other servers, limits, who the client is, and the log.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { freePort, portOf } from '../../support/ports.ts';
import { readAll, type RunningProxy, startProxy, until } from '../support/proxy.ts';

let servers: Server[];
let open: Socket[];
let proxy: RunningProxy | undefined;

/** Says its name, then gives back what it gets; ends when the client has. */
function echo(name: string): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    open.push(socket);
    socket.on('error', () => undefined);
    socket.write(`${name}:`);
    socket.on('data', (bytes: Buffer) => {
      if (!socket.write(bytes)) {
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
    });
    socket.on('end', () => socket.end('!'));
  });
}

beforeEach(async () => {
  open = [];
  servers = ['a', 'b'].map((name) => echo(name).listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
});

afterEach(async () => {
  for (const socket of open) socket.destroy();
  for (const server of servers) server.close();
  await proxy?.[Symbol.asyncDispose]();
});

async function start(backend: object = {}, frontend: object = {}): Promise<RunningProxy> {
  proxy = await startProxy((front, control) => ({
    workers: 1,
    grace: '100ms',
    log: { access: 'stdout' },
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'tcp', mode: 'tcp', bind: [`127.0.0.1:${front}`], defaultBackend: 'pool', ...frontend }],
    backends: [
      {
        name: 'pool',
        servers: servers.map((server, index) => ({ name: 'ab'[index], address: '127.0.0.1', port: portOf(server) })),
        ...backend,
      },
    ],
  }));
  return proxy;
}

function dial(): Socket {
  const socket = connect({ port: proxy?.port ?? 0, host: '127.0.0.1', allowHalfOpen: true });
  open.push(socket);
  return socket;
}

describe('mode tcp', () => {
  it('carries bytes both ways and half-closes, to one server after the other, and logs it', async () => {
    const running = await start();
    const answers: string[] = [];
    for (const text of ['one', 'two']) {
      const socket = dial();
      socket.end(text);
      answers.push(await readAll(socket, 5000));
    }
    expect(answers.sort()).toEqual(['a:one!', 'b:two!']);
    await until(() => (running.log().match(/ tcp pool\/[ab] [0-9]+\/[0-9]+\/[0-9]+ 6 -- /g) ?? []).length === 2);
  });

  it('keeps every byte of what is large, with back pressure both ways', async () => {
    await start({ balance: 'first' });
    const sent = Buffer.alloc(8 * 1024 * 1024, 'abcdefghijklmnopq');
    const socket = dial();
    socket.end(sent);
    const parts: Buffer[] = [];
    // Slow at first, so that everything on the way fills up.
    socket.pause();
    setTimeout(() => socket.resume(), 300);
    socket.on('data', (bytes: Buffer) => parts.push(bytes));
    await once(socket, 'end');
    const got = Buffer.concat(parts);
    expect(got.length).toBe(sent.length + 3);
    expect(got.subarray(2, -1).equals(sent)).toBe(true);
  });

  it('goes to another server when one refuses', async () => {
    const refusing = await freePort();
    const list = [
      { name: 'gone', address: '127.0.0.1', port: refusing },
      { name: 'a', address: '127.0.0.1', port: portOf(servers[0]) },
    ];
    await start({ balance: 'first', servers: list });
    const socket = dial();
    socket.end('x');
    expect(await readAll(socket, 5000)).toBe('a:x!');
  });

  it('waits before it tries the only server again, though there is no time for one to come back', async () => {
    const port = await freePort();
    await start({ hold: '0', retries: 10, servers: [{ name: 'a', address: '127.0.0.1', port }] });
    const socket = dial();
    socket.end('x');
    const answer = readAll(socket, 20_000);
    await until(async () => (await proxy?.command('show stat'))?.includes('\npool,BACKEND,1,') === true);
    servers.push(echo('late').listen(port, '127.0.0.1'));
    expect(await answer).toBe('late:x!');
  });

  it('keeps to maxconn: the next waits until the first is gone', async () => {
    const [server] = servers;
    await start({ servers: [{ name: 'a', address: '127.0.0.1', port: portOf(server), maxconn: 1 }] });
    const first = dial();
    await once(first, 'data');
    const second = dial();
    second.end('late');
    const answer = readAll(second, 10_000);
    await until(async () => (await proxy?.command('show stat'))?.includes('\npool,BACKEND,1,') === true);
    first.end();
    expect(await answer).toBe('a:late!');
  });

  it('says and hears by the PROXY protocol who the client is', async () => {
    await start({ balance: 'first', sendProxy: 'v1' }, { acceptProxy: ['127.0.0.1'] });
    const socket = dial();
    socket.write('PROXY TCP4 198.51.100.7 192.0.2.1 1234 ');
    socket.end('80\r\nhello');
    expect(await readAll(socket, 5000)).toBe('a:PROXY TCP4 198.51.100.7 192.0.2.1 1234 80\r\nhello!');
    await until(() => proxy?.log().includes('198.51.100.7:1234 [') === true);
  });

  it('sends clients of one network to one server, and closes all on shutdown sessions', async () => {
    await start({ balance: 'source', hash: { ipv4Prefix: 24 } });
    const sockets = Array.from({ length: 4 }, dial);
    const names = await Promise.all(sockets.map(async (socket) => String((await once(socket, 'data'))[0])));
    expect(new Set(names).size).toBe(1);
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
    for (const socket of sockets) socket.on('error', () => undefined).on('end', () => socket.end());
    await proxy?.command(`shutdown sessions server pool/${names[0]?.[0] ?? ''}`);
    await closed;
  });

  it('cannot have what looks into requests', () => {
    const problems = (frontend: object, backend: object = {}): string => {
      const text = JSON.stringify({
        frontends: [{ name: 'f', mode: 'tcp', bind: ['*:80'], ...frontend }],
        backends: [{ name: 'b', servers: [{ name: 'a', address: 'x', port: 1 }], ...backend }],
      });
      return readConfig(text, 'x.json')
        .diagnostics.map(({ message }) => message)
        .join();
    };
    expect(problems({})).toContain('needs `defaultBackend` or rules');
    const rules = (...given: object[]): string => problems({ rules: given });
    expect(rules({ path: '/', backend: 'b' })).toContain('`path` of a rule means nothing in mode tcp');
    expect(rules({ not: [{ host: 'a' }], backend: 'b' })).toContain('`host` means nothing in mode tcp');
    expect(rules({ sni: 'a', respond: { status: 200 } })).toContain('`respond` of a rule means nothing');
    expect(rules({ sni: '*.a.org', any: [{ alpn: 'h2' }, { scheme: 'http' }], backend: 'b' })).toBe('');
    expect(rules({ source: ['10.0.0.0/8'], reject: true })).toBe('');
    const inHttp = { mode: 'http', defaultBackend: 'b', rules: [{ alpn: 'h2', reject: true }] };
    expect(problems(inHttp)).toBe('`alpn` is for mode tcp,`reject` is for mode tcp');
    expect(problems({ defaultBackend: 'b', cors: { origins: ['*'] } })).toContain('`cors` means nothing');
    const tls = { bind: ['*:443'], certificates: ['a.pem'] };
    expect(problems({ defaultBackend: 'b', tls })).toContain('`tls` means nothing in mode tcp');
    expect(problems({ defaultBackend: 'b', http2: { clear: true } })).toContain('`http2` means nothing in mode tcp');
    expect(problems({ defaultBackend: 'b' }, { cookie: { name: 'S' } })).toContain('cannot see');
    const stick = { on: [{ key: 'header', name: 'x' }] };
    expect(problems({ defaultBackend: 'b' }, { stick })).toContain('sticks on what mode tcp cannot see');
    expect(problems({ defaultBackend: 'b' })).toBe('');
  });
});
