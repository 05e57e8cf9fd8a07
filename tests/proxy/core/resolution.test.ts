// What becomes of answers to questions for names, and of addresses that servers may have.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { assign, type LookupAnswer, Resolution } from '../../../src/proxy/core/resolution.ts';
import { hostOf, isNamed, isServerAddress } from '../../../src/proxy/core/server-address.ts';
import { ServerRecord } from '../../../src/proxy/core/server-record.ts';
import { aBackend, aConfig, firstServer } from '../support/builders.ts';

const { dns } = aConfig();
const at = (...addresses: string[]) => addresses.map((address) => ({ address, port: 0 }));
const found = (ttlMs: number, ...addresses: string[]): LookupAnswer => ({
  kind: 'found',
  endpoints: at(...addresses),
  ttlMs,
});
const failed: LookupAnswer = { kind: 'failed', reason: 'timeout' };

describe('the addresses of a name', () => {
  it('are asked for again when their time is over, within limits', () => {
    const name = new Resolution();
    expect(name.take(found(20_000, '192.0.2.1'), dns, 0)).toBe(20_000);
    expect(name.take(found(0, '192.0.2.1'), dns, 0)).toBe(1000);
    expect(name.take(found(86_400_000, '192.0.2.1'), dns, 0)).toBe(300_000);
  });

  it('stay whatever fails, and are asked for less and less often meanwhile', () => {
    const name = new Resolution();
    name.take(found(1000, '192.0.2.1'), dns, 0);
    const pauses = Array.from({ length: 6 }, (_, day) => name.take(failed, dns, day * 86_400_000));
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(name.endpoints).toEqual(at('192.0.2.1'));
    expect(name.take(found(1000, '192.0.2.2'), dns, 0)).toBe(1000);
    expect(name.take(failed, dns, 0)).toBe(1000);
  });

  it('go when the name has had none for a while', () => {
    const name = new Resolution();
    name.take(found(1000, '192.0.2.1'), dns, 0);
    name.take({ kind: 'missing' }, dns, 1000);
    name.take({ kind: 'missing' }, dns, 30_999);
    expect(name.endpoints).toHaveLength(1);
    // Somebody who does not know comes between: the time begins anew.
    name.take(failed, dns, 31_000);
    name.take({ kind: 'missing' }, dns, 32_000);
    expect(name.endpoints).toHaveLength(1);
    name.take({ kind: 'missing' }, dns, 62_000);
    expect(name.endpoints).toEqual([]);
  });
});

describe('servers with one name', () => {
  it('get different addresses, and keep what is still there', () => {
    const [one, two, three] = at('192.0.2.1', '192.0.2.2', '192.0.2.3');
    const claims = [
      { key: 'a', present: undefined },
      { key: 'b', present: one },
      { key: 'c', present: { address: '192.0.2.9', port: 0 } },
    ];
    expect([...assign(claims, at('192.0.2.1', '192.0.2.2', '192.0.2.3'))]).toEqual([
      ['b', one],
      ['a', two],
      ['c', three],
    ]);
    expect(assign(claims, at('192.0.2.1')).get('c')).toBeUndefined();
  });
});

describe('a server with a name', () => {
  const backend = aBackend({ servers: [{ name: 'a', address: 'app.example', port: 80 }], check: { type: 'tcp' } });

  it('is in maintenance until its name leads somewhere, and again when it does not any more', () => {
    const record = new ServerRecord(backend, firstServer(backend), 0);
    expect([record.describe(), record.view(0).admin]).toEqual(['MAINT (resolution)', 'maint']);
    expect(record.moveTo({ address: '192.0.2.7', port: 0 }, 5)).toBe(true);
    expect(record.view(5)).toMatchObject({ admin: 'ready', endpoint: { address: '192.0.2.7', port: 80 } });
    expect(record.moveTo({ address: '192.0.2.7', port: 0 }, 6)).toBe(false);
    record.moveTo(undefined, 7);
    expect(record.view(7).admin).toBe('maint');
  });

  it('begins at initAddr', () => {
    const wanted = aBackend({ servers: [{ name: 'a', address: 'app.example', port: 80, initAddr: '192.0.2.1' }] });
    const record = new ServerRecord(wanted, firstServer(wanted), 0);
    expect(record.view(0)).toMatchObject({ admin: 'ready', endpoint: { address: '192.0.2.1', port: 80 } });
  });
});

describe('the address of a server', () => {
  it.each([
    ['192.0.2.1', true, false, '192.0.2.1:80'],
    ['2001:db8::1', true, false, '[2001:db8::1]:80'],
    ['app.example', true, true, 'app.example:80'],
    ['unix:/run/app.sock', true, false, 'localhost'],
    ['unix:app.sock', false, false, undefined],
    ['192.0.2.256', false, true, undefined],
    ['app example', false, true, undefined],
    ['[2001:db8::1]', false, true, undefined],
  ] as const)('%s', (address, isOne, named, host) => {
    expect(isServerAddress(address)).toBe(isOne);
    expect(isNamed(address)).toBe(named);
    if (host !== undefined) expect(hostOf({ address, port: 80 })).toBe(host);
  });

  it.each([
    [{ address: '192.0.2.1' }, 'has no port'],
    [{ address: 'unix:/run/app.sock', port: 80 }, 'means nothing'],
    [{ address: '_http._tcp.example.com', port: 80 }, 'means nothing'],
    [{ address: '300.0.2.1', port: 80 }, 'is not an address'],
    [{ address: '192.0.2.1', port: 80, initAddr: '192.0.2.2' }, 'of no use'],
    [{ address: 'app.example', port: 80, initAddr: 'other.example' }, 'of no use'],
  ])('%j is refused', (server, message) => {
    const text = JSON.stringify({
      frontends: [{ name: 'f', bind: [':80'] }],
      backends: [{ name: 'b', servers: [{ name: 's', ...server }] }],
      dns: { servers: ['dns.example'] },
    });
    const told = readConfig(text, 'x.json').diagnostics.map((problem) => problem.message);
    expect(told).toEqual([
      expect.stringContaining(message),
      expect.stringContaining('not the address of a DNS server'),
    ]);
  });
});
