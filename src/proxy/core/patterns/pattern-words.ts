// `show`, `get`, `add`, `set`, `del`, `clear`, `prepare` and `commit` of `map` and `acl` on the stats socket: what the words
// ask for, what HAProxy says to them, and what becomes of a list. Putting that into force is the caller's part.
import { failure, note, type Reply } from '../stats/reply.ts';
import { isTree, type Pattern, patternFor, type PatternKind, patternProblem, patternsIn } from './pattern-list.ts';
import type { HeldPattern, PatternVersions } from './versions.ts';

export type PatternAction = 'show' | 'get' | 'add' | 'set' | 'del' | 'clear' | 'prepare' | 'commit';

export interface PatternCommand {
  readonly kind: PatternKind;
  readonly action: PatternAction;
  /** Those behind `show map` and the like. */
  readonly words: readonly string[];
  readonly payload: string | undefined;
}

/** An answer, or a change of the version that counts, which has to be put into force first. */
export type PatternOutcome =
  | { readonly answer: Reply }
  | { readonly of: PatternVersions; readonly patterns: readonly Pattern[]; readonly commit?: number };

const usages: Readonly<Record<Exclude<PatternAction, 'show' | 'prepare'>, (noun: string) => string>> = {
  get: (noun) => `Missing ${noun} identifier and/or key.\n`,
  add: (noun) =>
    noun === 'map'
      ? "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) and a payload\n"
      : "'add acl' expects two parameters: ACL identifier and pattern.\n",
  set: () => "'set map' expects three parameters: map identifier, key and value.\n",
  del: (noun) => `This command expects two parameters: ${noun} identifier and key.\n`,
  clear: (noun) => `Missing ${noun} identifier.\n`,
  commit: (noun) => `Missing ${noun} identifier.\n`,
};

/** `sees`: whether the one who asks may see patterns, and not only which lists there are. */
export function patternOutcome(
  { kind, action, words, payload }: PatternCommand,
  lists: readonly PatternVersions[],
  sees: boolean,
): PatternOutcome {
  const noun = kind === 'map' ? 'map' : 'ACL';
  const [first = ''] = words;
  const version = first.startsWith('@') ? versionOf(first) : undefined;
  const [identifier, ...rest] = version === undefined ? words : words.slice(1);
  if (action === 'show' && words.length === 0)
    return { answer: listText(lists.filter((each) => each.list.kind === kind)) };
  if (action === 'commit' && version === undefined) return failed('Missing version number.\n');
  const found = lists.find(({ list }) => list.kind === kind && isMeant(list, identifier));
  const unknown = failed(`Unknown ${noun} identifier. Please use #<id> or <file>.\n`);
  if (action === 'show' || action === 'prepare') {
    if (!found) return unknown;
    if (action === 'prepare') return { answer: note(`New version created: ${found.prepare()}\n`) };
    return { answer: sees ? patternsText(found, version) : '# contents not dumped due to insufficient privileges\n' };
  }
  const [key, ...values] = rest;
  const isComplete = isWhole(action, kind, identifier, rest, payload);
  if (!isComplete) return failed(usages[action](noun));
  if (!found) return unknown;
  switch (action) {
    case 'get':
      return { answer: getText(found, key ?? '') };
    case 'add':
      return added(
        found,
        version,
        payload === undefined ? [{ key: key ?? '', value: values[0] ?? '' }] : patternsIn(kind, payload),
      );
    case 'set':
      return replaced(found, key ?? '', values[0] ?? '');
    case 'del':
      return removed(found, key ?? '');
    case 'clear':
      return written(found, [], version);
    case 'commit':
      return found.mayCommit(version ?? 0)
        ? { of: found, patterns: found.of(version), commit: version ?? 0 }
        : failed('Version number out of range.\n');
    default:
      return action satisfies never;
  }
}

function failed(text: string): PatternOutcome {
  return { answer: failure(text) };
}

