// Lines of a haproxy.cfg -> its sections. What `defaults` say is put in front of the lines of the sections they hold for.
import type { Report, Spot } from '../report.ts';
import type { Line, Word } from './words.ts';

export type SectionKind = 'global' | 'defaults' | 'frontend' | 'backend' | 'listen' | 'other';

export interface Section {
  readonly kind: SectionKind;
  readonly keyword: string;
  readonly name: string;
  readonly spot: Spot;
  readonly lines: Line[];
}

/** A frontend, backend or listen with all that holds for it. */
export interface Proxy {
  readonly kind: 'frontend' | 'backend' | 'listen';
  readonly name: string;
  readonly spot: Spot;
  /** Those of its defaults first. */
  readonly lines: readonly Line[];
}

export interface Sections {
  readonly global: readonly Line[];
  readonly proxies: readonly Proxy[];
  readonly others: readonly Section[];
}

const keywords: Readonly<Record<string, SectionKind>> = {
  global: 'global',
  defaults: 'defaults',
  frontend: 'frontend',
  backend: 'backend',
  listen: 'listen',
  userlist: 'other',
  resolvers: 'other',
  peers: 'other',
  mailers: 'other',
  program: 'other',
  ring: 'other',
  cache: 'other',
  'http-errors': 'other',
  'fcgi-app': 'other',
  'log-forward': 'other',
};

export function readSections(lines: readonly Line[], report: Report): Sections {
  const sections: Section[] = [];
  const proxies: Proxy[] = [];
  const named = new Map<string, readonly Line[]>();
  let latest: readonly Line[] = [];
  for (const line of lines) {
    const { first, words } = line;
    const kind = keywords[first.text];
    if (first.text.startsWith('.')) {
      report.error(
        first,
        `conditional blocks (\`${first.text}\`) cannot be converted`,
        'Write the file out for one case.',
      );
    } else if (kind === undefined) {
      const section = sections.at(-1);
      if (section) section.lines.push(line);
      else report.error(first, `\`${first.text}\` stands in no section`);
    } else {
      sections.push({ kind, keyword: first.text, name: words[1]?.text ?? '', spot: words[1] ?? first, lines: [] });
      const section = sections.at(-1);
      const base = baseOf(words, named, latest, report);
      if (section && kind === 'defaults') {
        // Of other defaults only those that are named hold.
        if (words[2]?.text === 'from') section.lines.push(...base);
        latest = section.lines;
        if (section.name !== '') named.set(section.name, section.lines);
      } else if (section && (kind === 'frontend' || kind === 'backend' || kind === 'listen')) {
        const own = section.lines;
        proxies.push({
          kind,
          name: section.name,
          spot: section.spot,
          get lines() {
            return [...base, ...own];
          },
        });
      }
    }
  }
  return {
    global: sections.filter(({ kind }) => kind === 'global').flatMap((section) => section.lines),
    proxies,
    others: sections.filter(({ kind }) => kind === 'other'),
  };
}

/** The mode that the last `mode` line says; HAProxy's own is tcp. */
export function isTcp({ lines }: Pick<Proxy, 'lines'>): boolean {
  return lines.findLast(({ first }) => first.text === 'mode')?.words[1]?.text !== 'http';
}

/** Whether the last of `option NAME` and `no option NAME` turns it on; undefined where none says anything. */
export function optionOf(
  lines: readonly Line[],
  name: string,
): { readonly on: boolean; readonly spot: Word } | undefined {
  const isSaid = ({ words }: Line, at: number): boolean => words[at]?.text === 'option' && words[at + 1]?.text === name;
  const line = lines.findLast((each) => isSaid(each, 0) || (each.first.text === 'no' && isSaid(each, 1)));
  return (
    line && { on: line.first.text === 'option', spot: line.words.at(line.first.text === 'no' ? 2 : 1) ?? line.first }
  );
}

function baseOf(
  words: readonly Word[],
  named: ReadonlyMap<string, readonly Line[]>,
  latest: readonly Line[],
  report: Report,
): readonly Line[] {
  const [, , from, name] = words;
  if (from?.text !== 'from' || !name) return latest;
  const found = named.get(name.text);
  if (!found) report.error(name, `there are no defaults \`${name.text}\` above this line`);
  return found ?? [];
}
