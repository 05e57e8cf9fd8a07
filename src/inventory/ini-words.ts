// The words of a line of hosts, as a POSIX shell splits them: quotes and backslashes are taken away, `#` begins a comment.

export interface Word {
  readonly text: string;
  /** Where it begins in the line, from 0. */
  readonly start: number;
}

/** Splits a line; `null` where a quote is never closed. A template may hold spaces: `x={{ a + b }}`. */
export function wordsOf(line: string): readonly Word[] | null {
  const words: Word[] = [];
  let start = -1;
  let text = '';
  const end = () => {
    if (start >= 0) words.push({ text, start });
    start = -1;
    text = '';
  };
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (/\s/.test(char)) {
      end();
      continue;
    }
    if (char === '#') break;
    if (start < 0) start = at;
    const piece = pieceAt(line, at, char);
    if (piece === null) return null;
    text += piece.text;
    at = piece.end;
  }
  end();
  return words;
}

/** What stands at a place, and where it ends. */
function pieceAt(line: string, at: number, char: string): { readonly text: string; readonly end: number } | null {
  if (char === '\\') return { text: line[at + 1] ?? '', end: at + 1 };
  if (char === '"') {
    const [all] = /^"(?:[^"\\]|\\.)*"/.exec(line.slice(at)) ?? [];
    return all === undefined ? null : { text: all.slice(1, -1).replace(/\\(["\\])/g, '$1'), end: at + all.length - 1 };
  }
  if (char === "'") {
    const close = line.indexOf("'", at + 1);
    return close < 0 ? null : { text: line.slice(at + 1, close), end: close };
  }
  const close = line.startsWith('{{', at) ? line.indexOf('}}', at) : -1;
  return close < 0 ? { text: char, end: at } : { text: line.slice(at, close + 2), end: close + 1 };
}
