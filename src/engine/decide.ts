// Decides what one item of one task means on one host: whether it applies, what it wants, what would change.
// It never waits for the host: where something must be seen or run first, it says so.
import { applied, difference, type Change } from '../core/change.ts';
import { isUnknown, type Unknown } from '../core/unknown.ts';
import type { HostState } from '../core/host-state.ts';
import type { StateModule } from '../core/module.ts';
import type { Want } from '../core/resource.ts';
import { VezaError } from '../lib/errors.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import type { Script } from '../lib/shell.ts';
import { evaluateCondition } from '../language/conditions.ts';
import type { Expression, Scope } from '../language/value.ts';
import { withEnvironment } from './apply.ts';
import type { ItemRecord, Part, Pending, TaskRecord } from './record.ts';
import type { Place } from './place.ts';

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
  readonly place: Place;
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
export function decideWant(decision: Decision, want: Want, state: HostState): Part | null {
  const { item, record } = decision;
  const { resource, id } = want;
  const current = state.get(want);
  if (current === undefined) {
    throw new VezaError('probe-failed', `${resource.key(id)} could not be looked at`, {
      where: record.task.where,
      hint: 'is `become: true` missing?',
    });
  }
  if (isUnknown(current)) {
    item.status = worse(item.status, 'unknown');
    item.message ??= current.reason;
    return null;
  }
  const change = difference(current, want.desired(current));
  const changes = change.action !== 'no-op';
  const next = (changes && resource.predict ? resource.predict(id, change, current) : applied(current, change)) as
    object | null;
  item.outcome.push({ key: resource.key(id), change, current, state: next });
  if (!changes) return null;
  const doubt = doubtIn(change);
  if (doubt) {
    item.status = worse(item.status, 'unknown');
    item.message ??= doubt.reason;
    return null;
  }
  note(decision, want, change, current, state.assumption);
  const disturbance = resource.disturbs?.(id, change, current);
  if (decision.foresee) state.foresee(want, next, disturbance, decision.taskName, !decision.checkMode);
  if (!decision.checkMode) return { want, change, current, disturbsAll: disturbance === 'everything' };
  item.onlyPredicted = true;
  return null;
}

/** Why it is not known whether this is a change; null where something is going to differ for sure. Only dry runs have doubts. */
function doubtIn({ action, before, after }: Change<object>): Unknown | null {
  if (action !== 'update' || after === null) return null;
  const open = Object.keys(after).map((name) =>
    [Reflect.get(after, name), before && Reflect.get(before, name)].find(isUnknown),
  );
  return open.every((one) => one !== undefined) ? (open[0] ?? null) : null;
}

function note(
  decision: Decision,
  want: Want,
  change: Change<object>,
  current: object | null,
  assumption: string | null,
): void {
  const { item } = decision;
  if (want.incidental) return;
  if (decision.checkMode && assumption !== null) item.assuming ??= assumption;
  item.status = worse(item.status, 'changed');
  item.changes.push({
    key: want.resource.key(want.id),
    action: want.resource.kind === 'run' ? 'run' : change.action,
    ...(decision.diff && !want.secret && !item.hidden ? { diff: describe(want, change, current) } : {}),
  });
}

/** The steps that make the changes: one each, or one for all of a kind that is changed together. */
export function stepsOf(decision: Decision, parts: readonly Part[]): Pending[] {
  const { record, item, place, timeoutMs, environment } = decision;
  const step = (group: readonly Part[], script: Script): Pending => ({
    record,
    item,
    place,
    timeoutMs,
    parts: group,
    script: withEnvironment(script, environment),
  });
  const groups: Part[][] = [];
  for (const part of parts) {
    const group = groups.at(-1);
    if (group?.[0]?.want.resource === part.want.resource && part.want.resource.applyAll) group.push(part);
    else groups.push([part]);
  }
  return groups.flatMap((group) => {
    const resource = group[0]?.want.resource;
    if (resource?.applyAll && group.length > 1)
      return [
        step(group, resource.applyAll(group.map(({ want, change, current }) => ({ id: want.id, change, current })))),
      ];
    return group.map((part) => step([part], part.want.resource.apply(part.want.id, part.change, part.current)));
  });
}

function describe(
  want: Want,
  change: Change<object>,
  current: object | null,
): NonNullable<ItemRecord['changes'][number]['diff']> {
  if (want.resource.describe) return want.resource.describe(want.id, change, current);
  const names = new Set([...Object.keys(change.before ?? {}), ...Object.keys(change.after ?? {})]);
  const at = (side: object | null, name: string): Json | undefined =>
    side === null ? undefined : (Reflect.get(side, name) as Json | undefined);
  return {
    attributes: [...names].map((name) => ({ name, before: at(change.before, name), after: at(change.after, name) })),
  };
}

function worse(left: ItemRecord['status'], right: 'changed' | 'unknown'): ItemRecord['status'] {
  if (left === 'failed') return left;
  return left === 'changed' ? left : right;
}

/** A task's `timeout` (0: none of its own), or the limit. Throws VezaError `not-a-number`. */
export function stepTimeoutMs(seconds: unknown): number {
  const number = Number(seconds ?? 0);
  if (!Number.isFinite(number) || number < 0) {
    throw new VezaError('not-a-number', `\`timeout\` must be a number of seconds, not ${JSON.stringify(seconds)}`);
  }
  return number > 0 ? number * 1000 : limits.stepTimeoutMs;
}
