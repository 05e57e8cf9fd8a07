// A backend in several workers that hear of each other through the master's relay; messages arrive when a test lets them.
import type { QueuedRequest } from '../../../src/proxy/core/balance/queues.ts';
import type { BackendConfig } from '../../../src/proxy/core/config/model.ts';
import type { ToWorker } from '../../../src/proxy/server/ipc.ts';
import { Relay, type Relayed } from '../../../src/proxy/server/relay.ts';
import { BackendRuntime, type ServerRuntime } from '../../../src/proxy/server/runtime.ts';

/** A request at one of the workers, which waits where it must, as an exchange does. */
export class Visitor implements QueuedRequest<ServerRuntime> {
  readonly priority = 0;
  readonly order: number;
  readonly sinceMs: number;
  readonly name: string;
  server: ServerRuntime | undefined;
  state: 'waits' | 'runs' | 'refused' | 'done' = 'waits';
  startedOn: ServerRuntime | undefined;
  readonly #backend: BackendRuntime;
  readonly #world: Workers;
  readonly #bound: ServerRuntime | undefined;

  constructor(world: Workers, worker: number, name: string, bound?: string) {
    this.#world = world;
    this.#backend = world.at(worker);
    this.name = name;
    this.order = world.nowMs += 1;
    this.sinceMs = this.order;
    this.#bound = this.#backend.servers.find(({ config }) => config.name === bound);
    this.#backend.counters.begin();
    this.#dispatch();
  }

  resume(granted?: ServerRuntime): void {
    this.#backend.leave(this);
    this.#dispatch(granted);
  }

  end(): void {
    if (this.state !== 'runs' || !this.startedOn) throw new Error(`${this.name} does not run`);
    this.state = 'done';
    this.startedOn.inFlight -= 1;
    this.#backend.counters.end();
    this.#backend.freed(this.startedOn);
  }

  #dispatch(granted?: ServerRuntime): void {
    const { nowMs } = this.#world;
    const { balancer, queues } = this.#backend;
    const picked = granted ?? balancer.pick({ nowMs, tried: [], bound: this.#bound, hash: undefined });
    const isServer = picked !== 'none' && picked !== 'full';
    if (isServer && (granted || balancer.isFree(picked, nowMs, false))) {
      this.state = 'runs';
      this.startedOn = picked;
      picked.inFlight += 1;
      this.#world.started.push(this.name);
      return;
    }
    this.server = isServer ? picked : undefined;
    if (!this.server && !queues.mayQueue(nowMs)) {
      this.state = 'refused';
      this.#backend.counters.end();
      return;
    }
    this.#backend.wait(this);
  }
}

export class Workers {
  nowMs = 0;
  readonly started: string[] = [];
  readonly #backends: BackendRuntime[];
  readonly #relay: Relay;
  /** On their way, in order for each worker. */
  readonly #messages: { readonly to: number; readonly message: ToWorker }[] = [];

  constructor(config: BackendConfig, count: number) {
    const workers = Array.from({ length: count }, (_, worker) => worker);
    const send = (to: number, message: ToWorker): void => void this.#messages.push({ to, message });
    this.#relay = new Relay({
      workers,
      send,
      broadcast: (message, except) => workers.filter((worker) => worker !== except).forEach((to) => send(to, message)),
    });
    const pass = (message: Relayed): void => this.#relay.pass(message);
    this.#backends = workers.map(
      (worker) =>
        new BackendRuntime(config, worker, count, {
          now: () => this.nowMs,
          need: (shared, sinceMs) => pass({ type: 'need-slot', worker, shared, sinceMs }),
          lend: (shared, to, slot) => pass({ type: 'lend-slot', to, shared, slot, epoch: 0 }),
          refuse: (shared, to) => pass({ type: 'refuse-slot', to, shared, epoch: 0 }),
        }),
    );
  }

  at(worker: number): BackendRuntime {
    const backend = this.#backends[worker];
    if (!backend) throw new Error(`no worker ${worker}`);
    return backend;
  }

  get backends(): readonly BackendRuntime[] {
    return this.#backends;
  }

  /** What all workers have on the server of this name, or on all. */
  inFlight(name?: string): number {
    const servers = this.#backends.flatMap((backend) => backend.servers);
    return servers.reduce((sum, { config, inFlight }) => sum + (!name || config.name === name ? inFlight : 0), 0);
  }

  /** As each worker does again and again. */
  tellLoads(): void {
    this.#backends.forEach(({ balancer, config }, worker) =>
      this.#relay.pass({ type: 'load', worker, loads: { [config.name]: balancer.loadHere() } }),
    );
  }

  /** Lets the next message arrive; of the one of several that is asked for. False: there is none. */
  deliverOne(at = 0): boolean {
    const next = this.#messages[at % Math.max(1, this.#messages.length)];
    if (!next) return false;
    // Those to one worker stay in order.
    const first = this.#messages.findIndex(({ to }) => to === next.to);
    const [{ to, message } = next] = this.#messages.splice(first, 1);
    const backend = this.at(to);
    if (message.type === 'load') backend.takeLoad(message.loads[backend.config.name] ?? 0);
    else if (message.type === 'lend') backend.limits.find(message.shared)?.wanted(message.to, message.sinceMs);
    else if (message.type === 'slot') backend.limits.find(message.shared)?.got(message.slot);
    else if (message.type === 'no-slot') backend.limits.find(message.shared)?.refused();
    return true;
  }

  deliver(): void {
    while (this.deliverOne());
  }
}
