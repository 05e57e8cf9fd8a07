// Python's string methods, as far as templates use them. Lengths count characters, not UTF-16 units.
import { characters } from './access.ts';
import { type Budget, checkTextLength, fail } from './budget.ts';
import { elements, integerArgument, textArgument } from './callable.ts';
import { textOf } from './text.ts';
import type { Value } from './value.ts';
import { isList, kindOf } from './values.ts';

type TextMethod = (text: string, args: readonly Value[], budget: Budget) => Value;

const methods: Readonly<Record<string, TextMethod>> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  casefold: (text) => text.toLowerCase(),
  capitalize: (text) => capitalize(text),
  title: (text) => title(text),
  expandtabs: (text, [size]) => {
    const width = integerArgument(size, 8);
    if (width > 256) fail('expandtabs goes up to 256 columns');
    return text.replace(/([^\t\n]*)\t/g, (_, before: string) => {
      return width < 1 ? before : before + ' '.repeat(width - (characters(before).length % width));
    });
  },
  swapcase: (text) => text.replace(/\p{L}/gu, (c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())),
  strip: (text, [set], budget) => strip(text, characterSet(set, budget), true, true),
  lstrip: (text, [set], budget) => strip(text, characterSet(set, budget), true, false),
  rstrip: (text, [set], budget) => strip(text, characterSet(set, budget), false, true),
  split: (text, [separator, count], budget) => split(text, separator, integerArgument(count, -1), budget),
  rsplit: (text, [separator, count], budget) => splitFromRight(text, separator, integerArgument(count, -1), budget),
  splitlines: (text) => splitLines(text),
  startswith: (text, [prefix, from], budget) => {
    return prefixes(prefix, budget).some((each) => text.startsWith(each, integerArgument(from, 0)));
  },
  endswith: (text, [suffix], budget) => prefixes(suffix, budget).some((each) => text.endsWith(each)),
  removeprefix: (text, [prefix], budget) => {
    const wanted = textArgument(prefix, '', budget);
    return text.startsWith(wanted) ? text.slice(wanted.length) : text;
  },
  removesuffix: (text, [suffix], budget) => {
    const wanted = textArgument(suffix, '', budget);
    return wanted !== '' && text.endsWith(wanted) ? text.slice(0, -wanted.length) : text;
  },
  replace: (text, [old, fresh, count], budget) => {
    return replaceText(text, need(old), need(fresh), integerArgument(count, -1), budget);
  },
  find: (text, [wanted]) => text.indexOf(need(wanted)),
  rfind: (text, [wanted]) => text.lastIndexOf(need(wanted)),
  index: (text, [wanted]) => (text.includes(need(wanted)) ? text.indexOf(need(wanted)) : fail('the text is not there')),
  count: (text, [wanted]) => text.split(need(wanted)).length - 1,
  join: (text, [list = null], budget) => {
    return elements(list, budget)
      .map((part) =>
        typeof part === 'string' ? part : fail(`join needs texts, not ${kindOf(part)}`, "| map('string')"),
      )
      .join(text);
  },
  zfill: (text, [width]) => {
    const zeros = '0'.repeat(Math.max(0, widthOf(width) - text.length));
    return text.replace(/^[+-]?/, (sign) => sign + zeros);
  },
  ljust: (text, [width, fill], budget) => text.padEnd(widthOf(width), textArgument(fill, ' ', budget)),
  rjust: (text, [width, fill], budget) => text.padStart(widthOf(width), textArgument(fill, ' ', budget)),
  center: (text, [width]) => center(text, widthOf(width)),
  partition: (text, [separator]) => partition(text, need(separator), text.indexOf(need(separator))),
  rpartition: (text, [separator]) => {
    const at = text.lastIndexOf(need(separator));
    return at === -1 ? ['', '', text] : partition(text, need(separator), at);
  },
  isdigit: (text) => /^\p{Nd}+$/u.test(text),
  isnumeric: (text) => /^\p{N}+$/u.test(text),
  isdecimal: (text) => /^\p{Nd}+$/u.test(text),
  isalpha: (text) => /^\p{L}+$/u.test(text),
  isalnum: (text) => /^[\p{L}\p{N}]+$/u.test(text),
  isspace: (text) => /^\s+$/.test(text),
  islower: (text) => /\p{Ll}/u.test(text) && text === text.toLowerCase(),
  isupper: (text) => /\p{Lu}/u.test(text) && text === text.toUpperCase(),
};

