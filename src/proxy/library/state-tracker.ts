// Who is healthy, from the results of checks: so many failures in a row make it unhealthy, so many successes healthy again.
import { Health } from '../core/health.ts';

export interface Target {
  readonly id: string;
}

export type TargetState = 'healthy' | 'unhealthy';

export class StateTracker<T extends Target> {
  readonly #fall: number;
  readonly #rise: number;
  readonly #targets = new Map<string, { target: T; readonly health: Health }>();

  /** Values below 1 count as 1. */
  constructor(fall = 3, rise = 2) {
    this.#fall = Math.max(1, Math.trunc(fall));
    this.#rise = Math.max(1, Math.trunc(rise));
  }

  /** New ones are healthy, others keep what is known of them. True if one came or went. */
  syncTargets(targets: readonly T[]): boolean {
    const wanted = new Set(targets.map(({ id }) => id));
    let changed = false;
    for (const id of [...this.#targets.keys()]) if (!wanted.has(id)) changed = this.#targets.delete(id) || changed;
    for (const target of targets) {
      const known = this.#targets.get(target.id);
      if (known) known.target = target;
      else this.#targets.set(target.id, { target, health: this.#healthy() });
      changed ||= !known;
    }
    return changed;
  }

  /** True if the state of the target changed; unknown ones are ignored. */
  recordResult(id: string, passed: boolean): boolean {
    return this.#targets.get(id)?.health.record(passed) !== undefined;
  }

  /** Unknown ones are unhealthy. */
  getState(id: string): TargetState {
    return this.#targets.get(id)?.health.up === true ? 'healthy' : 'unhealthy';
  }

  getHealthyTargets(): readonly T[] {
    return this.getAllTargets().filter(({ id }) => this.getState(id) === 'healthy');
  }

  getUnhealthyTargets(): readonly T[] {
    return this.getAllTargets().filter(({ id }) => this.getState(id) === 'unhealthy');
  }

  getAllTargets(): readonly T[] {
    return [...this.#targets.values()].map(({ target }) => target);
  }

  getStats(): { readonly total: number; readonly healthy: number; readonly unhealthy: number } {
    const total = this.#targets.size;
    const healthy = this.getHealthyTargets().length;
    return { total, healthy, unhealthy: total - healthy };
  }

  #healthy(): Health {
    // Who checks says when.
    const timing = { interMs: 0, fastinterMs: 0, downinterMs: 0, timeoutMs: 0 };
    return new Health({ rise: this.#rise, fall: this.#fall, init: 'fully-up', ...timing });
  }
}
