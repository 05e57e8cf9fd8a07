// `maxconn` of global, frontends and their addresses -> `maxconn` of a frontend.
import type { Report } from '../report.ts';
import type { Draft } from '../draft.ts';
import type { Line, Word } from './words.ts';

/** The number that the whole process has; undefined where it is not said. */
export function globalLimit(lines: readonly Line[]): Word | undefined {
  return lines.findLast(({ first }) => first.text === 'maxconn')?.words[1];
}

/** Puts `maxconn` into a frontend; where it says none that of the process bounds it, as in HAProxy. */
export function convertMaxconn(
  lines: readonly Line[],
  frontend: Record<string, unknown>,
  { draft, report, maxconn }: { readonly draft: Draft; readonly report: Report; readonly maxconn: Word | undefined },
): void {
  const own = lines.findLast(({ first }) => first.text === 'maxconn')?.words[1];
  const said = [own, maxconn].find((word) => countOf(word) > 0);
  const binds = lines.filter(({ first }) => first.text === 'bind');
  const [first] = binds.flatMap(({ words }) => limitOf(words) ?? []);
  if (first && binds.length > 1)
    report.warning(
      first,
      '`maxconn` of a bind: connections are counted over all addresses of a frontend',
      'Make a frontend of its own of this address.',
    );
  const limit = first && binds.length === 1 && (!said || countOf(first) < countOf(said)) ? first : said;
  if (limit) draft.put(frontend, 'maxconn', countOf(limit), limit);
}

function limitOf(words: readonly Word[]): Word | undefined {
  const at = words.findIndex(({ text }) => text === 'maxconn');
  const limit = at < 0 ? undefined : words[at + 1];
  return countOf(limit) > 0 ? limit : undefined;
}

/** 0 says nothing. */
function countOf(word: Word | undefined): number {
  return word && /^[0-9]+$/.test(word.text) ? Number(word.text) : 0;
}