export const textMethods: ReadonlyMap<string, TextMethod> = new Map(Object.entries(methods));

export function capitalize(text: string): string {
  const [first = '', ...rest] = characters(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** Each word with a capital, words begin after anything but a letter, as Python's title(). */
export function title(text: string): string {
  return text.replace(/\p{L}+/gu, capitalize);
}

/** Strips white space, or the characters of a set. */
export function strip(text: string, set: ReadonlySet<string> | null, left: boolean, right: boolean): string {
  const parts = characters(text);
  const strips = (part: string | undefined): boolean =>
    part !== undefined && (set ? set.has(part) : /^[\s\u0085]$/.test(part));
  let start = 0;
  let end = parts.length;
  if (left) while (start < end && strips(parts[start])) start++;
  if (right) while (end > start && strips(parts[end - 1])) end--;
  return parts.slice(start, end).join('');
}

export function characterSet(value: Value | undefined, budget: Budget): ReadonlySet<string> | null {
  return value === undefined || value === null ? null : new Set(characters(textOf(value, budget)));
}

/** Python's split: without a separator, at runs of white space. `count` of -1 is no limit. */
export function split(text: string, separator: Value | undefined, count: number, budget: Budget): readonly string[] {
  budget.spend(Math.ceil(text.length / 16));
  if (separator === undefined || separator === null) {
    const trimmed = strip(text, null, true, count < 0);
    if (trimmed === '') return [];
    const words: string[] = [];
    const pattern = /\s+/g;
    let start = 0;
    for (let match = pattern.exec(trimmed); match && words.length !== count; match = pattern.exec(trimmed)) {
      words.push(trimmed.slice(start, match.index));
      start = pattern.lastIndex;
    }
    return start < trimmed.length ? [...words, trimmed.slice(start)] : words;
  }
  const by = need(separator);
  if (by === '') fail('the separator is empty', 'the characters of a text: text | list');
  const parts = text.split(by);
  if (count < 0 || parts.length <= count + 1) return parts;
  return [...parts.slice(0, count), parts.slice(count).join(by)];
}

function splitFromRight(text: string, separator: Value | undefined, count: number, budget: Budget): readonly string[] {
  const parts = split(text, separator, -1, budget);
  if (count < 0 || parts.length <= count + 1) return parts;
  const by = separator === undefined || separator === null ? ' ' : need(separator);
  return [parts.slice(0, parts.length - count).join(by), ...parts.slice(parts.length - count)];
}

function splitLines(text: string): readonly string[] {
  const lines = text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Replaces the first `count` occurrences; -1: all. */
export function replaceText(text: string, old: string, fresh: string, count: number, budget: Budget): string {
  budget.spend(Math.ceil(text.length / 16));
  const parts = old === '' ? ['', ...characters(text), ''] : text.split(old);
  const places = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  checkTextLength(text.length + places * fresh.length);
  return (
    parts.slice(0, places + 1).join(fresh) + (places < parts.length - 1 ? old : '') + parts.slice(places + 1).join(old)
  );
}

export function center(text: string, width: number): string {
  const missing = Math.max(0, width - text.length);
  // Python puts the odd one to the left when the width is odd.
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return ' '.repeat(left) + text + ' '.repeat(missing - left);
}

/** A width that does not exhaust memory. */
export function widthOf(value: Value | undefined): number {
  const width = integerArgument(value, 0, 'the width');
  checkTextLength(width);
  return Math.max(0, width);
}

function partition(text: string, separator: string, at: number): readonly string[] {
  return at === -1 ? [text, '', ''] : [text.slice(0, at), separator, text.slice(at + separator.length)];
}

function prefixes(value: Value | undefined, budget: Budget): readonly string[] {
  return value !== undefined && isList(value) ? value.map((each) => textOf(each, budget)) : [need(value)];
}

function need(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  return fail(value === undefined ? 'an argument is missing' : `expected a text, got ${kindOf(value)}`);
}
