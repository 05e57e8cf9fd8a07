// Lists of patterns that a configuration has from files, or says itself in its `acl` lines, as commands see and change them.
import { AddressSet, isNetwork, parseAddress, parseRange } from '../address.ts';

export type PatternKind = 'acl' | 'map';

/** How HAProxy compares a sample with a pattern. */
export const patternTypes = ['str', 'beg', 'end', 'sub', 'dir', 'dom', 'reg', 'ip', 'int', 'meth', 'bool'] as const;
export type PatternType = (typeof patternTypes)[number];

export interface PatternUse {
  /** For people: `acl at file 'haproxy.cfg' line 12`. */
  readonly place: string;
  readonly type: PatternType;
  readonly ignoreCase: boolean;
}

/** `value`: what a map gives for the key; '' in other lists. */
export interface Pattern {
  readonly key: string;
  readonly value: string;
}

export interface PatternList {
  readonly kind: PatternKind;
  readonly id: number;
  /** As it is written; '' = the patterns stand in the configuration. */
  readonly file: string;
  /** What a changed list replaces: the file, or the place where it is written. */
  readonly origin: string;
  readonly uses: readonly PatternUse[];
  readonly patterns: readonly Pattern[];
}

/** What commands made of lists, by their origin. */
export type ChangedPatterns = ReadonlyMap<string, readonly Pattern[]>;

export const unchanged: ChangedPatterns = new Map();

/** The lines of a file that are patterns: no comments, nothing empty. */
export function patternLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The patterns of a file, or of a payload. */
export function patternsIn(kind: PatternKind, text: string): readonly Pattern[] {
  return patternLines(text).map((line) => (kind === 'map' ? mapPattern(line) : { key: line, value: '' }));
}

/** `key value`, of a line of a map; the value may be missing. */
function mapPattern(line: string): Pattern {
  const [, key = '', value = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
  return { key, value };
}

/** As the file would say it. */
export function patternText(patterns: readonly Pattern[]): string {
  return patterns.map(({ key, value }) => `${key} ${value}`.trim()).join('\n');
}

/** Why this can be no pattern of the list, in HAProxy's words. */
export function patternProblem({ uses }: PatternList, key: string): string | undefined {
  for (const { type } of uses) {
    if (type === 'ip' && !isNetwork(key)) return `'${key}' is not a valid IPv4 or IPv6 address.`;
    if (type === 'reg' && !isRegex(key)) return `regex '${key}' is invalid.`;
    if (type === 'int' && !/^-?[0-9]+(?::-?[0-9]*)?$/.test(key)) return `'${key}' is not a number.`;
  }
  return undefined;
}

function isRegex(source: string): boolean {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}

/** The pattern that a sample meets: of networks and beginnings the longest, else the first. */
export function patternFor(
  patterns: readonly Pattern[],
  { type, ignoreCase }: PatternUse,
  sample: string,
): Pattern | undefined {
  const found = patterns.filter(({ key }) => holds(type, ignoreCase, key, sample));
  if (type === 'ip') return longest(found, ({ key }) => parseRange(key)?.bits ?? 0);
  return isTree(type, ignoreCase) && type === 'beg' ? longest(found, ({ key }) => key.length) : found[0];
}

/** Whether HAProxy looks such patterns up in a tree; others it tries one by one. */
export function isTree(type: PatternType, ignoreCase: boolean): boolean {
  return type === 'ip' || (!ignoreCase && (type === 'str' || type === 'beg'));
}

function longest(patterns: readonly Pattern[], sizeOf: (pattern: Pattern) => number): Pattern | undefined {
  return patterns.toSorted((one, other) => sizeOf(other) - sizeOf(one))[0];
}

function holds(type: PatternType, ignoreCase: boolean, key: string, sample: string): boolean {
  if (type === 'ip') return isInNetwork(key, sample);
  if (type === 'reg') return new RegExp(key, ignoreCase ? 'i' : '').test(sample);
  const [pattern, text] = ignoreCase ? [key.toLowerCase(), sample.toLowerCase()] : [key, sample];
  switch (type) {
    case 'beg':
      return text.startsWith(pattern);
    case 'end':
      return text.endsWith(pattern);
    case 'sub':
      return text.includes(pattern);
    case 'dir':
      return parts(text, /\//g).includes(parts(pattern, /\//g));
    case 'dom':
      return parts(text, /[/?.:]/g).includes(parts(pattern, /[/?.:]/g));
    case 'str':
    case 'int':
    case 'meth':
    case 'bool':
      return text === pattern;
    default:
      return type satisfies never;
  }
}

/** Between marks, so that only whole parts are found. */
function parts(text: string, delimiters: RegExp): string {
  return `\n${text.replaceAll(delimiters, '\n').replaceAll(/^\n+|\n+$/g, '')}\n`;
}

function isInNetwork(key: string, sample: string): boolean {
  const address = parseAddress(sample);
  return address !== undefined && new AddressSet([key]).has(address);
}
