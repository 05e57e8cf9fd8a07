// Stick tables through a running proxy: bound over workers, reloads, upgrades and deaths of workers; what operators see and do.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../../support/ports.ts';
import { readAll, request as say, type RunningProxy, sleep, startProxy, until } from '../support/proxy.ts';

const names = ['s1', 's2', 's3'];
let servers: Server[];
let agents: Agent[];
let proxy: RunningProxy;
let build: (backend: object, frontend?: object) => object;

beforeEach(async () => {
  agents = [];
  servers = names.map((name) =>
    createServer((incoming, response) => {
      incoming.resume();
      response.writeHead(incoming.url === '/gone' ? 404 : 200).end(name);
    }).listen(0, '127.0.0.1'),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
});

afterEach(async () => {
  for (const agent of agents) agent.destroy();
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  await proxy[Symbol.asyncDispose]();
});

async function start(backend: object, frontend: object = {}): Promise<void> {
  proxy = await startProxy((port, control) => {
    build = (own, front = {}) => ({
      workers: 2,
      grace: '1s',
      stats: { socket: [{ bind: `127.0.0.1:${control}`, level: 'admin' }] },
      frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api', ...front }],
      backends: [
        {
          name: 'api',
          servers: servers.map((server, index) => ({ name: names[index], address: '127.0.0.1', port: portOf(server) })),
          ...own,
        },
      ],
    });
    return build(backend, frontend);
  });
}

/** On a busy machine answers take their time. */
function command(line: string): Promise<string> {
  return say(proxy.controlPort, `${line}\n`, 20_000);
}

function agent(): Agent {
  const made = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(made);
  return made;
}

/** The server that answers. */
async function ask(user: string, by: Agent | false = false, path = '/', cookie = ''): Promise<string> {
  const headers = { 'X-User': user, ...(cookie !== '' && { Cookie: cookie }) };
  const outgoing = request({ port: proxy.port, host: '127.0.0.1', path, agent: by, headers });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer>];
  let text = '';
  for await (const bytes of response) text += bytes.toString();
  return text;
}

/** One connection kept to each of the two workers. */
async function toEachWorker(): Promise<readonly [Agent, Agent]> {
  const found = new Map<string, Agent>();
  await until(async () => {
    const known = await command('show sess');
    const one = agent();
    await ask('nobody', one);
    const fresh = (await command('show sess'))
      .split('\n')
      .find((line) => line !== '' && !known.includes(line.split(': ')[0] ?? ''));
    const worker = fresh?.split(':')[0];
    if (worker !== undefined && !found.has(worker)) found.set(worker, one);
    return found.size === 2;
  }, 20_000);
  const [first, second] = [...found.values()];
  if (!first || !second) throw new Error('one worker only');
  return [first, second];
}

/** The server that an entry names, as the master knows. */
async function entryOf(user: string): Promise<string | undefined> {
  return /server_key=(\S+)/.exec(await command(`show table api key ${user}`))?.[1];
}

/** Waits until the master knows where a client goes, and the workers had time to hear of it. */
async function isBound(user: string, server?: string): Promise<void> {
  await until(async () => {
    const known = await entryOf(user);
    return server === undefined ? known !== undefined : known === server;
  }, 15_000);
  await settled();
}

/** What the master says is with the workers when they have answered it once more. */
async function settled(): Promise<void> {
  await command('show table');
  await sleep(300);
}

const byUser = { on: [{ key: 'header', name: 'X-User' }], store: ['http_req_cnt', 'http_err_cnt', 'bytes_out_cnt'] };

