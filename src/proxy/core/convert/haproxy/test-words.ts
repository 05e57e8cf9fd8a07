// What stands behind the sample of a test, in an `acl` line or in braces: how it is compared, and with what.
import type { Word } from './words.ts';

export interface TestWords {
  /** `-i` */
  readonly ignoreCase: boolean;
  /** What `-m` says, in order. */
  readonly matches: readonly string[];
  /** Files of `-f`. */
  readonly files: readonly string[];
  /** Patterns that stand here. */
  readonly values: readonly string[];
  /** Flags that are none of these, nor without effect here (`-n`, `-u ID`). */
  readonly hasOthers: boolean;
}

export function testWords(words: readonly Word[]): TestWords {
  const [matches, files, values]: [string[], string[], string[]] = [[], [], []];
  let [ignoreCase, hasOthers] = [false, false];
  for (let at = 0; at < words.length; at += 1) {
    const text = words[at]?.text ?? '';
    if (text === '-i') ignoreCase = true;
    else if (text === '-m') matches.push(words[(at += 1)]?.text ?? '');
    else if (text === '-f') files.push(words[(at += 1)]?.text ?? '');
    else if (text === '-u') at += 1;
    else if (text === '--') {
      values.push(...words.slice(at + 1).map((word) => word.text));
      break;
    } else if (!/^-[a-zA-Z]$/.test(text)) values.push(text);
    else if (text !== '-n') hasOthers = true;
  }
  return { ignoreCase, matches, files, values, hasOthers };
}
