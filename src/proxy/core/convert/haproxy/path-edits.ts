// `set-path`, `replace-path` and their like -> `rewrite` of a rule, which knows the path and leaves the query alone.
import { checkPattern } from '../../config/check-handling.ts';
import { convertFormat, grouped } from './formats.ts';
import type { Reading, RewriteEdit } from './statements.ts';
import type { Aliases } from './variables.ts';
import type { Word } from './words.ts';

interface Replacement {
  readonly pattern: string;
  readonly to: string;
}

/** What a line makes of the path; reports what cannot be said. */
export function rewriteEdit(
  action: string,
  [first, second]: readonly Word[],
  spot: Word,
  { acls: { aliases }, report }: Reading,
): RewriteEdit | undefined {
  const subject = action.replace(/^(?:set|replace)-/, '');
  const rewrite = action.startsWith('set-')
    ? first && setting(subject, first.text, aliases)
    : first && second && replacing(subject, first.text, second.text, aliases);
  if (!rewrite) {
    const hint =
      subject === 'path' ? 'Look at `rewrite` of rules.' : 'Look at `pathAndQuery` and `query` of `rewrite` in rules.';
    report.error(spot, `this \`${action}\` cannot be carried over`, hint);
    return undefined;
  }
  if (subject === 'uri')
    report.info(spot, `\`${action}\` is about paths here, also of HTTP/2, where HAProxy has scheme and host in front`);
  return { do: 'rewrite', rewrite };
}

type Rewrite = Readonly<Record<string, unknown>>;

/** `/prefix%[path]`, `%[path,regsub(...)]` or a fixed path; with `pathq` and `uri` what stands for a path and query. */
function setting(subject: string, text: string, aliases: Aliases): Rewrite | undefined {
  if (subject === 'query') return queryOf(text, aliases);
  const [, prefix, sample, suffix] = /^(\/[^%]*)?%\[(path|pathq|url)\](.*)$/.exec(text) ?? [];
  if (prefix !== undefined && suffix === '' && samples[subject]?.includes(sample ?? '') === true)
    return { addPrefix: prefix.replace(/\/$/, '') };
  const replaced = regsub(subject, text);
  if (replaced) return { regex: replaced };
  if (subject !== 'path') return wholeOf('^', text, aliases);
  if (!/^\/[^%]*$/.test(text)) return undefined;
  return { regex: { pattern: '^.*$', to: text.replaceAll('$', '$$$$') } };
}

/** What the same of a request is called where it is read. */
const samples: Readonly<Record<string, readonly string[]>> = {
  path: ['path'],
  pathq: ['pathq'],
  uri: ['pathq', 'url'],
};

/** `%[path,regsub(^/api/,/)]`: the first match is replaced. */
function regsub(subject: string, text: string): Replacement | undefined {
  const [, sample = '', inner = ''] = /^%\[(path|pathq|url),regsub\((.*)\)\]$/.exec(text) ?? [];
  const [, pattern, to, flags] = /^("[^"]*"|'[^']*'|[^,]*),("[^"]*"|'[^']*'|[^,]*)(?:,(i?))?$/.exec(inner) ?? [];
  if (samples[subject]?.includes(sample) !== true || pattern === undefined || to === undefined) return undefined;
  const [source = '', target = ''] = [pattern, to].map((part) => part.replaceAll(/^(["'])(.*)\1$/g, '$2'));
  if (subject !== 'path' && !isBeginning(source)) return undefined;
  const written = withGroups(target);
  return written === undefined ? undefined : { pattern: flags === 'i' ? `(?i:${source})` : source, to: written };
}

/** HAProxy puts the text in place of all of it. */
function replacing(subject: string, pattern: string, text: string, aliases: Aliases): Rewrite | undefined {
  const to = text.includes('%') ? undefined : withGroups(text);
  if (to === undefined) return subject === 'path' ? undefined : wholeOf(pattern, text, aliases);
  if (subject === 'path') return { regex: { pattern: wholePath(pattern), to } };
  // The group at the end takes the query along; without one it would be lost.
  const [, from = ''] = /^(.*)\(\.\*\)\$?$/.exec(pattern) ?? [];
  const isMoved = isBeginning(from) && /^[^$]*\$1$/.test(to);
  return isMoved ? { regex: { pattern: `${from}(.*)$`, to } } : wholeOf(pattern, text, aliases);
}

/** Path and query in one; a text that is no path is none of ours. */
function wholeOf(pattern: string, text: string, aliases: Aliases): Rewrite | undefined {
  const format = convertFormat(grouped(text), aliases);
  const isSound = 'text' in format && /^(?:\/|\$[0-9{])/.test(format.text) && isPattern(pattern);
  return isSound ? { pathAndQuery: { pattern, to: format.text } } : undefined;
}

function queryOf(text: string, aliases: Aliases): Rewrite | undefined {
  const format = convertFormat(text.replace(/^\?/, ''), aliases);
  return 'text' in format ? { query: format.text } : undefined;
}

function isPattern(source: string): boolean {
  let isSound = true;
  checkPattern(source, [], () => (isSound = false));
  return isSound;
}

/** Matches at the beginning of a path, and nothing of a query. */
function isBeginning(pattern: string): boolean {
  return /^\^\/(?:[A-Za-z0-9/_~-]|\\[./-])*$/.test(pattern);
}

/** `\1` -> `$1`; the whole match (`\0`) has no name here. */
function withGroups(text: string): string | undefined {
  const written = text.replaceAll('$', '$$$$').replaceAll(/\\([1-9])/g, '$$$1');
  return written.includes('\\0') ? undefined : written;
}

/** An expression that takes the whole path where the given one matches a part of it. */
function wholePath(pattern: string): string {
  const begins = pattern.startsWith('^');
  const ends = pattern.endsWith('$') && !pattern.endsWith('\\$');
  const inner = pattern.includes('|') ? `(?:${pattern})` : pattern;
  return `${begins ? '' : '^.*?'}${inner}${ends || /\.\*\)?$/.test(pattern) ? '' : '.*$'}`;
}
