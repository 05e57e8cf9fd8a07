// The statements of a frontend and of the backends that it uses -> our rules. HAProxy goes through lines that edit and
// lines that decide; here one rule says all at once. So the lines are walked through for every way a request can take.
import type { Report, Spot } from '../report.ts';
import { type Case, isPossible, product } from './cases.ts';
import type { Condition } from './samples.ts';
import type { Terminal } from './answers.ts';
import type { Edit, HeaderEdit, Statement } from './statements.ts';

type Made = { readonly spot: Spot; readonly effect: Edit };

/** One way through the lines. */
export interface Way {
  readonly spot: Spot;
  readonly when: Case;
  readonly edits: readonly Made[];
  readonly end: Terminal | { readonly do: 'backend'; readonly name: string; readonly server?: string };
}

/** More rules than this nobody reads. */
const maxWays = 400;

/** All ways, in the order in which they are to be tried. `stepsOf`: statements of a backend. */
export function waysOf(
  statements: readonly Statement[],
  stepsOf: (backend: string) => readonly Statement[],
  report: Report,
): readonly Way[] {
  const ways: Way[] = [];
  const walk = (
    steps: readonly Statement[],
    when: Case,
    before: readonly Made[],
    backend: { name: string; spot: Spot } | undefined,
  ): void => {
    let edits = before;
    for (let at = 0; at < steps.length; at += 1) {
      const step = steps[at];
      if (!step || ways.length > maxWays) return;
      const { spot, effect } = step;
      const cases = product([when], step.cases).filter(isPossible);
      const isLate = effect.do === 'header' && effect.side === 'response';
      if (!isLate && edits.some((edit) => edit.effect.do === 'rewrite') && step.cases.some(looksAtPath)) {
        report.error(spot, 'this looks at a path that a line before it changes', 'Put it above that line.');
      }
      const isAlways = step.cases.some(({ holds, fails }) => holds.length + fails.length === 0);
      if (effect.do === 'header' || effect.do === 'rewrite' || effect.do === 'auth' || effect.do === 'persist') {
        const more = [...edits, { spot, effect }];
        if (isAlways) edits = more;
        else for (const each of cases) walk(steps.slice(at + 1), each, more, backend);
        continue;
      }
      for (const each of cases) {
        if (effect.do === 'use') walk(stepsOf(effect.backend), each, edits, { name: effect.backend, spot });
        else if (effect.do !== 'server') ways.push({ spot, when: each, edits, end: effect });
        else if (backend)
          ways.push({ spot, when: each, edits, end: { do: 'backend', name: backend.name, server: effect.server } });
      }
      if (isAlways) return;
    }
    if (backend) ways.push({ spot: backend.spot, when, edits, end: { do: 'backend', name: backend.name } });
  };
  walk(statements, { holds: [], fails: [] }, [], undefined);
  const [first] = ways;
  if (ways.length > maxWays && first) {
    report.error(
      first.spot,
      `more than ${maxWays} rules would come of this section`,
      'Have fewer edits under conditions.',
    );
  }
  return ways;
}

function looksAtPath({ holds, fails }: Case): boolean {
  return [...holds, ...fails].some(
    ({ path, pathRegex, uriRegex }) => path !== undefined || (pathRegex ?? uriRegex) !== undefined,
  );
}

/** Ways that follow each other and differ in one condition only become one, with `any`. */
export function rulesOf(
  ways: readonly Way[],
): readonly { readonly way: Way; readonly conditions: Record<string, unknown> }[] {
  const groups: Way[][] = [];
  for (const way of ways) {
    const group = groups.at(-1);
    if (group && mayJoin(group, way)) group.push(way);
    else groups.push([way]);
  }
  return groups.flatMap((group) => {
    const [way] = group;
    return way ? [{ way, conditions: joined(group) }] : [];
  });
}

function mayJoin(group: readonly Way[], way: Way): boolean {
  const [first] = group;
  if (!first || first.spot !== way.spot) return false;
  const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
  if (!same(first.end, way.end) || !same(first.edits, way.edits) || !same(first.when.fails, way.when.fails))
    return false;
  const shared = common([...group, way]);
  return [...group, way].every(({ when }) => when.holds.length === shared.length + 1);
}

function common(ways: readonly Way[]): readonly Condition[] {
  const [first] = ways;
  const texts = ways.map(({ when }) => new Set(when.holds.map((condition) => JSON.stringify(condition))));
  return (first?.when.holds ?? []).filter((condition) => texts.every((set) => set.has(JSON.stringify(condition))));
}