describe('a stick table', () => {
  it('binds a client at the other worker, too, and counts what it does', async () => {
    await start({ stick: byUser, balance: 'random' });
    const [one, other] = await toEachWorker();
    for (let index = 0; index < 12; index += 1) {
      const user = `user${index}`;
      const server = await ask(user, index % 2 === 0 ? one : other);
      await isBound(user, server);
      expect(await ask(user, index % 2 === 0 ? other : one, index === 0 ? '/gone' : '/')).toBe(server);
    }
    expect(await command('show table')).toBe('# table: api, type: string, size:102400, used:13\n\n');
    const counted = await command('show table api key user0');
    expect(counted).toMatch(/http_req_cnt=2 http_err_cnt=1 bytes_out_cnt=[1-9][0-9]+ server_key=/);
    expect((await command('show table api data.http_err_cnt gt 0')).split('\n')).toHaveLength(4);
  });

  it('follows operators: set, clear, drain, maint', async () => {
    await start({ stick: byUser });
    for (const id of [1, 2, 3, 1]) {
      expect(await command(`set table api key eve data.server_id ${id}`)).toBe('\n');
      await settled();
      expect(await ask('eve')).toBe(`s${id}`);
    }
    // Who is bound still comes while it is drained; in maintenance it gets another one, and stays there.
    await command('set server api/s1 state drain');
    await settled();
    expect(await ask('eve')).toBe('s1');
    await command('set server api/s1 state maint');
    await settled();
    const moved = await ask('eve');
    expect(moved).not.toBe('s1');
    await command('set server api/s1 state ready');
    await isBound('eve', moved);
    for (let index = 0; index < 4; index += 1) expect(await ask('eve')).toBe(moved);
    expect(await command('clear table api key eve')).toBe('\n');
    expect(await entryOf('eve')).toBe(undefined);
  });

  it('moves a client whose server refuses, and asks the cookie first', async () => {
    await start({ stick: byUser, cookie: { name: 'S' } });
    await command('set table api key eve data.server_id 2');
    await settled();
    expect(await ask('eve', false, '/', 'S=s3')).toBe('s3');
    await isBound('eve', 's3');
    const gone = servers[2];
    gone?.closeAllConnections();
    gone?.close();
    const moved = await ask('eve');
    expect(moved).not.toBe('s3');
    await isBound('eve', moved);
  });

  it('outlives a reload, the death of workers, and an upgrade', async () => {
    await start({ stick: byUser });
    const users = Array.from({ length: 30 }, (_, index) => `user${index}`);
    const before = new Map<string, string>();
    for (const user of users) before.set(user, await ask(user));
    const asBefore = async (): Promise<void> => {
      await settled();
      for (const user of users) expect([user, await ask(user)]).toEqual([user, before.get(user)]);
    };
    proxy.write(build({ stick: { ...byUser, expire: '1h', size: 1000 } }));
    expect(await command('reload')).toBe('Success=1\n\n');
    await asBefore();
    expect(await command('show table')).toContain('size:1000, used:30');
    const [one] = await toEachWorker();
    await ask('last', one);
    await isBound('last');
    const workers = execFileSync('pgrep', ['-P', String(proxy.process.pid)], { encoding: 'utf8' });
    for (const pid of workers.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
    await until(() => (proxy.log().match(/ended with SIGKILL/g) ?? []).length >= 2, 10_000);
    await until(() => ask('new').then(Boolean, () => false), 20_000);
    await asBefore();
    expect(await command('upgrade')).toBe('Success=1\n\n');
    await asBefore();
  });

  it('binds connections in mode tcp by the address of the client', async () => {
    await start({ stick: { on: [{ key: 'source' }] }, sendProxy: 'off' }, { mode: 'tcp', acceptProxy: ['127.0.0.1'] });
    const come = (client: string): Promise<string> => {
      const socket = connect(proxy.port, '127.0.0.1');
      socket.write(`PROXY TCP4 ${client} 192.0.2.1 1 80\r\nGET / HTTP/1.0\r\n\r\n`);
      return readAll(socket, 5000);
    };
    for (const client of ['198.51.100.1', '198.51.100.2']) {
      const first = (await come(client)).slice(-2);
      await settled();
      for (let index = 0; index < 4; index += 1) expect((await come(client)).slice(-2)).toBe(first);
    }
    expect(await command('show table api')).toMatch(/type: ip, .*used:2\n.*key=198.51.100.1 .*\n.*key=198.51.100.2 /);
  });
});
