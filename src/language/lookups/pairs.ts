// The old way to write options of a lookup: behind the term, as `path length=8 chars=digits`.
import { fail } from '../budget.ts';
import { didYouMean } from '../../lib/suggest.ts';

export interface Pairs {
  /** What stands before the options. */
  readonly term: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Splits a term. Quoted values may hold spaces. Throws `evaluation-failed` for options that there are not. */
export function readPairs(plugin: string, text: string, known: readonly string[]): Pairs {
  const options: Record<string, string> = {};
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)) {
    const [, name, value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined) {
      words.push(word);
      continue;
    }
    if (!known.includes(name)) {
      fail(`the lookup '${plugin}' has no option '${name}'`, didYouMean(name, known) ?? `it has ${known.join(', ')}`);
    }
    options[name] = value.replace(/^(['"])(.*)\1$/s, '$2');
  }
  return { term: words.join(' '), options };
}
