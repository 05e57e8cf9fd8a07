// A balancer under random failures on a virtual clock: runs it, and checks all that must hold.
import { expectDrained, expectEmpty, expectQueues } from './simulation/invariants.ts';
import { Request } from './simulation/request.ts';
import { aWorld, change, expire, finish, type World } from './simulation/world.ts';

const minuteMs = 60_000;

/** One world. Throws, with the seed, where something is wrong. */
export class Simulation {
  readonly #seed: number;
  readonly #world: World;
  readonly #stepMs: number;
  #nowMs = 1;
  #wokenMs = 0;

  constructor(seed: number, stepMs: number) {
    this.#seed = seed;
    this.#world = aWorld(seed);
    this.#stepMs = stepMs;
  }

  get picks(): number {
    return this.#world.picks;
  }

  /** Goes on until so many minutes have passed since the beginning. */
  runUntil(minutes: number): void {
    this.#guarded(() => {
      for (; this.#nowMs < minutes * minuteMs; this.#nowMs += this.#stepMs) this.#step();
    });
  }

  /** Lets everything under way end. */
  end(): void {
    this.#guarded(() => {
      const world = this.#world;
      while (world.running.length > 0) finish(world, () => true);
      world.nowMs = Infinity;
      expire(world);
      expectEmpty(world);
      if (world.failed > 0) throw new Error(`${world.failed} requests failed`);
    });
  }

  #step(): void {
    const world = this.#world;
    const nowMs = this.#nowMs;
    world.nowMs = nowMs;
    change(world, nowMs);
    finish(world, ({ endsMs }) => endsMs <= nowMs);
    expire(world);
    const awake = world.changed || nowMs - this.#wokenMs >= Math.max(500, 4 * this.#stepMs);
    world.changed = false;
    if (awake) {
      this.#wokenMs = nowMs;
      world.queues.wake(world.states, nowMs);
    }
    expectDrained(world);
    // Now and then many at once, so that they must wait.
    const count = world.random() < 0.01 ? 12 : 1;
    for (let index = 0; index < count; index += 1) new Request(world).dispatch();
    if (awake) expectQueues(world);
    for (const state of world.states) if (state.inFlight < 0) throw new Error('in-flight below zero');
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      throw new Error(`seed ${this.#seed}: ${error instanceof Error ? error.message : ''}`, { cause: error });
    }
  }
}

/** Runs one world for a time and lets it end; returns the number of its picks. */
export function simulate(seed: number, minutes: number, stepMs: number): number {
  const simulation = new Simulation(seed, stepMs);
  simulation.runUntil(minutes);
  simulation.end();
  return simulation.picks;
}