function isWhole(
  action: PatternAction,
  kind: PatternKind,
  identifier: string | undefined,
  rest: readonly string[],
  payload: string | undefined,
): boolean {
  if (identifier === undefined) return false;
  if (action === 'clear' || action === 'commit') return true;
  if (action === 'add' && payload !== undefined) return true;
  const isPair = action === 'set' || (action === 'add' && kind === 'map');
  return rest.length >= (isPair ? 2 : 1);
}

/** NaN is no version that there could be. */
function versionOf(word: string): number {
  return /^@[0-9]{1,9}$/.test(word) ? Number(word.slice(1)) : Number.NaN;
}

function isMeant({ id, file }: PatternVersions['list'], identifier = ''): boolean {
  return identifier.startsWith('#') ? identifier === `#${id}` : file !== '' && file === identifier;
}

function added(found: PatternVersions, version: number | undefined, patterns: readonly Pattern[]): PatternOutcome {
  if (version !== undefined && !found.isPrepared(version)) {
    const { kind } = found.list;
    return failed(`Version number in the future, please use 'prepare ${kind}' before.\n`);
  }
  for (const { key } of patterns) {
    const problem = patternProblem(found.list, key);
    if (problem !== undefined) return failed(`${problem}\n`);
  }
  return written(found, [...found.of(version), ...patterns], version);
}

function replaced(found: PatternVersions, key: string, value: string): PatternOutcome {
  const isMeantBy = meaning(key);
  const before = found.of();
  if (!before.some(isMeantBy)) {
    return failed(key.startsWith('#') ? 'key or pattern not found.\n' : 'entry not found.\n');
  }
  return written(found, before.map((pattern) => (isMeantBy(pattern) ? { ...pattern, value } : pattern))); // prettier-ignore
}

function removed(found: PatternVersions, key: string): PatternOutcome {
  const isMeantBy = meaning(key);
  const before = found.of();
  if (!before.some(isMeantBy)) return failed('Key not found.\n');
  return written(found, before.filter((pattern) => !isMeantBy(pattern))); // prettier-ignore
}

/** All with that key, or the one with that reference. */
function meaning(key: string): (pattern: HeldPattern) => boolean {
  return key.startsWith('#') ? ({ reference }) => `#${reference}` === key : (pattern) => pattern.key === key;
}

/** Versions that do not count yet change at once. */
function written(found: PatternVersions, patterns: readonly Pattern[], version = found.current): PatternOutcome {
  if (version === found.current) return { of: found, patterns };
  if (found.isPrepared(version)) found.set(patterns, version);
  return { answer: '' };
}

function listText(lists: readonly PatternVersions[]): string {
  const line = ({ list, current, next, count }: PatternVersions): string => {
    const places = list.uses.map(({ place }) => place).join(', by ');
    const what = list.file === '' ? places : `pattern loaded from file '${list.file}' used by ${places}`;
    return `${list.id} (${list.file}) ${what}. curr_ver=${current} next_ver=${next} entry_cnt=${count}\n`;
  };
  return `# id (file) description\n${lists.map(line).join('')}`;
}

function patternsText(found: PatternVersions, version: number | undefined): string {
  return found
    .of(version)
    .map(({ reference, key, value }) => `${reference} ${`${key} ${value}`.trim()}\n`)
    .join('');
}

/** A line for each way in which the list is used. */
function getText(found: PatternVersions, sample: string): string {
  const { kind, uses } = found.list;
  const line = (use: (typeof uses)[number]): string => {
    const { type, ignoreCase } = use;
    const hit = patternFor(found.of(), use, sample);
    const head = `type=${type}, case=${ignoreCase ? 'insensitive' : 'sensitive'}, ${kind === 'map' ? 'found' : 'match'}=`;
    if (!hit) return `${head}no\n`;
    const where = `${head}yes, idx=${isTree(type, ignoreCase) ? 'tree' : 'list'}, `;
    if (kind === 'acl') return `${where}pattern="${hit.key}"\n`;
    return `${where}key="${hit.key}", value="${hit.value}", type="str"\n`;
  };
  return uses.map(line).join('');
}
