// Who waits for a slot and who gets it: order, priority, clients that are bound, limits that grow.
import { describe, expect, it } from 'vitest';
import { Balancer } from '../../../src/proxy/core/balance/balancer.ts';
import { type QueuedRequest, Queues } from '../../../src/proxy/core/balance/queues.ts';
import type { ServerState } from '../../../src/proxy/core/balance/server-state.ts';
import { shareOf, WaitQueue } from '../../../src/proxy/core/balance/wait-queue.ts';
import { aBackend, statesOf } from '../support/builders.ts';

let arrivals = 0;

/** A request that says on which server it started. */
class Request implements QueuedRequest<ServerState> {
  readonly order = ++arrivals;
  readonly sinceMs = this.order;
  readonly priority: number;
  readonly server: ServerState | undefined;
  startedOn = '';
  readonly #queues: Queues<ServerState, Request>;

  constructor(queues: Queues<ServerState, Request>, server?: ServerState, priority = 0) {
    this.#queues = queues;
    this.server = server;
    this.priority = priority;
    queues.add(this);
  }

  resume(server?: ServerState): void {
    this.#queues.delete(this);
    this.startedOn = server?.config.name ?? 'elsewhere';
    if (server) server.inFlight += 1;
  }
}

function setUp(backend: object = {}): {
  balancer: Balancer<ServerState>;
  queues: Queues<ServerState, Request>;
  servers: ServerState[];
  first: ServerState;
  second: ServerState;
  readonly end: (server: ServerState) => void;
} {
  const config = aBackend(backend);
  const servers = statesOf(config);
  const balancer = new Balancer(config, servers);
  balancer.invalidate();
  const queues = new Queues<ServerState, Request>(balancer);
  const [first, second] = servers;
  if (!first || !second) throw new Error('no servers');
  for (const server of servers) {
    server.quota.share(1, 0, 1);
    server.inFlight = 1;
  }
  const end = (server: ServerState): void => {
    server.inFlight -= 1;
    queues.freed(server, servers, 1);
  };
  return { balancer, queues, servers, first, second, end };
}

describe('a slot that is free', () => {
  it('goes to the oldest of those that wait for the server and of those that wait for any', () => {
    const { queues, first, second, end } = setUp();
    const any = new Request(queues);
    const own = new Request(queues, first);
    const other = new Request(queues, second);
    end(first);
    expect([any.startedOn, own.startedOn, other.startedOn]).toEqual(['s1', '', '']);
    end(first);
    expect([own.startedOn, other.startedOn]).toEqual(['s1', '']);
    expect(second.queued).toBe(1);
    end(second);
    expect(other.startedOn).toBe('s2');
    expect(queues.isWaited).toBe(false);
  });

  it('goes to the lower priority class first', () => {
    const { queues, first, end } = setUp();
    const plain = new Request(queues);
    const urgent = new Request(queues, first, -5);
    const later = new Request(queues, undefined, 5);
    end(first);
    end(first);
    expect([urgent.startedOn, plain.startedOn, later.startedOn]).toEqual(['s1', 's1', '']);
  });

  it('of a silent server is better than none, of an unreachable one it is not', () => {
    const { queues, first, second, end } = setUp();
    const requests = [new Request(queues), new Request(queues)];
    second.suspect('unreachable', 100);
    end(second);
    first.suspect('silent', 100);
    end(first);
    expect(requests.map(({ startedOn }) => startedOn)).toEqual(['s1', '']);
  });

  it('of a drained server goes only to those that are bound to it', () => {
    const { queues, balancer, first, end } = setUp();
    const any = new Request(queues);
    const own = new Request(queues, first);
    first.apply({ key: 'api/s1', up: true, admin: 'drain', weight: 1, risingForMs: -1 }, 1);
    balancer.invalidate();
    end(first);
    expect([any.startedOn, own.startedOn]).toEqual(['', 's1']);
  });
});

describe('who comes now', () => {
  it('does not overtake those that wait for a server, and waits for it only if it is bound', () => {
    const { queues, balancer, servers, first } = setUp();
    const own = new Request(queues, first);
    first.inFlight = 0;
    for (const server of servers.slice(1)) server.inFlight = 0;
    const pick = (bound?: ServerState): unknown => balancer.pick({ nowMs: 1, tried: [], bound, hash: undefined });
    expect([pick(), pick(), pick(), pick()]).not.toContain(first);
    expect(pick(first)).toBe(first);
    expect(balancer.isFree(first, 1, false)).toBe(false);
    expect(balancer.isFree(first, 1, true)).toBe(true);
    first.places.share(1, 0, 1);
    expect(pick(first)).not.toBe(first);
    expect(own.startedOn).toBe('');
  });
});

