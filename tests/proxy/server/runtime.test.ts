// What workers hold for their servers: shares of limits, and whom they blame.
import { describe, expect, it } from 'vitest';
import { BackendRuntime } from '../../../src/proxy/server/runtime.ts';
import { connectFailure } from '../../../src/proxy/server/upstream-owner.ts';
import { aBackend } from '../support/builders.ts';

const alone = { now: () => 0, need: () => undefined, lend: () => undefined };

describe('the shares of maxconn', () => {
  it.each([
    [5, 2, [3, 2]],
    [8, 3, [3, 3, 2]],
    [1, 2, [1, 0]],
    [0, 2, [Infinity, Infinity]],
  ])('of %d among %d workers are %o', (maxconn, workers, expected) => {
    const config = aBackend({ servers: [{ name: 'a', address: '192.0.2.1', port: 80, maxconn }] });
    const shares = expected.map((_, worker) => new BackendRuntime(config, worker, workers, alone).servers[0]?.slots);
    expect(shares).toEqual(expected);
  });

  it('follow what its agent says', () => {
    const runtime = new BackendRuntime(aBackend(), 0, 2, alone);
    const say = (maxconn?: number): number | undefined => {
      runtime.apply({ key: 'api/s1', up: true, admin: 'ready', weight: 1, risingForMs: -1, maxconn }, 0);
      return runtime.servers[0]?.slots;
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

describe('workers that share a maxconn', () => {
  /** Two workers with one slot between them; messages arrive when they are told to. */
  function two(maxconn: number) {
    const config = aBackend({ servers: [{ name: 'a', address: '192.0.2.1', port: 80, maxconn }] });
    const messages: (() => void)[] = [];
    const workers: BackendRuntime[] = [0, 1].map((worker) => {
      const serverOf = (at: number) => workers[at]?.servers[0];
      return new BackendRuntime(config, worker, 2, {
        now: () => nowMs,
        need: (_key, sinceMs) =>
          messages.push(() => {
            const other = serverOf(1 - worker);
            if (other) other.backend.lend(other, worker, sinceMs);
          }),
        lend: (_key, to) =>
          messages.push(() => {
            const asker = serverOf(to);
            if (asker) asker.backend.got(asker);
          }),
      });
    });
    let nowMs = 0;
    const started: string[] = [];
    /** A request at a worker, which waits if it must; returns how it ends there. */
    const wait = (worker: number, name: string): (() => void) => {
      nowMs += 1;
      const backend = workers[worker];
      const server = backend?.servers[0];
      if (!backend || !server) throw new Error('no worker');
      const request = {
        order: nowMs,
        priority: 0,
        sinceMs: nowMs,
        server,
        resume: (granted?: unknown): void => {
          backend.leave(request);
          if (granted !== server) return;
          server.inFlight += 1;
          started.push(name);
        },
      };
      if (server.isFree(nowMs, 1)) request.resume(server);
      else backend.wait(request);
      return () => {
        server.inFlight -= 1;
        backend.freed(server);
      };
    };
    const deliver = (): void => {
      for (let next = messages.shift(); next; next = messages.shift()) next();
    };
    const inFlight = (): number => workers.reduce((sum, { servers }) => sum + (servers[0]?.inFlight ?? 0), 0);
    return { wait, deliver, started, inFlight };
  }

  it('lend each other what they do not use', () => {
    const { wait, deliver, started, inFlight } = two(2);
    for (const name of ['one', 'two', 'three']) wait(1, name);
    expect(started).toEqual(['one']);
    deliver();
    expect(started).toEqual(['one', 'two']);
    expect(inFlight()).toBe(2);
  });

  it('serve the one that waits longest first, wherever it waits, and never more at once than they may', () => {
    const { wait, deliver, started, inFlight } = two(1);
    const ends = [wait(0, 'first'), wait(1, 'second'), wait(0, 'third'), wait(1, 'fourth')];
    for (const end of ends) {
      deliver();
      expect(inFlight()).toBe(1);
      end();
    }
    deliver();
    expect(started).toEqual(['first', 'second', 'third', 'fourth']);
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
