// `acl` lines and the conditions behind `if` and `unless` -> alternatives, each a list of what holds and what does not.
import { nearestName } from '../../../../lib/suggest.ts';
import type { Report, Spot } from '../report.ts';
import type { Match } from './patterns.ts';
import { type Condition, parseSample, predefined, type RateTest, type Test, testOf } from './samples.ts';
import type { Line, Word } from './words.ts';

/** All of `holds` and none of `fails`. */
export interface Case {
  readonly holds: readonly Condition[];
  readonly fails: readonly Condition[];
}

/** Reads a file that a line names (`-f`); undefined if that cannot be. */
export type ReadFile = (path: string) => string | undefined;

/** Alternatives beyond this are not written out. */
const maxCases = 64;

const matches: ReadonlySet<string> = new Set(['str', 'beg', 'end', 'sub', 'reg', 'dir', 'dom', 'found', 'ip']);

/** The ACLs of one section. */
export class Acls {
  readonly #tests = new Map<string, Test>();
  readonly #report: Report;
  readonly #readFile: ReadFile;

  constructor(lines: readonly Line[], report: Report, readFile: ReadFile) {
    this.#report = report;
    this.#readFile = readFile;
    for (const { first, words } of lines) {
      const name = words[1]?.text;
      if (first.text !== 'acl' || name === undefined) continue;
      const test = this.#test(words.slice(2));
      const known = this.#tests.get(name);
      // Lines of the same name: one of them is enough.
      if (known?.kind === 'one-of' && test.kind === 'one-of') {
        this.#tests.set(name, { kind: 'one-of', conditions: [...known.conditions, ...test.conditions] });
      } else {
        this.#tests.set(name, known && known.kind !== test.kind ? { kind: 'unknown' } : test);
      }
    }
  }

  /** The condition behind `if` or `unless`; undefined if a part of it cannot be expressed (which is reported). */
  cases(words: readonly Word[], spot: Spot): readonly Case[] | undefined {
    const [keyword, ...rest] = words;
    if (!keyword) return [noCondition];
    const negated = keyword.text === 'unless';
    let cases: readonly Case[] = negated ? [noCondition] : [];
    for (const group of splitAt(rest, isOr)) {
      const found = this.#all(group, negated);
      if (!found) return undefined;
      // Not (a or b): neither of them.
      cases = negated ? product(cases, found) : [...cases, ...found];
    }
    return this.#limited(cases, spot);
  }

  /** A condition that is one test of a request rate. */
  rate(words: readonly Word[]): RateTest | undefined {
    const [keyword, ...rest] = words;
    if (keyword?.text !== 'if' || rest.some(isOr)) return undefined;
    const terms = this.#terms(rest);
    const [term] = terms;
    return terms.length === 1 && term?.test.kind === 'rate' && !term.negated ? term.test.rate : undefined;
  }

