// Works the resources that one request of a playbook stands for, with the same code as `prod`: and keeps what a dry run
// foresees, so that a later task of it finds it done.
import { applied } from '../../core/change.ts';
import type { CloudChange, CloudOptions } from '../../core/cloud.ts';
import type { Unknown } from '../../core/unknown.ts';
import { converge, type CloudResult } from '../converge.ts';
import type { ApiClock } from '../http/client.ts';
import type { AnyCloudResource } from '../resource.ts';

export interface Worker {
  /** Works one; rejects with VezaError. `state` is what is there afterwards (in a dry run: what would be). */
  work(resource: AnyCloudResource, outputs?: ReadonlyMap<string, string | Unknown>): Promise<Worked>;
  /** What a dry run foresees of a thing; undefined where nothing. */
  foreseen(key: string): object | null | undefined;
  readonly options: CloudOptions;
  readonly clock: ApiClock;
}

export interface Worked {
  readonly changes: readonly CloudChange[];
  readonly calls: CloudResult['calls'];
  readonly state: object | null;
}

/** `foreseen` holds the states by key for one account and run. */
export function createWorker(foreseen: Map<string, object | null>, clock: ApiClock, options: CloudOptions): Worker {
  return {
    options,
    clock,
    foreseen: (key) => foreseen.get(key),
    async work(resource, outputs = new Map()) {
      let state: object | null = null;
      const observed: AnyCloudResource = {
        ...resource,
        observe: async (signal) => {
          const known = options.checkMode ? foreseen.get(resource.key) : undefined;
          state = known === undefined ? ((await resource.observe(signal)) as object | null) : known;
          return state;
        },
      };
      const [result] = await converge([observed], {
        dryRun: options.checkMode,
        allowDestroy: true,
        concurrency: 1,
        clock,
        outputs: new Map(outputs),
        signal: options.signal,
        onResult: () => undefined,
        onDecided: (key, change, current) => {
          options.decided(key, change);
          state = applied(current, change);
          if (options.checkMode && options.foresee) foreseen.set(key, state);
        },
      });
      if (!result) return { changes: [], calls: [], state };
      if (result.error) throw result.error;
      const { key, action, diff, calls, status } = result;
      return { changes: status === 'changed' ? [{ key, action, diff }] : [], calls, state };
    },
  };
}
