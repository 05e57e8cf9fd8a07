// `acl` lines and the conditions behind `if` and `unless` -> alternatives, each a list of what holds and what does not.
import { nearestName } from '../../../../lib/suggest.ts';
import { type ChangedPatterns, patternLines, unchanged } from '../../patterns/pattern-list.ts';
import type { Report, Spot } from '../report.ts';
import { type Case, casesOf, failing, holding, isPossible, noCondition, product } from './cases.ts';
import { mapEntries, type MapUse, mapUseOf } from './maps.ts';
import { originOf } from './pattern-lists.ts';
import type { Match } from './patterns.ts';
import { parseSample, predefined, type RateTest, type Test, testOf } from './samples.ts';
import { testWords } from './test-words.ts';
import { type Aliases, isLate, unaliased } from './variables.ts';
import type { Line, Word } from './words.ts';

/** Reads a file that a line names (`-f`); undefined if that cannot be. */
export type ReadFile = (path: string) => string | undefined;

/** Alternatives beyond this are not written out. */
const maxCases = 64;

const matches: ReadonlySet<string> = new Set([
  'str',
  'beg',
  'end',
  'sub',
  'reg',
  'dir',
  'dom',
  'len',
  'found',
  'bool',
  'ip',
]);

/** The ACLs of one section. */
export class Acls {
  readonly #tests = new Map<string, Test>();
  /** ACLs that look at something which is there when the response is. */
  readonly #late = new Set<string>();
  readonly #report: Report;
  readonly #readFile: ReadFile;
  readonly #changed: ChangedPatterns;
  readonly aliases: Aliases;

