// Stick tables: which key a request has, how long it is bound, what a full table does, and that processes agree in the end.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/proxy/core/address.ts';
import { StickData } from '../../../src/proxy/core/balance/stick-data.ts';
import { readStickKey, stickKeyOf } from '../../../src/proxy/core/balance/stick-key.ts';
import { type StickChange, StickTable } from '../../../src/proxy/core/balance/stick-table.ts';
import { StickTables } from '../../../src/proxy/core/balance/stick-tables.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import type { StickConfig, StickTableConfig } from '../../../src/proxy/core/config/stick-model.ts';
import { replyText } from '../../../src/proxy/core/stats/reply.ts';
import { tableCommand } from '../../../src/proxy/core/stats/stick-commands.ts';
import { aBackend, aConfig } from '../support/builders.ts';

function stickOf(stick: object): StickConfig {
  const { stick: found } = aBackend({ stick });
  if (!found) throw new Error('no table');
  return found;
}

const { table: usual } = stickOf({ on: [{ key: 'header', name: 'x-user' }] });

function tableOf(stick: Partial<StickTableConfig> = {}): StickTable {
  return new StickTable({ ...usual, ...stick });
}

const request = {
  target: '/shop/cart?user=eve&n=42',
  fields: 'x-user: alice\r\nx-real: 2001:DB8:0:0::1\r\n',
  cookie: 'a=1; session=s3',
  host: 'x',
};

