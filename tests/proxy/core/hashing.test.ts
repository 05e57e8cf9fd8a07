// Who is picked by hash: HAProxy's ring with its own golden vectors, what keys are, addresses of clients.
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/proxy/core/address.ts';
import { hashKeyOf, hashOf } from '../../../src/proxy/core/balance/hash-key.ts';
import { fullHash, HashRing, sdbm } from '../../../src/proxy/core/balance/hash-ring.ts';
import { aBackend } from '../support/builders.ts';
import { setDown, setUp } from '../support/policy-setting.ts';

describe('consistent hash', () => {
  const golden = {
    '1,1,1': '1 2 1 1 3 3 1 3 2 3 3 2 3 3 3 3 2 3 2 3 3 1 2 3 1 1 3 3 1 3 1 1 2 3 1 2 1 1 1 3',
    '1,2,4': '1 2 3 3 3 3 2 3 2 3 3 2 3 3 2 2 3 3 2 3 2 1 2 3 1 1 3 3 2 3 1 1 2 3 1 2 3 3 1 3',
  };

  it.each(Object.entries(golden))('equals HAProxy for weights %s', (weights, expected) => {
    const ring = new HashRing(
      weights.split(',').map((weight, index) => ({ id: index + 1, points: 16 * Number(weight) })),
    );
    const ids = Array.from({ length: 40 }, (_, index) => ring.lookup(fullHash(sdbm(`/u/${index}`)), () => true));
    expect(ids.join(' ')).toBe(expected);
  });

  it('equals HAProxy through the balancer too', () => {
    const setting = setUp({ balance: 'hash', hash: { key: 'uri' } }, 1, 2, 4);
    const names = Array.from({ length: 40 }, (_, index) => setting.pick(0, `/u/${index}`).slice(1));
    expect(names.join(' ')).toBe(golden['1,2,4']);
  });

  it('computes sdbm without avalanche as the slot table of HAProxy shows', () => {
    const slots = [1, 3, 2, 3, 2, 3, 3];
    const expected = [3, 3, 1, 3, 2, 3, 2, 3, 3, 1, 3, 2, 3, 2, 3, 3, 1, 3, 2, 3, 3, 2, 3, 3, 1, 3, 2, 3, 2, 3];
    expect(expected.map((_, index) => slots[sdbm(`/u/${index}`) % 7])).toEqual(expected);
  });

  it('moves only the keys of the server that is gone', () => {
    const setting = setUp({ balance: 'hash', hash: { key: 'uri' } });
    const keys = Array.from({ length: 500 }, (_, index) => `/track/${index}`);
    const before = keys.map((key) => setting.pick(0, key));
    setDown(setting, 's2');
    const after = keys.map((key) => setting.pick(0, key));
    keys.forEach((_, index) => {
      if (before[index] === 's2') expect(after[index]).not.toBe('s2');
      else expect(after[index]).toBe(before[index]);
    });
  });

  it('keeps every server within the bounded load', () => {
    const setting = setUp({ balance: 'hash', hash: { key: 'uri', balanceFactor: 125 } });
    for (let index = 0; index < 300; index += 1) {
      const name = setting.pick(0, `/hot/${index % 3}`);
      const server = setting.servers.find(({ config }) => config.name === name);
      if (server) server.inFlight += 1;
    }
    for (const { inFlight } of setting.servers) expect(inFlight).toBeLessThanOrEqual(Math.ceil((300 * 1.25) / 3));
  });

  it.each([
    [{ key: 'path-segment', index: 2 }, '/stream/42/seg1.ts?x', '42'],
    [{ key: 'path-segment', index: 5 }, '/stream/42', undefined],
    [{ key: 'path-regex', pattern: '^/[a-z]+/([0-9]+)' }, '/hls/77/a', '77'],
    [{ key: 'uri' }, '/a/b/c?d', '/a/b/c'],
    [{ key: 'uri', whole: true }, '/a?d', '/a?d'],
    [{ key: 'uri', depth: 2 }, '/a/b/c', '/a/b'],
    [{ key: 'query', name: 'id' }, '/a?x=1&id=9', '9'],
    [{ key: 'header', name: 'X-Track' }, '/', 't1'],
    [{ key: 'cookie', name: 'sid' }, '/', 'c1'],
    [{ key: 'uri', len: 3 }, '/abcd', '/ab'],
  ])('reads its key: %j from %s', (hash, target, expected) => {
    const { hash: config } = aBackend({ balance: 'hash', hash });
    if (!config) throw new Error('no hash');
    const request = { target, fields: 'X-Other: a\r\nx-track: t1\r\n', cookie: 'a=b; sid=c1', host: 'h' };
    expect(hashKeyOf(config, request)).toBe(expected);
  });
});

describe('the hash of a client address', () => {
  const hash = (options: object, address: string): number | undefined => {
    const { hash: config } = aBackend({ balance: 'source', hash: options });
    if (!config) throw new Error('no hash');
    return hashOf(config, { target: '/', fields: '', cookie: '', host: '' }, parseAddress(address));
  };

  it.each([
    ['192.0.2.9', 0xc0000209],
    ['2001:db8::1', (0x20010db8 ^ 1) >>> 0],
    ['::ffff:192.0.2.9', 0xc0000209],
    ['', undefined],
  ])('of %s is its words one upon the other', (address, expected) => {
    expect(hash({}, address)).toBe(expected);
  });

  it('is the same for clients of one network', () => {
    const networks = { ipv4Prefix: 20, ipv6Prefix: 56 };
    expect(hash(networks, '192.0.18.77')).toBe(hash(networks, '192.0.30.1'));
    expect(hash(networks, '192.0.18.77')).not.toBe(hash(networks, '192.0.32.1'));
    expect(hash(networks, '2001:db8:0:11::1')).toBe(hash(networks, '2001:db8:0:22:5::1'));
    expect(hash(networks, '2001:db8:0:111::1')).not.toBe(hash(networks, '2001:db8:0:222::1'));
  });
});
