// Maps (`%[req.hdr(host),lower,map(hosts.map,default)]`): each of their lines is a pattern and what it stands for.
import type { ReadFile } from './conditions.ts';
import type { Match } from './patterns.ts';

export interface MapUse {
  /** What is looked up: `req.hdr(host),lower`. */
  readonly sample: string;
  readonly match: Match;
  readonly file: string;
  readonly fallback: string | undefined;
}

export interface MapEntry {
  readonly key: string;
  readonly value: string;
}

const matches: Readonly<Record<string, Match>> = {
  str: 'str', beg: 'beg', end: 'end', sub: 'sub', dir: 'dir', dom: 'dom', reg: 'reg', ip: 'str',
}; // prettier-ignore

/** Undefined if no map is used, or one of a kind that is not known. */
export function mapUseOf(text: string): MapUse | undefined {
  const pattern = /^(.+?),map(?:_(str|beg|end|sub|dir|dom|reg|ip))?(?:_str)?\(([^,()]+)(?:,([^,()]*))?\)$/;
  const [, sample, kind = 'str', file, fallback] = pattern.exec(text) ?? [];
  const match = matches[kind];
  return sample === undefined || file === undefined || !match ? undefined : { sample, match, file, fallback };
}

/** Its lines in the order in which they are tried: of beginnings the longest first. Undefined if it cannot be read. */
export function mapEntries({ file, match }: MapUse, readFile: ReadFile): readonly MapEntry[] | undefined {
  const text = readFile(file);
  if (text === undefined) return undefined;
  const entries = text.split('\n').flatMap((line): MapEntry[] => {
    const [, key, value] = /^\s*([^\s#]\S*)\s+(.*?)\s*$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [{ key, value }];
  });
  return match === 'beg' ? entries.toSorted((one, other) => other.key.length - one.key.length) : entries;
}
