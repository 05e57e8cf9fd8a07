// Looks at things in the cloud, compares, and (unless it is a dry run) makes the calls that the difference needs:
// side by side, but each after what it depends on.
import PQueue from 'p-queue';
import { difference, type Action, type Change } from '../core/change.ts';
import type { Diff } from '../core/resource.ts';
import { unknown, type Unknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import type { Outputs } from './outputs.ts';
import type { ApiClock } from './http/client.ts';
import { ApiError } from './http/errors.ts';
import type { AnyCloudResource, Call, CloudResource } from './resource.ts';

export interface ConvergeOptions {
  readonly dryRun: boolean;
  /** Without it, what should be deleted is told and kept. */
  readonly allowDestroy: boolean;
  /** Things worked on at once. */
  readonly concurrency: number;
  readonly clock: ApiClock;
  readonly outputs: Map<string, string | Unknown>;
  readonly signal?: AbortSignal | undefined;
  readonly onResult: (result: CloudResult) => void;
  /** Is told of a change before it is made or foreseen; what it throws keeps it from being made. */
  readonly onDecided?: (key: string, change: Change<object>, current: object | null) => void;
}

export interface CloudResult {
  readonly key: string;
  /** `held`: it would be deleted, and that was not allowed. `skipped`: what it depends on failed. */
  readonly status: 'ok' | 'changed' | 'failed' | 'held' | 'skipped';
  readonly action: Action;
  readonly diff: Diff;
  /** Those that are needed (in a dry run), or that were made. */
  readonly calls: readonly Call[];
  readonly error?: VezaError;
}

/** Works all resources; resolves to their results in the order given. Problems of one are in its result. */
export async function converge(
  resources: readonly AnyCloudResource[],
  options: ConvergeOptions,
): Promise<readonly CloudResult[]> {
  const queue = new PQueue({ concurrency: options.concurrency });
  const running = new Map<AnyCloudResource, Promise<CloudResult>>();
  const start = (resource: AnyCloudResource, way: readonly AnyCloudResource[]): Promise<CloudResult> => {
    const known = running.get(resource);
    if (known) return known;
    if (way.includes(resource)) throw new VezaError('dependency-cycle', `${resource.key} depends on itself`);
    const first = dependenciesOf(resource, resources).map((one) => start(one, [...way, resource]));
    const result = Promise.all(first).then((before) => queue.add(() => one(resource, before, options)));
    running.set(resource, result);
    return result;
  };
  const results = await Promise.all(resources.map((resource) => start(resource, [])));
  if (options.dryRun) return results;
  return Promise.all(results.map((result, index) => confirmed(resources[index], result, options)));
}

/** The result, or its failure where what was changed turns out not to be as it should. */
async function confirmed(
  resource: AnyCloudResource | undefined,
  result: CloudResult,
  options: ConvergeOptions,
): Promise<CloudResult> {
  if (resource?.confirmLast !== true || result.status !== 'changed') return result;
  try {
    await confirm(resource, options);
    return result;
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    const failed: CloudResult = { ...result, status: 'failed', error };
    options.onResult(failed);
    return failed;
  }
}

function dependenciesOf(resource: AnyCloudResource, all: readonly AnyCloudResource[]): readonly AnyCloudResource[] {
  return all.filter(
    (other) =>
      other !== resource &&
      (other.gives.some((name) => resource.needs.includes(name)) || resource.after.includes(other.key)),
  );
}

async function one(
  resource: AnyCloudResource,
  before: readonly CloudResult[],
  options: ConvergeOptions,
): Promise<CloudResult> {
  const result = await attempt(resource, before, options);
  options.onResult(result);
  return result;
}

const nothing: Diff = { attributes: [] };

async function attempt(
  resource: AnyCloudResource,
  before: readonly CloudResult[],
  options: ConvergeOptions,
): Promise<CloudResult> {
  const base = { key: resource.key, action: 'no-op', diff: nothing, calls: [] } as const;
  const broken = before.find(({ status }) => status === 'failed' || status === 'skipped');
  if (broken) {
    return { ...base, status: 'skipped', error: new VezaError('skipped', `needs ${broken.key}, which failed`) };
  }
  try {
    return await work(resource, options);
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    return { ...base, status: 'failed', error };
  }
}

async function work<S extends object>(resource: CloudResource<S>, options: ConvergeOptions): Promise<CloudResult> {
  const current = await resource.observe(options.signal);
  const change = difference(current, resource.desired(current, options.outputs));
  const told = { key: resource.key, action: change.action, diff: resource.describe(change, current) };
  if (change.action === 'no-op') {
    give(resource, current, options);
    return { ...told, status: 'ok', calls: [] };
  }
  if (change.action === 'delete' && !options.allowDestroy) return { ...told, status: 'held', calls: [] };
  options.onDecided?.(resource.key, change, current);
  if (options.dryRun) {
    give(resource, change.action === 'update' && resource.replaces !== true ? current : null, options);
    return { ...told, status: 'changed', calls: resource.calls(change, current) };
  }
  const calls = await make(resource, change, current, options);
  if (resource.confirmLast !== true) await confirm(resource, options);
  return { ...told, status: 'changed', calls };
}

/** How often a lost answer is looked up, and the first pause before that. */
const lookups = 4;
const lookupPauseMs = 500;

/**
 * Makes the calls of a change. Where an answer was lost, the call may have been acted upon: what is there is looked at again, and
 * only what is then still missing is asked for.
 */
async function make<S extends object>(
  resource: CloudResource<S>,
  change: Change<S>,
  current: S | null,
  options: ConvergeOptions,
): Promise<readonly Call[]> {
  const made: Call[] = [];
  let sending: Call | null = null;
  for (let lost = 0, calls = resource.calls(change, current); ; lost += 1) {
    try {
      for (const call of calls) {
        sending = call;
        await resource.send(call, options.signal);
        made.push(call);
      }
      return made;
    } catch (error) {
      if (!(error instanceof ApiError) || !error.uncertain || lost === lookups) throw error;
      await options.clock.sleep(lookupPauseMs * 2 ** lost, options.signal);
      const state = await resource.observe(options.signal);
      const left = difference(state, resource.desired(state, options.outputs));
      if (left.action === 'no-op') return sending ? [...made, sending] : made;
      calls = resource.calls(left, state);
    }
  }
}

/** Looks again at what was changed. Throws VezaError `did-not-converge`. */
async function confirm<S extends object>(resource: CloudResource<S>, options: ConvergeOptions): Promise<void> {
  const state = await resource.observe(options.signal);
  give(resource, state, options);
  const left = difference(state, resource.desired(state, options.outputs));
  if (left.action === 'no-op') return;
  const names = Object.keys(left.after ?? left.before ?? {}).join(', ');
  throw new VezaError('did-not-converge', `${resource.key}: still different after the change: ${names}`, {
    hint: 'Something else may have changed it at the same time; run again to see what is left.',
  });
}

/** Hands on what others refer to; what is not there yet is unknown. */
function give<S extends object>(
  resource: CloudResource<S>,
  state: S | null,
  { outputs, dryRun }: ConvergeOptions,
): void {
  const values: Outputs = resource.outputs?.(state) ?? new Map();
  for (const name of resource.gives) {
    const value = values.get(name);
    if (value !== undefined) outputs.set(name, value);
    else if (dryRun) outputs.set(name, unknown(`${resource.key} is not there yet`));
  }
}