  #limited(cases: readonly Case[], spot: Spot): readonly Case[] | undefined {
    const possible = cases.filter(isPossible);
    if (possible.length <= maxCases) return possible;
    this.#report.error(spot, 'this condition stands for too many cases', 'Split it into several lines.');
    return undefined;
  }

  /** Terms that hold together; negated: at least one does not. */
  #all(words: readonly Word[], negated: boolean): readonly Case[] | undefined {
    const terms = this.#terms(words);
    const unknown = terms.find(({ test }) => test.kind !== 'one-of');
    if (unknown) {
      this.#report.error(unknown.spot, `the condition \`${unknown.shown}\` cannot be expressed`);
      return undefined;
    }
    const each = terms.map(({ test, negated: not }) => {
      const conditions = test.kind === 'one-of' ? test.conditions : [];
      return not === negated ? conditions.map((condition) => holding(condition)) : [failing(conditions)];
    });
    return negated ? each.flat() : each.reduce<readonly Case[]>((all, cases) => product(all, cases), [noCondition]);
  }

  #terms(words: readonly Word[]): { test: Test; negated: boolean; spot: Spot; shown: string }[] {
    const terms = [];
    let negated = false;
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at];
      if (!word) continue;
      let { text } = word;
      while (text.startsWith('!')) {
        negated = !negated;
        text = text.slice(1);
      }
      if (text === '') continue;
      if (text === '{') {
        const end = words.findIndex((other, index) => index > at && other.text === '}');
        const inner = words.slice(at + 1, end < 0 ? undefined : end);
        const shown = inner.map((each) => each.text).join(' ');
        terms.push({ test: this.#test(inner), negated, spot: inner[0] ?? word, shown });
        at = end < 0 ? words.length : end;
      } else {
        terms.push({ test: this.#named(text, word), negated, spot: word, shown: text });
      }
      negated = false;
    }
    return terms;
  }

  #named(name: string, spot: Spot): Test {
    const test = this.#tests.get(name) ?? predefined[name];
    if (test) return test;
    const near = nearestName(name, this.#tests.keys());
    this.#report.error(spot, `there is no acl \`${name}\``, near === null ? undefined : `Did you mean \`${near}\`?`);
    return { kind: 'unknown' };
  }

  /** `path_beg -i /a /b` */
  #test([first, ...rest]: readonly Word[]): Test {
    const sample = first && parseSample(first.text);
    if (!sample) return { kind: 'unknown' };
    let { match } = sample;
    let ignoreCase = sample.lower;
    const values: string[] = [];
    for (let at = 0; at < rest.length; at += 1) {
      const text = rest[at]?.text ?? '';
      if (text === '-i') ignoreCase = true;
      else if (text === '-m') {
        const wanted = rest[(at += 1)]?.text ?? '';
        if (!matches.has(wanted)) return { kind: 'unknown' };
        match = wanted === 'ip' ? 'str' : (wanted as Match);
      } else if (text === '-f') {
        const file = this.#readFile(rest[(at += 1)]?.text ?? '');
        if (file === undefined) return { kind: 'unknown' };
        values.push(
          ...file
            .split('\n')
            .map((line) => line.trim())
            .filter((line) => line !== '' && !line.startsWith('#')),
        );
      } else if (text === '--') {
        values.push(...rest.slice(at + 1).map((word) => word.text));
        break;
      } else if (/^-[a-zA-Z]$/.test(text) && text !== '-n' && text !== '-u') {
        return { kind: 'unknown' };
      } else {
        values.push(text);
      }
    }
    if (sample.name.endsWith('hdr_cnt')) {
      // At least one of them.
      const some = values.join(' ') === 'gt 0' || values.join(' ') === 'ge 1';
      return some ? testOf(sample, { match: 'found', ignoreCase, values: [] }) : { kind: 'unknown' };
    }
    return testOf(sample, { match: match ?? 'str', ignoreCase, values });
  }
}

function isOr(word: Word): boolean {
  return word.text === 'or' || word.text === '||';
}

const noCondition: Case = { holds: [], fails: [] };

function holding(condition: Condition): Case {
  return { holds: Object.keys(condition).length === 0 ? [] : [condition], fails: [] };
}

/** None of them. What always holds cannot fail. */
function failing(conditions: readonly Condition[]): Case {
  return { holds: [], fails: conditions };
}

export function product(one: readonly Case[], other: readonly Case[]): readonly Case[] {
  return one.flatMap((first) =>
    other.map((second) => ({
      holds: unique([...first.holds, ...second.holds]),
      fails: unique([...first.fails, ...second.fails]),
    })),
  );
}

/** Nothing in it contradicts itself. */
export function isPossible({ holds, fails }: Case): boolean {
  const held = new Set(holds.map((condition) => JSON.stringify(condition)));
  return !fails.some((condition) => Object.keys(condition).length === 0 || held.has(JSON.stringify(condition)));
}

function unique(conditions: readonly Condition[]): readonly Condition[] {
  return [...new Map(conditions.map((condition) => [JSON.stringify(condition), condition])).values()];
}

function splitAt<T>(items: readonly T[], isSplit: (item: T) => boolean): T[][] {
  const groups: T[][] = [[]];
  for (const item of items) {
    if (isSplit(item)) groups.push([]);
    else groups.at(-1)?.push(item);
  }
  return groups;
}
