// What workers hold for their servers: shares of limits, and whom they blame.
import { describe, expect, it } from 'vitest';
import { BackendRuntime } from '../../../src/proxy/server/runtime.ts';
import { connectFailure } from '../../../src/proxy/server/upstream-owner.ts';
import { aBackend } from '../support/builders.ts';

describe('the shares of maxconn', () => {
  it.each([
    [5, 2, [3, 2]],
    [8, 3, [3, 3, 2]],
    [1, 2, [1, 1]],
    [0, 2, [0, 0]],
  ])('of %d among %d workers are %j', (maxconn, workers, expected) => {
    const config = aBackend({ servers: [{ name: 'a', address: '192.0.2.1', port: 80, maxconn }] });
    const shares = expected.map((_, worker) => new BackendRuntime(config, worker, workers, () => 0).servers[0]?.slots);
    expect(shares).toEqual(expected);
  });

  it('follow what its agent says', () => {
    const runtime = new BackendRuntime(aBackend(), 0, 2, () => 0);
    const say = (maxconn?: number): number | undefined => {
      runtime.apply({ key: 'api/s1', up: true, admin: 'ready', weight: 1, risingForMs: -1, maxconn }, 0);
      return runtime.servers[0]?.slots;
    };
    expect([say(30), say(3), say()]).toEqual([15, 2, 0]);
  });
});

describe('a connection that cannot be opened', () => {
  it('is no fault of the server when this host has no descriptors or ports left', () => {
    expect(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL'].map(connectFailure)).toEqual(['local', 'local', 'local']);
    expect(['ECONNREFUSED', 'EHOSTUNREACH', undefined].map(connectFailure)).toEqual(['refused', 'refused', 'refused']);
  });
});