  /** `readFile` reads lists as commands changed them; `changed` are those that stand in the lines themselves. */
  constructor(
    lines: readonly Line[],
    aliases: Aliases,
    report: Report,
    readFile: ReadFile,
    changed: ChangedPatterns = unchanged,
  ) {
    this.aliases = aliases;
    this.#report = report;
    this.#readFile = readFile;
    this.#changed = changed;
    const early = new Set<string>();
    for (const { first, words } of lines) {
      const name = words[1]?.text;
      if (first.text !== 'acl' || name === undefined) continue;
      const test = this.#test(words.slice(2));
      if (!isLate(words[2]?.text ?? '')) early.add(name);
      if (early.has(name)) this.#late.delete(name);
      else this.#late.add(name);
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

  /** The first term of a condition that says nothing any more when there is a response. */
  earlyTerm(words: readonly Word[]): Word | undefined {
    return words.slice(1).find((word, index, all) => {
      const name = word.text.replace(/^!+/, '');
      if (name === '' || name === '}' || name === '{' || isOr(word)) return false;
      if (all[index - 1]?.text.replace(/^!+/, '') === '{') return !isLate(name);
      const isInside =
        all
          .slice(0, index)
          .findLast(({ text }) => /^!*\{$|^\}$/.test(text))
          ?.text.endsWith('{') === true;
      return !isInside && !this.#late.has(name) && !(name in predefined && !name.startsWith('METH_'));
    });
  }

  /** The alternatives for each line of a map, and where none of them holds, for what stands instead. */
  mapped(
    use: MapUse,
    words: readonly Word[],
    spot: Spot,
  ): readonly { value: string; cases: readonly Case[] }[] | undefined {
    const entries = mapEntries(use, this.#readFile);
    if (!entries) this.#report.error(spot, `the map \`${use.file}\` cannot be read`);
    const given = entries && this.cases(words, spot);
    if (!given) return undefined;
    const found = entries.map(({ key, value }) => ({
      value,
      cases: product(given, casesOf(this.#looked(use, [key]))),
    }));
    if (found.some(({ cases }) => cases.length === 0)) {
      this.#report.error(spot, `a map cannot be looked up with \`${use.sample}\` here`);
      return undefined;
    }
    return use.fallback === undefined ? found : [...found, { value: use.fallback, cases: given }];
  }

  #looked({ sample: text, match }: MapUse, values: readonly string[]): Test {
    const sample = parseSample(unaliased(text, this.aliases));
    return sample
      ? testOf(sample, { match: sample.match ?? match, ignoreCase: sample.lower, values })
      : { kind: 'unknown' };
  }

  /** `path,map_beg(paths.map) -m found`, or a text that a line of the map must have. */
  #mapTest(use: MapUse, rest: readonly Word[]): Test {
    const texts = rest.map(({ text }) => text);
    const isFound = texts.join(' ') === '-m found';
    const values = texts[0] === '-m' ? texts.slice(2) : texts;
    const entries = mapEntries(use, this.#readFile);
    if (!entries || (texts[0] === '-m' && !isFound && texts[1] !== 'str') || use.fallback !== undefined)
      return { kind: 'unknown' };
    const keys = entries.filter(({ value }) => isFound || values.includes(value)).map(({ key }) => key);
    return keys.length === 0 ? { kind: 'one-of', conditions: [] } : this.#looked(use, keys);
  }

  /** The list of users that a condition asks for, if it does: `unless { http_auth(staff) }`. */
  userlist(words: readonly Word[]): string | undefined {
    const [keyword, ...rest] = words;
    const wanted = keyword?.text !== 'unless';
    for (const group of splitAt(rest, isOr)) {
      const terms = this.#terms(group);
      if (!wanted && terms.length !== 1) continue;
      for (const { test, negated } of terms) if (test.kind === 'auth' && negated === wanted) return test.list;
    }
    return undefined;
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
    // Whoever has not given a password yet: what asks for one says so.
    const unknown = terms.find(
      ({ test, negated: not }) => test.kind !== 'one-of' && !(test.kind === 'auth' && not !== negated),
    );
    if (unknown) {
      this.#report.error(unknown.spot, `the condition \`${unknown.shown}\` cannot be expressed`);
      return undefined;
    }
    const each = terms.map(({ test, negated: not }) => {
      if (test.kind === 'auth') return [noCondition];
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
    const text = unaliased(first?.text ?? '', this.aliases);
    const map = mapUseOf(text);
    if (map) return this.#mapTest(map, rest);
    const list = /^http_auth\(([^()]+)\)$/.exec(text)?.[1];
    if (list !== undefined) return { kind: 'auth', list };
    const sample = parseSample(text);
    if (!sample) return { kind: 'unknown' };
    const { matches: wanted, files, values: own, hasOthers, ...said } = testWords(rest);
    let { match } = sample;
    for (const each of wanted) {
      // A length is a number already.
      if (each === 'int' && match === 'len') continue;
      if (!matches.has(each)) return { kind: 'unknown' };
      match = each === 'ip' ? 'str' : (each as Match);
    }
    const held = files.map((file) => this.#readFile(file));
    if (hasOthers || held.includes(undefined)) return { kind: 'unknown' };
    const ignoreCase = said.ignoreCase || sample.lower;
    const changed = first && this.#changed.get(originOf(first));
    const listed = held.flatMap((file = '') => patternLines(file));
    const values = [...listed, ...(changed ? changed.map(({ key }) => key) : own)];
    // In an empty list is nobody.
    if (values.length === 0 && (held.length > 0 || changed)) return { kind: 'one-of', conditions: [] };
    if (sample.name.endsWith('hdr_cnt')) {
      const count = values.join(' ');
      // There is never more than one: such requests are refused.
      if (/^host$/i.test(sample.argument) && /^(?:gt [1-9]|ge (?:[2-9]|1[0-9]))/.test(count))
        return { kind: 'one-of', conditions: [] };
      // At least one of them.
      const some = count === 'gt 0' || count === 'ge 1';
      return some ? testOf(sample, { match: 'found', ignoreCase, values: [] }) : { kind: 'unknown' };
    }
    return testOf(sample, { match: match ?? 'str', ignoreCase, values });
  }
}

function isOr(word: Word): boolean {
  return word.text === 'or' || word.text === '||';
}

function splitAt<T>(items: readonly T[], isSplit: (item: T) => boolean): T[][] {
  const groups: T[][] = [[]];
  for (const item of items) {
    if (isSplit(item)) groups.push([]);
    else groups.at(-1)?.push(item);
  }
  return groups;
}
