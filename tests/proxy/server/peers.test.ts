// Two machines that share stick tables by the same haproxy.cfg: HAProxy beside veza-proxy, and two veza-proxies. Clients stay
// where they were on either, counters are shared, and who was restarted gets all entries back.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { ask, type Balancer, get, haproxyIsThere, startBalancer } from '../support/balancers.ts';
import { NamedServers } from '../support/named-servers.ts';
import { until } from '../support/proxy.ts';

const file = join(import.meta.dirname, 'peers.cfg');
let servers: NamedServers;

beforeAll(async () => {
  servers = await NamedServers.start('WEB1', 'WEB2', 'API');
});

afterAll(() => servers[Symbol.dispose]());

const getAs = (balancer: Balancer, user: string, path = '/'): Promise<string> =>
  get(balancer, path, { 'X-User': user });

const users = ['ann', 'bob', 'carol', 'dave', 'eve', 'frank'];

/** Waits until a table on a machine shows all that is wanted. */
async function shows(balancer: Balancer, ...wanted: readonly (string | RegExp)[]): Promise<void> {
  let text = '';
  const has = (each: string | RegExp): boolean =>
    typeof each === 'string' ? text.includes(`key=${each} `) : each.test(text);
  try {
    await until(async () => {
      text = await ask(balancer, 'show table byname');
      return wanted.every(has);
    });
    // Answered when the workers said what they know: by then they heard of it, too.
    await ask(balancer, 'show table');
  } catch {
    expect.fail(`${balancer.name} has not ${wanted.filter((each) => !has(each)).join(', ')}:\n${text}`);
  }
}

describe.each([['haproxy'], ['veza-proxy']] as const)('%s and veza-proxy', (other) => {
  const environment: Record<string, string> = {};
  const running = new Map<string, Balancer>();
  const start = async (local: 'left' | 'right'): Promise<void> => {
    await running.get(local)?.[Symbol.asyncDispose]();
    const name = local === 'left' ? other : 'veza-proxy';
    running.set(local, await startBalancer(name, file, { ...servers.ports, ...environment, LOCAL: local }));
  };
  const isSkipped = other === 'haproxy' && !haproxyIsThere();

  beforeAll(async () => {
    if (isSkipped) return;
    Object.assign(environment, { LEFT: String(await freePort()), RIGHT: String(await freePort()) });
    await Promise.all([start('left'), start('right')]);
  });

  afterAll(async () => {
    for (const balancer of running.values()) await balancer[Symbol.asyncDispose]();
  });

  const machine = (local: 'left' | 'right'): Balancer => {
    const found = running.get(local);
    if (!found) throw new Error('it does not run');
    return found;
  };

  it.skipIf(isSkipped).each([
    ['left', 'right'],
    ['right', 'left'],
  ] as const)('clients of %s stay with their servers on %s', async (one, two) => {
    const named = users.map((user) => `${user}-of-${one}`);
    const answers: string[] = [];
    for (const user of named) answers.push(await getAs(machine(one), user));
    await shows(machine(two), ...named);
    for (const [index, user] of named.entries()) {
      expect(await getAs(machine(two), user)).toBe(answers[index]);
      expect(await getAs(machine(two), user)).toBe(answers[index]);
    }
    expect(new Set(answers).size).toBeGreaterThan(1);
  });

  it.skipIf(isSkipped)('counters and rates of one are those of the other', async () => {
    for (const [one, two] of [
      ['left', 'right'],
      ['right', 'left'],
    ] as const) {
      expect(await ask(machine(one), `set table byname key set-by-${one} data.gpc0 7 data.http_req_rate 5`)).toBe('\n');
      await shows(machine(two), new RegExp(`key=set-by-${one} .*gpc0=7 http_req_rate\\(600000\\)=5 `));
    }
    for (let index = 0; index < 4; index += 1) await getAs(machine('right'), 'counted');
    await shows(machine('left'), /key=counted .* http_req_rate\(600000\)=4 bytes_out_cnt=[1-9]/);
  });

  it.skipIf(isSkipped)('addresses of clients are keys on both', async () => {
    const answer = await getAs(machine('left'), 'any', '/source');
    await until(async () => (await ask(machine('right'), 'show table bysource')).includes('key=::ffff:127.0.0.1 '));
    expect(await getAs(machine('right'), 'any', '/source')).toBe(answer);
  });

  it.skipIf(isSkipped)('`show peers` tells of the other one', async () => {
    const text = await ask(machine('right'), 'show peers pair');
    expect(text).toMatch(/id=left\(remote,active\) addr=127\.0\.0\.1:[0-9]+ last_status=ESTA/);
    expect(text).toMatch(/id=byname local_id=|table:0x[0-9a-f]+ id=byname /);
    expect(await ask(machine('right'), 'show peers nobody')).toBe('No such peers\n\n');
  });

  it.skipIf(isSkipped).each(['right', 'left'] as const)('%s has all entries again after a restart', async (one) => {
    await start(one);
    const all = users.flatMap((user) => [`${user}-of-left`, `${user}-of-right`]);
    await shows(machine(one), ...all, /key=set-by-left .*gpc0=7/, /key=set-by-right .*gpc0=7/, 'counted');
  });
});