describe('a server that goes', () => {
  it('sends those that wait for it elsewhere', () => {
    const { queues, balancer, servers, first } = setUp();
    const own = [new Request(queues, first), new Request(queues, first)];
    first.apply({ key: 'api/s1', up: false, admin: 'ready', weight: 1, risingForMs: -1 }, 1);
    balancer.invalidate();
    queues.wake(servers, 1);
    expect(own.map(({ startedOn }) => startedOn)).toEqual(['elsewhere', 'elsewhere']);
    expect(first.queued).toBe(0);
  });
});

describe('limits', () => {
  it('grow from minconn to maxconn with the load of the backend', () => {
    const servers = [1, 2].map((id) => ({ name: `s${id}`, address: 'a', port: id, maxconn: 10, minconn: 2 }));
    const { balancer, first, second } = setUp({ servers, fullconn: 20 });
    for (const server of [first, second]) {
      server.quota.share(10, 0, 1);
      server.fullAt = 20;
    }
    const free = (firstLoad: number, secondLoad: number): boolean => {
      first.inFlight = firstLoad;
      second.inFlight = secondLoad;
      return balancer.isFree(first, 1, false);
    };
    expect([free(1, 0), free(2, 0), free(4, 4), free(3, 5), free(9, 11), free(10, 10)]).toEqual([
      true,
      false,
      false,
      true,
      true,
      false,
    ]);
  });

  it('come back step by step with a server that recovers', () => {
    const { first } = setUp({ slowstart: '10s' });
    first.quota.share(10, 0, 1);
    first.apply({ key: 'api/s1', up: true, admin: 'ready', weight: 1, risingForMs: 0 }, 1000);
    const most = (nowMs: number): number => {
      first.inFlight = 0;
      while (first.hasSlot(nowMs, 0)) first.inFlight += 1;
      return first.inFlight;
    };
    expect([1000, 3000, 6000, 11_000].map(most)).toEqual([1, 2, 5, 10]);
  });

  it('of a backend hold over all its servers', () => {
    const { balancer, queues, servers, first, end } = setUp({ maxconn: 3 });
    for (const server of servers) server.quota.share(0, 0, 1);
    balancer.quota.share(3, 0, 1);
    expect(balancer.pick({ nowMs: 1, tried: [], bound: undefined, hash: undefined })).toBe('full');
    expect(balancer.pick({ nowMs: 1, tried: [], bound: first, hash: undefined })).toBe(first);
    expect(balancer.isFree(first, 1, false)).toBe(false);
    const own = new Request(queues, first);
    const any = new Request(queues);
    end(servers[2] ?? first);
    expect([own.startedOn, any.startedOn]).toEqual(['s1', '']);
    end(first);
    // Where servers have no limits of their own it looks for one itself.
    expect(any.startedOn).toBe('elsewhere');
  });

  it('of the queue', () => {
    const { queues } = setUp();
    queues.places.share(2, 0, 1);
    expect(queues.mayQueue(1)).toBe(true);
    const waiting = [new Request(queues), new Request(queues)];
    expect(queues.mayQueue(1)).toBe(false);
    for (const request of waiting) queues.delete(request);
    expect([queues.isWaited, queues.mayQueue(1)]).toEqual([false, true]);
  });

  it.each([
    [5, 2, [3, 2]],
    [8, 3, [3, 3, 2]],
    [1, 2, [1, 0]],
  ])('of %d are shared out among %d workers as %j', (limit, workers, expected) => {
    expect(expected.map((_, worker) => shareOf(limit, worker, workers))).toEqual(expected);
  });
});

describe('a queue', () => {
  it('keeps its order whatever comes and goes', () => {
    const queue = new WaitQueue<{ priority: number; order: number }>();
    const items = [3, 1, 4, 2].map((order) => ({ priority: order === 4 ? -1 : 0, order }));
    for (const item of items) queue.add(item);
    expect(queue.all().map(({ order }) => order)).toEqual([4, 1, 2, 3]);
    const [third] = items;
    if (third) expect([queue.delete(third), queue.delete(third)]).toEqual([true, false]);
    expect(queue.delete({ priority: 0, order: 1 })).toBe(false);
    expect(queue.at(0)?.order).toBe(4);
    expect(queue.size).toBe(3);
  });
});
