// What workers hold for their servers: shares of limits, and whom they blame.
import { describe, expect, it } from 'vitest';
import { BackendRuntime } from '../../../src/proxy/server/runtime.ts';
import { connectFailure } from '../../../src/proxy/server/upstream-owner.ts';
import { aBackend } from '../support/builders.ts';

const alone = { now: () => 0, need: () => undefined, lend: () => undefined, refuse: () => undefined };

describe('the shares of maxconn', () => {
  it.each([
    [5, 2, [3, 2]],
    [8, 3, [3, 3, 2]],
    [1, 2, [1, 0]],
    [0, 2, [Infinity, Infinity]],
  ])('of %d among %d workers are %o', (maxconn, workers, expected) => {
    const config = aBackend({ servers: [{ name: 'a', address: '192.0.2.1', port: 80, maxconn }] });
    const shares = expected.map(
      (_, worker) => new BackendRuntime(config, worker, workers, alone).servers[0]?.quota.slots,
    );
    expect(shares).toEqual(expected);
  });

  it('follow what its agent says', () => {
    const runtime = new BackendRuntime(aBackend(), 0, 2, alone);
    const say = (maxconn?: number): number | undefined => {
      runtime.apply({ key: 'api/s1', up: true, admin: 'ready', weight: 1, risingForMs: -1, maxconn }, 0);
      return runtime.servers[0]?.quota.slots;
    };
    expect([say(30), say(3), say()]).toEqual([15, 2, Infinity]);
  });
});

describe('a connection that cannot be opened', () => {
  it('is no fault of the server when this host has no descriptors or ports left', () => {
    expect(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL'].map(connectFailure)).toEqual(['local', 'local', 'local']);
    expect(['ECONNREFUSED', 'EHOSTUNREACH', undefined].map(connectFailure)).toEqual(['refused', 'refused', 'refused']);
  });
});

describe('a server that comes back', () => {
  it.each([
    ['shutdown-backup-sessions', ['down']],
    ['none', []],
  ])('with onMarkedUp: %s ends what backups do: %j', (onMarkedUp, ended) => {
    const server = { address: '192.0.2.1', port: 80 };
    const servers = [
      { ...server, name: 'a' },
      { ...server, name: 'spare', backup: true },
    ];
    const backend = new BackendRuntime(aBackend({ onMarkedUp, servers }), 0, 1, alone);
    const failures: string[] = [];
    const [, spare] = backend.servers;
    spare?.connections.add({ phase: 'tunnel', fail: (failure) => failures.push(failure), destroy: () => undefined });
    const view = { key: 'api/a', admin: 'ready', weight: 1, risingForMs: -1 } as const;
    backend.apply({ ...view, up: false }, 0);
    expect(failures).toEqual([]);
    backend.apply({ ...view, up: true }, 1);
    expect(failures).toEqual(ended);
  });
});
