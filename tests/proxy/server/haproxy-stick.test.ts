// The same haproxy.cfg with stick tables under HAProxy and under `veza-proxy run`: clients stay where they were, operators read
// and write the same words.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Balancer, get, haproxyIsThere, startBalancers } from '../support/balancers.ts';
import { NamedServers } from '../support/named-servers.ts';

const file = join(import.meta.dirname, '../convert/haproxy/stick-tables.cfg');
const available = haproxyIsThere();
let servers: NamedServers | undefined;
let balancers: readonly Balancer[] = [];

beforeAll(async () => {
  if (!available) return;
  servers = await NamedServers.start('WEB1', 'WEB2', 'API');
  balancers = await startBalancers(['haproxy', 'veza-proxy'], file, servers.ports);
});

afterAll(async () => {
  servers?.[Symbol.dispose]();
  for (const balancer of balancers) await balancer[Symbol.asyncDispose]();
});

/** What differs by nature: addresses in memory, the rest of the time, who was picked, the order of tables. */
function comparable(line: string, text: string): string {
  const same = text
    .replaceAll(/^0x[0-9a-f]+:/gm, '0x:')
    .replaceAll(/exp=[0-9]+/g, (exp) => (exp === 'exp=0' ? exp : 'exp=*'))
    .replaceAll(/server_id=[1-9]/g, 'server_id=*')
    .replaceAll(/server_key=\S+/g, 'server_key=*');
  return line === 'show table' ? same.split('\n').sort().join('\n') : same;
}

async function both(line: string): Promise<string> {
  const [theirs, ours] = await Promise.all(balancers.map(async (each) => comparable(line, await ask(each, line))));
  expect({ line, answer: ours }).toEqual({ line, answer: theirs });
  return ours ?? '';
}

describe.skipIf(!available)('the same tables as HAProxy', () => {
  it('bind clients by address, header, cookie and query, and are shown in the same words', async () => {
    const users = ['bo', 'al', 'abcdefghijklmnopqrstuvwxyz'];
    for (const balancer of balancers) {
      const bySource = new Set<string>();
      for (let index = 0; index < 4; index += 1) {
        bySource.add(await get(balancer, '/'));
        await ask(balancer, 'show table');
      }
      expect(bySource.size).toBe(1);
      for (const user of users) {
        const first = await get(balancer, '/name', { 'X-User': user });
        await ask(balancer, 'show table');
        for (let index = 0; index < 3; index += 1) expect(await get(balancer, '/name', { 'X-User': user })).toBe(first);
      }
      const byId = await get(balancer, '/both?id=42');
      await ask(balancer, 'show table');
      for (let index = 0; index < 3; index += 1)
        expect(await get(balancer, '/both', { Cookie: 'a=1; who=42' })).toBe(byId);
    }
    expect(await both('show table')).toContain('# table: byname, type: string, size:30, used:3');
    expect(await both('show table bysource')).toContain('key=::ffff:127.0.0.1 use=0 exp=*');
    expect(await both('show table byname')).toMatch(/key=abcdefghijklmnop .*\n.*key=al .*\n.*key=bo /);
    expect(await both('show table shared')).toContain('key=42 use=0 exp=0 server_id=* gpc0=0 server_key=*');
  });

  it('are written by operators', async () => {
    for (const line of [
      'set table byname key eve data.server_id 3',
      'set table shared key 17 data.server_id 2 data.gpc0 7',
    ])
      expect(await both(line)).toBe('\n');
    for (const balancer of balancers) {
      await ask(balancer, 'show table');
      expect(await get(balancer, '/name', { 'X-User': 'eve' })).toBe('API');
      expect(await get(balancer, '/both?id=17')).toBe('WEB2');
    }
    expect(await both('show table shared data.gpc0 gt 5 data.server_id eq 2')).toContain('key=17 ');
    expect(await both('clear table shared data.gpc0 gt 5')).toBe('\n');
    expect(await both('clear table byname key eve')).toBe('\n');
    expect(await both('show table shared')).not.toContain('key=17');
    expect(await both('show table byname key eve')).toBe('\n');
  });

  it.each([
    'user;show table shared key 17',
    'show table nope',
    'show table byname key',
    'show table byname foo',
    'show table shared data.foo gt 2',
    'show table shared data.conn_cnt gt 2',
    'show table shared data.gpc0 xx 2',
    'show table shared data.gpc0 gt',
    'set table',
    'set table shared key abc data.gpc0 2',
    'set table shared key 5 data.foo 2',
    'set table shared key 5 data.conn_cnt 2',
    'set table shared key 5 data.gpc0 x',
    'set table shared key 5 foo',
    'clear table',
    'clear table nope',
    'clear table shared data.foo gt 1',
    'user; clear table shared key 5',
  ])('%s', async (line) => {
    await both(line);
  });
});