function joined(group: readonly Way[]): Record<string, unknown> {
  const [first] = group;
  const shared = group.length === 1 ? (first?.when.holds ?? []) : common(group);
  const texts = new Set(shared.map((condition) => JSON.stringify(condition)));
  const any =
    group.length === 1
      ? []
      : group.flatMap(({ when }) => when.holds.filter((condition) => !texts.has(JSON.stringify(condition))));
  const rule: Record<string, unknown> = {};
  const all: Condition[] = [];
  for (const condition of shared) {
    if (!addTo(rule, condition)) all.push(condition);
  }
  const fails = first?.when.fails ?? [];
  return {
    ...rule,
    ...(all.length > 0 && { all }),
    ...(any.length > 0 && { any }),
    ...(fails.length > 0 && { not: [...fails] }),
  };
}

/** False where the rule says something else under the same key. */
function addTo(rule: Record<string, unknown>, condition: Condition): boolean {
  const entries = Object.entries(condition) as [string, unknown][];
  if (entries.some(([key]) => key in rule && key !== 'headers' && key !== 'query')) return false;
  for (const [key, value] of entries) {
    const known = rule[key];
    if (known === undefined) {
      rule[key] = value;
      continue;
    }
    const [wanted, given] = [value, known] as [Record<string, unknown>, Record<string, unknown>];
    if (Object.keys(wanted).some((name) => name in given)) return false;
    rule[key] = { ...given, ...wanted };
  }
  return true;
}

interface Replacement {
  readonly header: string;
  readonly pattern: string;
  readonly to: string;
  readonly list?: true;
}

function replacementOf({ name, pattern = '', value, list }: HeaderEdit): Replacement {
  return { header: name, pattern, to: value, ...(list === true && { list }) };
}

/** Edits of headers, in the order in which they are made -> remove, replace, set, add. */
export function headerEdits(
  edits: readonly Made[],
  side: 'request' | 'response',
  report: Report,
): Record<string, unknown> | undefined {
  const remove = new Set<string>();
  const set = new Map<string, string>();
  const add = new Map<string, string>();
  let replace: readonly Replacement[] = [];
  for (const { effect, spot } of edits) {
    if (effect.do !== 'header' || effect.side !== side) continue;
    const { op, name, value } = effect;
    const has = (names: Iterable<string>): boolean => [...names].some((each) => same(each, name));
    if (op === 'replace') {
      if (has(set.keys()) || has(add.keys()))
        report.error(spot, `\`${name}\` is replaced after it was set`, 'Set it to what it shall be in the end.');
      // What is gone cannot be replaced.
      else if (!has(remove)) replace = [...replace, replacementOf(effect)];
      continue;
    }
    if (op === 'add') {
      if (add.has(name)) report.error(spot, `a second \`${name}\` cannot be added`);
      add.set(name, value);
      continue;
    }
    replace = replace.filter(({ header }) => !same(header, name));
    for (const map of [set, add]) for (const key of [...map.keys()]) if (same(key, name)) map.delete(key);
    for (const key of [...remove]) if (same(key, name)) remove.delete(key);
    if (op === 'set') set.set(name, value);
    else remove.add(name);
  }
  if (remove.size + replace.length + set.size + add.size === 0) return undefined;
  return {
    ...(remove.size > 0 && { remove: [...remove] }),
    ...(replace.length > 0 && { replace }),
    ...(set.size > 0 && { set: Object.fromEntries(set) }),
    ...(add.size > 0 && { add: Object.fromEntries(add) }),
  };
}

/** Whether clients that are bound to a server get it though it is down. */
export function isForced(edits: readonly Made[]): boolean {
  return edits.some(({ effect }) => effect.do === 'persist');
}

/** Who is asked for a password: what was said last. */
export function authOf(edits: readonly Made[]): Readonly<Record<string, unknown>> | undefined {
  const last = edits.findLast(({ effect }) => effect.do === 'auth');
  return last?.effect.do === 'auth' ? { ...last.effect.basicAuth } : undefined;
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** One rewrite of the path and one of the query; more cannot be said. */
export function rewriteOf(edits: readonly Made[], report: Report): Readonly<Record<string, unknown>> | undefined {
  let rewrite: Readonly<Record<string, unknown>> | undefined;
  for (const { effect, spot } of edits) {
    if (effect.do !== 'rewrite') continue;
    const both = { ...rewrite, ...effect.rewrite };
    // A path and a query that were said each by itself do not touch each other.
    const isApart = 'query' in both && !('pathAndQuery' in both) && Object.keys(both).length === 2;
    if (rewrite && !isApart) {
      report.error(spot, 'only one line may change the path, and one the query');
      return undefined;
    }
    rewrite = both;
  }
  // HAProxy does not touch Location headers.
  return rewrite && { ...rewrite, location: false };
}
