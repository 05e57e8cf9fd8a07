// Applies decided changes: one script for all of them, then a look at what was touched, in the same round trip.
import { sameValue } from '../core/change.ts';
import type { HostState } from '../core/host-state.ts';
import { joinScripts, sh, type Script } from '../lib/shell.ts';
import { probeSteps } from './probe.ts';
import { fail, type Pending } from './record.ts';
import type { Identity, Session, StepResult } from './ports.ts';

export interface Application {
  /** The change whose step failed; the ones after it did not run. */
  readonly failed: Pending | null;
}

interface Hooks {
  readonly signal: AbortSignal;
  readonly onBegin: (pending: Pending) => void;
}

/** Applies `pending` in order until one fails; outputs and verdicts land in the items. */
export async function applyPending(session: Session, state: HostState, pending: readonly Pending[], hooks: Hooks): Promise<Application> {
  for (const group of byIdentity(pending)) {
    const failed = await applyGroup(session, state, group, hooks);
    if (failed) {
      state.forget();
      return { failed };
    }
  }
  return { failed: null };
}

async function applyGroup(session: Session, state: HostState, group: readonly Pending[], hooks: Hooks): Promise<Pending | null> {
  const identity = group[0]?.identity;
  if (!identity) return null;
  const touched = stillStanding(group);
  const looks = probeSteps([...touched.values()].map((list) => list[0]).filter((one) => one !== undefined).map(({ want }) => want));
  const results = await session.run({
    identity,
    signal: hooks.signal,
    haltOnFailure: true,
    steps: [...group.map(({ script, timeoutMs }) => ({ script, timeoutMs })), ...looks.map(({ step }) => step)],
    onBegin: (index) => {
      const begun = group[index];
      if (begun) hooks.onBegin(begun);
    },
  });
  for (const [index, change] of group.entries()) {
    const result = results[index];
    if (!result) return change;
    change.item.output = result;
    if (result.exitCode !== 0 || result.timedOut) {
      fail(change.item, failureOf(result, change));
      return change;
    }
  }
  for (const [index, look] of looks.entries()) {
    const result = results[group.length + index];
    if (result) confirm(state, look.resource.kind, look.read(result), touched);
  }
  return [...touched.values()].flat().find(({ item }) => item.status === 'failed') ?? null;
}

/** Changes by the key of what they touch, without those before one that disturbs everything, and without commands. */
function stillStanding(group: readonly Pending[]): Map<string, Pending[]> {
  const last = group.findLastIndex(({ disturbsAll }) => disturbsAll);
  const standing = group.filter(({ want }, index) => index >= last && want.resource.kind !== 'run');
  return Map.groupBy(standing, ({ want }) => want.resource.key(want.id));
}

/** Compares what is with what was foreseen, and takes what is. */
function confirm(
  state: HostState,
  kind: string,
  seen: ReadonlyMap<string, { readonly id: unknown; readonly state: object | null }>,
  touched: ReadonlyMap<string, readonly Pending[]>,
): void {
  for (const [key, { id, state: actual }] of seen) {
    const changes = touched.get(key);
    const last = changes?.at(-1);
    if (!changes || !last) continue;
    const foreseen = state.get(last.want);
    const problem = unlike(changes, foreseen === undefined ? null : foreseen, actual);
    if (problem) fail(last.item, { message: `did not converge: ${kind} ${key.slice(kind.length + 1)}: ${problem}`, hint: 'something else changes it, or it does not accept this value' });
    state.see({ resource: last.want.resource, id }, actual);
  }
}

function unlike(changes: readonly Pending[], foreseen: object | null, actual: object | null): string | null {
  if (foreseen === null) return actual === null ? null : 'is still there';
  if (actual === null) return 'is not there';
  const attributes = new Set(changes.flatMap(({ want, change }) => want.resource.verifies?.(want.id, change) ?? Object.keys(change.after ?? {})));
  const different = [...attributes].filter((name) => !sameValue(Reflect.get(foreseen, name), Reflect.get(actual, name)));
  if (different.length === 0) return null;
  return different.map((name) => `${name} is ${show(Reflect.get(actual, name))}, wanted ${show(Reflect.get(foreseen, name))}`).join('; ');
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function byIdentity(pending: readonly Pending[]): Pending[][] {
  const groups: Pending[][] = [];
  for (const change of pending) {
    const group = groups.at(-1);
    if (group?.[0] && sameIdentity(group[0].identity, change.identity)) group.push(change);
    else groups.push([change]);
  }
  return groups;
}

function sameIdentity(left: Identity, right: Identity): boolean {
  return left.user === right.user && left.method === right.method;
}

function failureOf(result: StepResult, change: Pending): { message: string; hint?: string } {
  if (result.timedOut) return { message: `took longer than ${change.timeoutMs / 1000} s and was stopped`, hint: 'set `timeout` on the task if it may take longer' };
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-12).join('\n');
  return { message: `exit code ${result.exitCode}${said ? `: ${said}` : ''}` };
}

/** Puts environment variables before a script. */
export function withEnvironment(script: Script, environment: Readonly<Record<string, string>>): Script {
  const names = Object.keys(environment);
  if (names.length === 0) return script;
  return joinScripts(sh`export ${names.map((name) => `${name}=${environment[name] ?? ''}`)}`, script);
}
