// The runs of 64 connections in which everything around them is killed, stopped, reloaded or upgraded.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/ports.ts';
import { Backend } from '../proxy/support/backends.ts';
import { type Answered, type Ask, ClosedLoad } from '../proxy/support/closed-load.ts';
import { type RunningProxy, sleep, startProxy, until } from '../proxy/support/proxy.ts';
import { statsOf } from '../proxy/support/stats.ts';
import { say } from './support/summary.ts';

const clients = 64;
const body = 'b'.repeat(500);
let executed: Map<string, number>;
let backends: Backend[];
let proxy: RunningProxy;

beforeEach(async () => {
  executed = new Map();
  backends = [];
  for (const name of ['a', 'b', 'c']) backends.push(new Backend(await freePort(), name, executed));
  await Promise.all(backends.map((backend) => backend.start()));
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await Promise.all(backends.map((backend) => backend[Symbol.asyncDispose]()));
});

function configOf(extra: object): (port: number, control: number) => object {
  return (port, control) => ({
    workers: 2,
    grace: '10s',
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        check: { path: '/health', inter: '500ms' },
        servers: backends.map(({ name, port: server }) => ({ name, address: '127.0.0.1', port: server })),
        ...extra,
      },
    ],
  });
}

async function isUp(name: string): Promise<boolean> {
  return (await statsOf(proxy, `api,${name}`, 'status'))[0] === 'UP';
}

function at(index: number): Backend {
  const backend = backends[index];
  if (!backend) throw new Error('no such backend');
  return backend;
}

/** One server is killed and comes back, then another is killed. */
async function twoKills(asks: readonly Ask[]): Promise<ClosedLoad> {
  const load = new ClosedLoad(proxy.port, clients, true, asks);
  await sleep(2000);
  await at(0).stop('SIGKILL');
  await sleep(2000);
  await at(0).start();
  await until(() => isUp('a'), 30_000);
  await at(1).stop('SIGKILL');
  await sleep(2000);
  await load.stop();
  return load;
}

function twice(answered: readonly Answered[]): readonly Answered[] {
  return answered.filter(({ id }) => (executed.get(id) ?? 0) > 1);
}

describe('two SIGKILLs of servers under 64 connections', () => {
  it.each<[string, Ask]>([
    ['GET', { method: 'GET' }],
    ['POST with an Idempotency-Key', { method: 'POST', body, idempotencyKey: true }],
  ])('%s: none fails', async (name, ask) => {
    proxy = await startProxy(configOf({ retries: 3 }));
    const { answered, failed } = await twoKills([ask]);
    say(`two kills, ${name}: ${answered.length} requests, ${failed.length} failed`);
    expect(failed).toEqual([]);
  });

  it("POST without a key: none fails under the policy that repeats as HAProxy's", async () => {
    proxy = await startProxy(configOf({ retries: 3, retryNonIdempotent: 'always' }));
    const { answered, failed } = await twoKills([{ method: 'POST', body }]);
    say(`two kills, POST, repeated always: ${answered.length} requests, ${failed.length} failed`);
    expect(failed).toEqual([]);
  });

  it('POST without a key: under the default policy none is executed twice, and only those under way fail', async () => {
    proxy = await startProxy(configOf({ retries: 3 }));
    const { answered, failed } = await twoKills([{ method: 'POST', body }]);
    say(
      `two kills, POST, default: ${answered.length} requests, ${failed.length} failed, ${twice(answered).length} twice`,
    );
    expect(twice(answered)).toEqual([]);
    // Each client has one request under way; a kill can meet no more.
    expect(failed.length).toBeLessThanOrEqual(2 * clients);
  });
});

describe.each([
  ['kept connections', true],
  ['a connection for each request', false],
])('64 clients with %s', (name, keepAlive) => {
  const asks = [{ method: 'GET' }, { method: 'POST', body }];

  it('lose nothing over three reloads and an upgrade', async () => {
    proxy = await startProxy(configOf({}));
    const load = new ClosedLoad(proxy.port, clients, keepAlive, asks);
    for (let round = 0; round < 3; round += 1) {
      await sleep(1500);
      proxy.write(configOf({ retries: 2 + (round % 2) })(proxy.port, proxy.controlPort));
      expect(await proxy.command('reload')).toContain('Success=1');
    }
    await sleep(1500);
    proxy.command('upgrade').catch(() => undefined);
    await until(() => proxy.log().includes('all workers were replaced'), 120_000);
    await sleep(2000);
    await load.stop();
    say(`reloads and upgrade, ${name}: ${load.answered.length} requests, ${load.failed.length} failed`);
    expect(load.failed).toEqual([]);
    expect(twice(load.answered)).toEqual([]);
  });

  it('lose nothing over a rolling restart of all servers', async () => {
    proxy = await startProxy(configOf({}));
    const load = new ClosedLoad(proxy.port, clients, keepAlive, asks);
    for (const backend of backends) {
      await sleep(1000);
      await proxy.command(`set server api/${backend.name} state drain`);
      await sleep(500);
      await backend.stop('SIGTERM');
      await backend.start();
      await proxy.command(`set server api/${backend.name} state ready`);
      await until(() => isUp(backend.name), 30_000);
    }
    await sleep(1000);
    await load.stop();
    say(`rolling restart, ${name}: ${load.answered.length} requests, ${load.failed.length} failed`);
    expect(load.failed).toEqual([]);
    expect(twice(load.answered)).toEqual([]);
  });
});
