// How HAProxy compares a sample with patterns (`-m beg`, `path_end`, ...) -> a text or a regular expression.

export type Match = 'str' | 'beg' | 'end' | 'sub' | 'reg' | 'dir' | 'dom' | 'len' | 'found' | 'bool';

export interface Patterns {
  readonly match: Match;
  readonly ignoreCase: boolean;
  readonly values: readonly string[];
}

/** A regular expression that holds where one of the patterns does. `list`: values of a header are compared one by one. */
export function regexOf({ match, ignoreCase, values }: Patterns, list = false): string {
  const [from, to] = list ? ['(?:^|,)[ \\t]*', '[ \\t]*(?:,|$)'] : ['^', '$'];
  if (match === 'reg') {
    const source = values.length === 1 ? (values[0] ?? '') : values.map((value) => `(?:${value})`).join('|');
    return ignoreCase ? `(?i:${source})` : source;
  }
  const texts = values.map((value) => escaped(value, ignoreCase));
  const any = texts.length === 1 ? (texts[0] ?? '') : `(?:${texts.join('|')})`;
  switch (match) {
    case 'str':
      return from + any + to;
    case 'beg':
      return from + any;
    case 'end':
      return any + to;
    case 'sub':
      return any;
    case 'dir':
      return `(?:^|/)${any}(?:/|$)`;
    case 'dom':
      return `(?:^|[/?.:])${any}(?:[/?.:]|$)`;
    case 'len':
    case 'found':
    case 'bool':
      return '';
    default:
      return match satisfies never;
  }
}

/** The text as part of an expression; of letters whose case does not matter, both. */
export function escaped(text: string, ignoreCase: boolean): string {
  const plain = text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  if (!ignoreCase) return plain;
  return plain.replaceAll(/[A-Za-z]/g, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
}
