// Decides what one item of one task means on one host: whether it applies, what it wants, what would change.
// It never waits for the host: where something must be seen or run first, it says so.
import { applied, difference } from '../core/change.ts';
import { isUnknown, type Unknown } from '../core/unknown.ts';
import type { HostState } from '../core/host-state.ts';
import type { StateModule } from '../core/module.ts';
import type { Want } from '../core/resource.ts';
import { VezaError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import { evaluateCondition } from '../language/conditions.ts';
import type { Expression, Scope } from '../language/value.ts';
import { withEnvironment } from './apply.ts';
import type { ItemRecord, Pending, TaskRecord } from './record.ts';
import type { Identity } from './ports.ts';

/** Whether all conditions hold; `false` outdoes unknown. Throws as Expression.evaluate. */
export function conditionsHold(conditions: readonly Expression[], scope: Scope): boolean | Unknown {
  let open: Unknown | null = null;
  for (const condition of conditions) {
    const holds = evaluateCondition(condition, scope);
    if (holds === false) return false;
    if (isUnknown(holds)) open ??= holds;
  }
  return open ?? true;
}

export interface Decision {
  readonly record: TaskRecord;
  readonly item: ItemRecord;
  readonly module: StateModule<JsonObject>;
  readonly args: JsonObject;
  readonly identity: Identity;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly diff: boolean;
  /** Decide only; nothing will be applied. */
  readonly checkMode: boolean;
  /** Check mode of this one task in a real run: what it would do must not be taken as done. */
  readonly foresee: boolean;
  readonly taskName: string;
}

/** Decides one want over what is known; the state must know it. Throws VezaError where the wanted state cannot be reached. */
export function decideWant(decision: Decision, want: Want, state: HostState): Pending | null {
  const { item, record, taskName } = decision;
  const current = state.get(want);
  if (current === undefined) {
    throw new VezaError('probe-failed', `${want.resource.key(want.id)} could not be looked at`, { where: record.task.where, hint: 'is `become: true` missing?' });
  }
  if (isUnknown(current)) {
    item.status = worse(item.status, 'unknown');
    item.message ??= current.reason;
    return null;
  }
  const change = difference(current, want.desired(current));
  const next = change.action === 'no-op' ? current : want.resource.predict ? want.resource.predict(want.id, change, current) : applied(current, change);
  item.outcome.push({ key: want.resource.key(want.id), change, current, state: next as object | null });
  if (change.action === 'no-op') return null;
  return decided(decision, want, change, { current, next: next as object | null }, state, taskName);
}

function decided(
  decision: Decision,
  want: Want,
  change: ReturnType<typeof difference<object>>,
  states: { readonly current: object | null; readonly next: object | null },
  state: HostState,
  taskName: string,
): Pending | null {
  const { item, record } = decision;
  const { resource, id } = want;
  const applies = !decision.checkMode || want.readOnly === true;
  const assumption = decision.checkMode ? state.assumption : null;
  if (assumption !== null) item.assuming ??= assumption;
  item.status = worse(item.status, 'changed');
  item.changes.push({
    key: resource.key(id),
    action: resource.kind === 'run' ? 'run' : change.action,
    ...(decision.diff && !want.secret && !item.hidden ? { diff: describe(want, change, states.current) } : {}),
  });
  const disturbance = want.readOnly ? undefined : resource.disturbs?.(id, change, states.current);
  if (decision.foresee) state.foresee(want, states.next, disturbance, taskName);
  if (!applies) {
    item.onlyPredicted = true;
    return null;
  }
  return {
    record,
    item,
    want,
    change,
    current: states.current,
    identity: decision.identity,
    script: withEnvironment(resource.apply(id, change, states.current), decision.environment),
    timeoutMs: decision.timeoutMs,
    disturbsAll: disturbance === 'everything',
  };
}

function describe(want: Want, change: ReturnType<typeof difference<object>>, current: object | null): NonNullable<ItemRecord['changes'][number]['diff']> {
  if (want.resource.describe) return want.resource.describe(want.id, change, current);
  const names = new Set([...Object.keys(change.before ?? {}), ...Object.keys(change.after ?? {})]);
  const at = (side: object | null, name: string) => (side === null ? undefined : (Reflect.get(side, name) as undefined));
  return { attributes: [...names].map((name) => ({ name, before: at(change.before, name), after: at(change.after, name) })) };
}

function worse(left: ItemRecord['status'], right: 'changed' | 'unknown'): ItemRecord['status'] {
  if (left === 'failed') return left;
  return left === 'changed' ? left : right;
}

/** A task's `timeout`, or the limit. */
export function stepTimeoutMs(seconds: unknown): number {
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : limits.stepTimeoutMs;
}

