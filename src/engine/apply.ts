// Applies decided changes: one script for all of them, then a look at what was touched, in the same round trip.
import { sameValue } from '../core/change.ts';
import { isUnknown } from '../core/unknown.ts';
import type { HostState } from '../core/host-state.ts';
import { joinScripts, sh, type Script } from '../lib/shell.ts';
import { probeSteps } from './probe.ts';
import { fail, type Part, type Pending } from './record.ts';
import { sessionAt, type Place } from './place.ts';
import { identityKey, type StepResult } from './ports.ts';
import type { RunState } from './variables.ts';

export interface Application {
  /** The change whose step failed; the ones after it did not run. */
  readonly failed: Pending | null;
}

interface Hooks {
  readonly onBegin: (pending: Pending) => void;
  /** The step ended well. */
  readonly onDone: (pending: Pending) => void;
}

/** Applies `pending` in order until one fails; outputs and verdicts land in the items. */
export async function applyPending(run: RunState, pending: readonly Pending[], hooks: Hooks): Promise<Application> {
  const groups = byPlace(pending);
  for (const [index, group] of groups.entries()) {
    // What another user changes once more is looked at after that.
    const rest = groups.slice(index + 1).filter((one) => stateOf(one) === stateOf(group));
    const later = new Set(rest.flatMap((one) => [...stillStanding(one).keys()]));
    const failed = await applyGroup(run, group, later, hooks);
    if (failed) {
      for (const { place } of pending) place.reach.state.forget();
      return { failed };
    }
  }
  return { failed: null };
}

async function applyGroup(
  run: RunState,
  group: readonly Pending[],
  later: ReadonlySet<string>,
  hooks: Hooks,
): Promise<Pending | null> {
  const place = group[0]?.place;
  if (!place) return null;
  const session = await sessionAt(run, place);
  const touched = new Map([...stillStanding(group)].filter(([key]) => !later.has(key)));
  const looks = probeSteps([...touched.values()].flatMap(({ parts }) => parts.slice(0, 1)).map(({ want }) => want));
  const results = await session.run({
    identity: place.identity,
    signal: run.options.signal,
    haltOnFailure: true,
    steps: [
      ...group.map(({ script, timeoutMs, item }) => ({ script, timeoutMs, hidden: item.hidden })),
      ...looks.map(({ step }) => ({ ...step, hidden: group.some(({ item }) => item.hidden) })),
    ],
    onBegin: (index) => {
      const begun = group[index];
      if (begun) hooks.onBegin(begun);
    },
    onEnd: (index, { exitCode, timedOut }) => {
      const ended = group[index];
      if (ended && exitCode === 0 && !timedOut) hooks.onDone(ended);
    },
  });
  for (const [index, pending] of group.entries()) {
    const result = results[index];
    if (!result) return pending;
    pending.item.output = result;
    if (result.exitCode !== 0 || result.timedOut) {
      fail(pending.item, failureOf(result, pending));
      // A command has run; of other things nobody can say how far it came.
      pending.item.changedAnyway = pending.parts.some(({ want }) => want.resource.kind === 'run');
      return pending;
    }
  }
  for (const [index, look] of looks.entries()) {
    const result = results[group.length + index];
    if (result) confirm(place.reach.state, look.read(result), touched);
  }
  return [...touched.values()].find(({ last }) => last.item.status === 'failed')?.last ?? null;
}

interface Touched {
  readonly parts: readonly Part[];
  /** The last step that changes it. */
  readonly last: Pending;
}

/** Changes by the key of what they touch, without those before one that disturbs everything, and without commands. */
function stillStanding(group: readonly Pending[]): Map<string, Touched> {
  const last = group.findLastIndex(({ parts }) => parts.some(({ disturbsAll }) => disturbsAll));
  const touched = new Map<string, Touched>();
  for (const pending of group.slice(Math.max(0, last))) {
    for (const part of pending.parts) {
      const { resource, id } = part.want;
      if (resource.kind === 'run' || part.want.incidental) continue;
      const key = resource.key(id);
      touched.set(key, { parts: [...(touched.get(key)?.parts ?? []), part], last: pending });
    }
  }
  return touched;
}

/** Compares what is with what was foreseen, and takes what is. */
function confirm(
  state: HostState,
  seen: ReadonlyMap<string, { readonly id: unknown; readonly state: object | null }>,
  touched: ReadonlyMap<string, Touched>,
): void {
  for (const [key, { id, state: actual }] of seen) {
    const changes = touched.get(key);
    const resource = changes?.parts[0]?.want.resource;
    if (!changes || !resource) continue;
    const foreseen = state.get({ resource, id });
    // A later change of the batch may have made it unpredictable: then there is nothing to compare.
    const problem = foreseen === undefined || isUnknown(foreseen) ? null : unlike(changes.parts, foreseen, actual);
    if (problem)
      fail(changes.last.item, {
        message: `did not converge: ${key} ${problem}`,
        hint: 'something else changes it, or it does not accept this value',
      });
    state.see({ resource, id }, actual);
  }
}

function unlike(changes: readonly Part[], foreseen: object | null, actual: object | null): string | null {
  if (foreseen === null) return actual === null ? null : 'is still there';
  if (actual === null) return 'is not there';
  const attributes = new Set(
    changes.flatMap(({ want, change }) => want.resource.verifies?.(want.id, change) ?? Object.keys(change.after ?? {})),
  );
  // What the look did not read says nothing (the hash of a file that only has to be there).
  const read = [...attributes].filter((name) => Reflect.get(actual, name) !== undefined);
  const different = read.filter((name) => !sameValue(Reflect.get(foreseen, name), Reflect.get(actual, name)));
  if (different.length === 0) return null;
  return different
    .map((name) =>
      isSecret(changes, name)
        ? `${name} is not as wanted`
        : `${name} is ${show(Reflect.get(actual, name))}, wanted ${show(Reflect.get(foreseen, name))}`,
    )
    .join('; ');
}

function isSecret(changes: readonly Part[], name: string): boolean {
  return changes.some(({ want, change, current }) => {
    if (want.secret) return true;
    const shown = want.resource.describe?.(want.id, change, current).attributes ?? [];
    return shown.some((attribute) => attribute.name === name && attribute.secret === true);
  });
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function byPlace(pending: readonly Pending[]): Pending[][] {
  const groups: Pending[][] = [];
  for (const change of pending) {
    const group = groups.at(-1);
    if (group?.[0] && samePlace(group[0].place, change.place)) group.push(change);
    else groups.push([change]);
  }
  return groups;
}

function samePlace(left: Place, right: Place): boolean {
  return left.reach === right.reach && identityKey(left.identity) === identityKey(right.identity);
}

function stateOf(group: readonly Pending[]): HostState | undefined {
  return group[0]?.place.reach.state;
}

function failureOf(result: StepResult, change: Pending): { message: string; hint?: string } {
  if (result.timedOut)
    return {
      message: `took longer than ${change.timeoutMs / 1000} s and was stopped`,
      hint: 'set `timeout` on the task if it may take longer',
    };
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-12).join('\n');
  return { message: `exit code ${result.exitCode}${said ? `: ${said}` : ''}` };
}

/** Puts environment variables before a script. */
export function withEnvironment(script: Script, environment: Readonly<Record<string, string>>): Script {
  const names = Object.keys(environment);
  if (names.length === 0) return script;
  return joinScripts(sh`export ${names.map((name) => `${name}=${environment[name] ?? ''}`)}`, script);
}
