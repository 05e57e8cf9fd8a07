// Splits a command line into words as a POSIX shell would, without expanding anything (Python's shlex, for Ansible's users).
import { VezaError } from '../../lib/errors.ts';

/** Throws VezaError `unbalanced-quotes`. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let index = 0;
  while (index < line.length) {
    const char = line.charAt(index);
    if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
      index += 1;
    } else if (char === '\\') {
      word = (word ?? '') + line.charAt(index + 1);
      index += 2;
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(line, index, char);
      word = (word ?? '') + quoted.text;
      index = quoted.next;
    } else {
      word = (word ?? '') + char;
      index += 1;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

function readQuoted(line: string, start: number, mark: string): { text: string; next: number } {
  let text = '';
  for (let index = start + 1; index < line.length; index += 1) {
    const char = line.charAt(index);
    if (char === mark) return { text, next: index + 1 };
    if (mark === '"' && char === '\\' && '"\\'.includes(line.charAt(index + 1)) && index + 1 < line.length) {
      index += 1;
      text += line.charAt(index);
    } else {
      text += char;
    }
  }
  throw new VezaError('unbalanced-quotes', `a quotation that begins with ${mark} does not end: ${line}`, {
    hint: 'Close it, or write \\' + mark + ' for the character itself.',
  });
}
