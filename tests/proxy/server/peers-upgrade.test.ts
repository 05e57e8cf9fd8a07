// Machines that share stick tables, while one of them is upgraded: its workers are replaced, or its process is. Every client
// keeps its server, whoever told it, and what was new at the last moment is not lost.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort, portOf } from '../../support/ports.ts';
import { get } from '../support/balancers.ts';
import { Neighbour } from '../support/neighbour.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';

/** On a busy machine. */
const patienceMs = 60_000;
const names = ['s1', 's2', 's3'];
const servers: Server[] = [];
let ports: number[] = [];

beforeAll(async () => {
  for (const name of names) {
    const server = createServer((_incoming, response) => response.end(name)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
});

beforeEach(async () => {
  ports = [await freePort(), await freePort()];
});

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function config(local: 'left' | 'right', port = 1, control = 2): object {
  return {
    workers: 2,
    grace: '1s',
    stats: { socket: [{ bind: `127.0.0.1:${control}`, level: 'admin' }] },
    peers: [
      {
        name: 'pair',
        local,
        members: ['left', 'right'].map((name, at) => ({ name, address: '127.0.0.1', port: ports[at] })),
        timeouts: { reconnect: '1s', silence: '30s' },
      },
    ],
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        stick: { on: [{ key: 'header', name: 'x-user' }], peers: 'pair', len: 64 },
        servers: servers.map((server, at) => ({ name: names[at], address: '127.0.0.1', port: portOf(server) })),
      },
    ],
  };
}

function start(local: 'left' | 'right'): Promise<RunningProxy> {
  return startProxy((port, control) => config(local, port, control));
}

/** Where a client with this number belongs. */
function serverOf(at: number): string {
  return names[at % names.length] ?? '';
}

/** An operator binds clients to their servers. */
async function bind(proxy: RunningProxy, prefix: string, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, at) => {
    return `set table api key ${prefix}${at} data.server_id ${(at % names.length) + 1}`;
  });
  expect(await proxy.command(lines.join(';'))).toBe('\n'.repeat(count));
}

async function used(proxy: RunningProxy): Promise<number> {
  return Number(/ used:([0-9]+)/.exec(await proxy.command('show table'))?.[1]);
}

function ask(proxy: RunningProxy, user: string): Promise<string> {
  return get(proxy, '/', { 'X-User': user });
}

describe('one of two machines that share stick tables', { timeout: 4 * patienceMs }, () => {
  it('gets new workers: the connection stays, and so do clients, however many there are', async () => {
    const count = 50_000;
    using left = await Neighbour.start(config('left'));
    await using right = await start('right');
    for (let at = 0; at < count; at += 1) left.store('api', `user${at}`, serverOf(at));
    await until(async () => (await used(right)) === count, patienceMs);
    // Workers that answer once more heard of all of them.
    await used(right);
    const before = left.count('peer_down');
    const wrong: string[] = [];
    let asked = 0;
    let isOver = false;
    const client = async (): Promise<void> => {
      while (!isOver) {
        // Those that a new worker hears of last.
        const at = count - 1 - (asked % 1000);
        asked += 1;
        const server = await ask(right, `user${at}`);
        if (server !== serverOf(at)) wrong.push(`user${at}: ${server}`);
      }
    };
    const clients = [client(), client(), client(), client()];
    expect(await right.command('upgrade')).toBe('Success=1\n\n');
    const soFar = asked;
    await until(() => asked > soFar + 200, patienceMs);
    isOver = true;
    await Promise.all(clients);
    expect(wrong).toEqual([]);
    expect(left.count('peer_down')).toBe(before);
    // The new workers hear of what is new on the other machine, and it hears of what they do.
    for (let at = 0; at < 30; at += 1) left.store('api', `late${at}`, serverOf(at));
    await until(async () => (await used(right)) === count + 30, patienceMs);
    for (let at = 0; at < 30; at += 1) expect(await ask(right, `late${at}`)).toBe(serverOf(at));
    const server = await ask(right, 'new');
    await until(() => left.serverOf('api', 'new') === server, patienceMs);
  });

  it('is started anew: what was new is told before it goes, and all comes back to the next process', async () => {
    await using right = await start('right');
    await using left = await start('left');
    await bind(right, 'right', 50);
    await bind(left, 'left', 50);
    await until(async () => (await used(right)) === 100 && (await used(left)) === 100, patienceMs);
    const users = Array.from({ length: 60 }, (_, at) => `last${at}`);
    const answers = await Promise.all(users.map((user) => ask(left, user)));
    const exited = once(left.process, 'exit');
    left.process.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
    await until(() => / peer pair\/left is gone: /.test(right.log()), patienceMs);
    expect(await used(right)).toBe(160);
    expect(await Promise.all(users.map((user) => ask(right, user)))).toEqual(answers);
    await bind(right, 'meanwhile', 50);
    await using next = await start('left');
    await until(async () => (await used(next)) === 210, patienceMs);
    expect(await next.command('show peers')).toMatch(/id=right\(remote,active\)/);
    expect(await Promise.all(users.map((user) => ask(next, user)))).toEqual(answers);
    for (const prefix of ['left', 'right', 'meanwhile'])
      for (let at = 0; at < 50; at += 7) expect(await ask(next, `${prefix}${at}`)).toBe(serverOf(at));
    await bind(next, 'again', 3);
    await until(async () => (await used(right)) === 213, patienceMs);
  });

  it('stops, and tells first what it did not tell yet, however much it is', async () => {
    const count = 5000;
    using left = await Neighbour.start(config('left'));
    using right = await Neighbour.start(config('right'));
    left.store('api', 'first', 's1');
    await until(() => right.serverOf('api', 'first') === 's1', patienceMs);
    const before = right.count('peer_down');
    for (let at = 0; at < count; at += 1) left.store('api', `a-client-with-a-long-name-${at}`, serverOf(at));
    left.stop();
    await until(() => right.count('peer_down') > before, patienceMs);
    expect(right.table('api').size).toBe(count + 1);
  });
});