describe('the key of a request', () => {
  const keyOf = (on: object, type?: string, client = '192.0.2.77', more: object = {}): string | undefined => {
    const { keys, table } = stickOf({ on: [on], ...(type !== undefined && { type }), ...more });
    const [key] = keys;
    return key && stickKeyOf(key, table, request, parseAddress(client));
  };

  it.each([
    [{ key: 'source' }, undefined, '192.0.2.77'],
    [{ key: 'source' }, 'ipv6', '::ffff:192.0.2.77'],
    [{ key: 'source' }, 'string', '192.0.2.77'],
    [{ key: 'source' }, 'integer', '3221226061'],
    [{ key: 'source', ipv4Prefix: 24 }, undefined, '192.0.2.0'],
    [{ key: 'header', name: 'X-User' }, undefined, 'alice'],
    [{ key: 'header', name: 'x-real' }, 'ipv6', '2001:db8::1'],
    [{ key: 'header', name: 'x-user' }, 'ip', undefined],
    [{ key: 'cookie', name: 'session' }, undefined, 's3'],
    [{ key: 'query', name: 'user' }, undefined, 'eve'],
    [{ key: 'query', name: 'n' }, 'integer', '42'],
    [{ key: 'uri' }, undefined, '/shop/cart'],
    [{ key: 'path-segment', index: 1 }, undefined, 'shop'],
    [{ key: 'header', name: 'none' }, undefined, undefined],
  ])('%j as %s is %s', (on, type, expected) => {
    expect(keyOf(on, type)).toBe(expected);
  });

  it('is cut to len, holds networks of IPv6, and none of what is no number', () => {
    expect(keyOf({ key: 'uri' }, 'string', '::1', { len: 5 })).toBe('/shop');
    expect(keyOf({ key: 'source', ipv6Prefix: 64 }, undefined, '2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::');
    expect(readStickKey('12x', { type: 'integer', len: 32 })).toBe(undefined);
    expect(readStickKey('-1', { type: 'integer', len: 32 })).toBe('4294967295');
  });
});

describe('a stick table', () => {
  it('binds until an entry was not used for its time', () => {
    const table = tableOf({ expireMs: 1000 });
    table.store('alice', 's1', 0);
    expect(table.use('alice', 900)).toBe('s1');
    expect(table.use('alice', 1800)).toBe('s1');
    expect(table.use('alice', 2800)).toBe('');
    expect(table.count(2800)).toBe(0);
  });

  it('drops what was not used for longest, or with nopurge takes nothing new', () => {
    const table = tableOf({ size: 2 });
    table.store('a', 's1', 0);
    table.store('b', 's1', 1);
    table.use('a', 2);
    expect(table.store('c', 's1', 3)).toBe(true);
    expect([...table.entries(3)].map(([key]) => key)).toEqual(['a', 'c']);
    table.reconfigure({ ...table.config, nopurge: true, expireMs: 100 }, 4);
    expect(table.store('d', 's1', 4)).toBe(false);
    expect(table.store('c', 's2', 4)).toBe(true);
    expect(table.store('d', 's1', 102)).toBe(true);
  });

  it('survives a reload, and begins anew where keys mean something else', () => {
    const tables = new StickTables();
    const configure = (stick?: object): void =>
      tables.configure([aBackend(stick ? { stick: { on: [{ key: 'uri' }], ...stick } } : {})], 0);
    configure({});
    tables.find('api')?.store('a', 's1', 0);
    configure({ size: 10, expire: '1h' });
    expect(tables.find('api')?.use('a', 1)).toBe('s1');
    // Taken back at once, as when a worker fails with it: nothing is lost.
    configure();
    expect(tables.find('api')).toBe(undefined);
    configure({});
    expect(tables.find('api')?.use('a', 1)).toBe('s1');
    configure({ type: 'integer' });
    expect(tables.find('api')?.count(1)).toBe(0);
    configure();
    configure();
    configure({});
    expect(tables.find('api')?.count(1)).toBe(0);
  });

  it('tells other servers at once, uses later, in bounded pieces', () => {
    const table = tableOf({ expireMs: 800 });
    for (let index = 0; index < 5; index += 1) table.store(`k${index}`, 's1', 0);
    expect(table.drain(3, false, 10)).toHaveLength(3);
    expect(table.drain(3, false, 10)).toEqual([
      ['k3', 's1', 10, 10],
      ['k4', 's1', 10, 10],
    ]);
    table.use('k0', 50);
    expect(table.drain(9, true, 60)).toEqual([]);
    table.use('k0', 300);
    expect(table.drain(9, false, 310)).toEqual([]);
    expect(table.drain(9, true, 310)).toEqual([['k0', null, 310, 10]]);
  });

  it('agrees between processes whatever is written where, whatever the order in which batches arrive', () => {
    const step = fc.record({
      worker: fc.nat(2),
      key: fc.constantFrom('a', 'b'),
      server: fc.constantFrom('s1', 's2', 's3'),
      act: fc.constantFrom('store', 'use', 'drain', 'hear'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const workers = [0, 1, 2].map(() => ({ table: tableOf(), inbox: [] as StickChange[] }));
        const master = tableOf();
        let nowMs = 0;
        const drain = (from: number): void => {
          for (const change of workers[from]?.table.drain(10, true, nowMs) ?? []) {
            const [key] = change;
            const merged = master.merge(change, nowMs);
            const now = master.changeOf(key, nowMs);
            if (!now) continue;
            if (merged === 'late') workers[from]?.inbox.push(now);
            else workers.forEach(({ inbox }, to) => (change[1] !== null || to !== from) && inbox.push(change));
          }
        };
        const hear = (at: number): void => {
          const one = workers[at];
          for (const change of one?.inbox.splice(0) ?? []) one?.table.follow(change, nowMs);
        };
        for (const { worker, key, server, act } of steps) {
          nowMs += 1;
          if (act === 'store') workers[worker]?.table.store(key, server, nowMs);
          else if (act === 'use') workers[worker]?.table.use(key, nowMs);
          else if (act === 'drain') drain(worker);
          else hear(worker);
        }
        nowMs += 1;
        for (const at of [0, 1, 2]) drain(at);
        for (const at of [0, 1, 2]) hear(at);
        for (const key of ['a', 'b']) {
          const known = workers.map(({ table }) => table.find(key, nowMs)?.server);
          expect(new Set([...known, master.find(key, nowMs)?.server]).size).toBe(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('counts over sliding times', () => {
    const data = new StickData();
    const rate = { name: 'http_req_rate', periodMs: 1000 } as const;
    const count = { name: 'http_err_cnt', periodMs: 0 } as const;
    for (let at = 0; at < 10; at += 1) data.add([rate, count], [1, at % 2, 0, 0], at * 100);
    expect([data.value(rate, 900), data.value(count, 900)]).toEqual([10, 5]);
    expect(data.value(rate, 1500)).toBe(5);
    expect([data.value(rate, 2500), data.value(count, 2500)]).toEqual([0, 5]);
  });
});

describe('show table', () => {
  const config = aConfig({
    stick: { on: [{ key: 'header', name: 'u' }], expire: '20s', size: 3, store: ['http_req_cnt', 'gpc0'] },
  });
  const tables = new StickTables();
  tables.configure(config.backends, 0);
  const gone: string[] = [];
  const ask = (line: string, level: 'user' | 'admin' = 'admin'): string => {
    const [action, ...words] = line.split(' ');
    const reply = tableCommand(action === 'set' || action === 'clear' ? action : 'show', words, {
      tables,
      config,
      nowMs: 1000,
      level,
      tell: () => undefined,
      forget: (table, keys) => {
        gone.push(...keys);
        for (const key of keys) table.remove(key);
      },
    });
    return replyText(reply, 'none');
  };

  it('words everything as HAProxy does', () => {
    tables.find('api')?.merge(['al', 's1', 1000, 500, [3, 0, 0, 0]], 1000);
    expect(ask('show')).toBe('# table: api, type: string, size:3, used:1\n');
    const line = /^0x[0-9a-f]+: key=al use=0 exp=19500 server_id=1 gpc0=0 http_req_cnt=3 server_key=s1\n$/;
    const [head = '', ...lines] = ask('show api').split(/(?<=\n)/);
    expect([head, lines]).toEqual(['# table: api, type: string, size:3, used:1\n', [expect.stringMatching(line)]]);
    expect(ask('show api key al')).toBe(head + lines.join(''));
    expect(ask('show api key nobody')).toBe('');
    expect(ask('show api data.http_req_cnt gt 2 data.server_id eq 1')).toBe(head + lines.join(''));
    expect(ask('show api data.http_req_cnt gt 2 data.server_id eq 2')).toBe(head);
  });

  it('keeps keys, which may be cookies, from those who only look', () => {
    const head = '# table: api, type: string, size:3, used:1\n';
    expect(ask('show', 'user')).toBe(head);
    expect(ask('show api', 'user')).toBe(`${head}# contents not dumped due to insufficient privileges\n`);
    expect(ask('show api key al', 'user')).toBe('Permission denied\n');
  });

  it.each([
    ['show nope', 'No such table\n'],
    ['show api key', 'Key value expected\n'],
    ['show api data.foo gt 2', 'Filter entry #1: Unknown data type\n'],
    ['show api data.conn_cnt gt 2', 'Filter entry #1: Data type not stored in this table\n'],
    ['show api data.gpc0 xx 2', 'Filter entry #1: Require and operator among "eq", "ne", "le", "ge", "lt", "gt"\n'],
    ['show api data.gpc0 gt x', 'Filter entry #1: Require a valid integer value to compare against\n'],
    ['show api foo', 'Optional argument only supports "data.<store_data_type>" <operator> <value> and key <key>\n'],
    ['set api key x data.server_id', 'Require a valid integer value to store\n'],
    ['set api key x foo', '"data.<type>" followed by a value expected\n'],
    ['set api key x data.conn_cnt 1', 'Data type not stored in this table\n'],
    ['set', 'Required arguments: <table> key <key> [data.<store_data_type> <value>]*\n'],
    ['clear', 'Required arguments: <table> "data.<store_data_type>" <operator> <value> or <table> key <key>\n'],
  ])('%s', (line, answer) => {
    expect(ask(line)).toBe(answer);
  });

  it('sets and clears', () => {
    expect(ask('set api key bo data.server_id 2 data.gpc0 7')).toBe('');
    expect(ask('show api key bo')).toContain('key=bo use=0 exp=20000 server_id=2 gpc0=7 http_req_cnt=0 server_key=s2');
    expect(ask('set api key bo data.server_id 9')).toContain('No server of this table has the id 9');
    expect(ask('clear api data.gpc0 gt 5') + ask('clear api key al')).toBe('');
    expect(gone).toEqual(['bo', 'al']);
  });
});

describe('the configuration of tables', () => {
  const problemsOf = (...sticks: object[]): string => {
    const servers = [{ name: 'a', address: 'x', port: 1 }];
    const backends = sticks.map((stick, index) => ({ name: `b${index}`, servers, stick }));
    const text = JSON.stringify({ frontends: [{ name: 'f', bind: ['*:80'] }], backends });
    return readConfig(text, 'x.json')
      .diagnostics.map(({ message }) => message)
      .join();
  };

  it('says what is missing or does not fit', () => {
    expect(problemsOf({ on: [{ key: 'source' }] })).toBe('');
    expect(problemsOf({ on: [{ key: 'header' }] })).toBe('key header needs `name`');
    expect(problemsOf({ on: [] })).not.toBe('');
    expect(problemsOf({ on: [{ key: 'source' }], store: ['conn_rate'] })).toContain('store');
    expect(problemsOf({ on: [{ key: 'source' }], store: ['conn_rate(1s)', 'conn_rate(2s)'] })).toContain('once');
    const shared = { on: [{ key: 'source' }], table: 't' };
    expect(problemsOf(shared, shared)).toBe('');
    expect(problemsOf(shared, { ...shared, size: 5 })).toContain('backend `b0` has another table `t`');
  });
});
