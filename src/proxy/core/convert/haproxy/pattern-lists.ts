// The lists of patterns of a haproxy.cfg in the order of its lines: files of `-f` and of maps, and what `acl` lines and
// conditions in braces say themselves.
import {
  type ChangedPatterns,
  type Pattern,
  type PatternKind,
  type PatternList,
  patternsIn,
  patternText,
  type PatternType,
  patternTypes,
  type PatternUse,
} from '../../patterns/pattern-list.ts';
import type { ReadFile } from './conditions.ts';
import { testWords } from './test-words.ts';
import type { Line, Word } from './words.ts';

interface Draft {
  readonly kind: PatternKind;
  readonly file: string;
  readonly origin: string;
  readonly uses: PatternUse[];
  readonly patterns: readonly Pattern[];
}

/** The place of a test, which its own patterns belong to. */
export function originOf({ where }: Word): string {
  return `${where.line}:${where.column}`;
}

/** Files as commands changed them. */
export function withChanges(readFile: ReadFile, changed: ChangedPatterns): ReadFile {
  return (path) => {
    const patterns = changed.get(path);
    return patterns ? patternText(patterns) : readFile(path);
  };
}

export function patternListsOf(lines: readonly Line[], readFile: ReadFile): readonly PatternList[] {
  const drafts: Draft[] = [];
  const samples = new Set<Word>();
  const ofFile = (kind: PatternKind, file: string, use: PatternUse): void => {
    const known = drafts.find((each) => each.kind === kind && each.file === file);
    if (known) {
      known.uses.push(use);
      return;
    }
    drafts.push({ kind, file, origin: file, uses: [use], patterns: patternsIn(kind, readFile(file) ?? '') });
  };
  const ofMaps = (word: Word, place: string): void => {
    for (const [, type = 'str', file = ''] of word.text.matchAll(mapPatterns)) {
      if (isType(type)) ofFile('map', file, { place: `map at ${place}`, type, ignoreCase: false });
    }
  };
  for (const line of lines) {
    const place = placeOf(line);
    for (const [sample, ...rest] of testsOf(line)) {
      if (!sample) continue;
      samples.add(sample);
      ofMaps(sample, place);
      const { files, matches, ignoreCase, values } = testWords(rest);
      const type = matches.findLast(isType) ?? typeOf(sample.text);
      for (const file of files) ofFile('acl', file, { place: `acl at ${place}`, type, ignoreCase });
      const keyword = /^[a-z0-9_.]+/.exec(sample.text)?.[0] ?? sample.text;
      const own = { place: `acl '${keyword}' ${place}`, type, ignoreCase };
      const patterns = values.map((key) => ({ key, value: '' }));
      drafts.push({ kind: 'acl', file: '', origin: originOf(sample), uses: [own], patterns });
    }
  }
  // Maps in conditions come first, as they do in HAProxy.
  for (const line of lines) for (const word of line.words) if (!samples.has(word)) ofMaps(word, placeOf(line));
  return drafts.map((draft, id) => ({ id, ...draft }));
}

const mapPatterns = /,map(?:_(str|beg|end|sub|dir|dom|reg|ip))?(?:_str)?\(([^,()]+)(?:,[^,()]*)?\)/g;

function placeOf({ first: { where } }: Line): string {
  return `file '${where.file}' line ${where.line}`;
}

/** `acl NAME <test>`, and `{ <test> }` behind `if` or `unless`. */
function testsOf({ first, words }: Line): readonly (readonly Word[])[] {
  if (first.text === 'acl') return [words.slice(2)];
  const tests: Word[][] = [];
  let open: Word[] | undefined;
  for (const word of words) {
    if (/^!*\{$/.test(word.text)) open = [];
    else if (word.text === '}' && open) {
      tests.push(open);
      open = undefined;
    } else open?.push(word);
  }
  return tests;
}

function isType(text: string): text is PatternType {
  return (patternTypes as readonly string[]).includes(text);
}

/** By its ending (`path_beg`), else by what it gives. */
function typeOf(sample: string): PatternType {
  const name = /^[a-z0-9_.]+/.exec(sample)?.[0] ?? '';
  const ending = /_(beg|end|sub|dir|dom|reg)$/.exec(name)?.[1];
  if (ending !== undefined && isType(ending)) return ending;
  if (/^(?:src|dst)$/.test(name) && !sample.includes(',')) return 'ip';
  if (/(?:_cnt|_len|_port|_rate|^nbsrv|_type)$|^nbsrv/.test(name)) return 'int';
  if (name === 'method') return 'meth';
  return /^(?:ssl_fc|ssl_fc_has_crt|ssl_c_used|always_true|always_false)$/.test(name) ? 'bool' : 'str';
}
