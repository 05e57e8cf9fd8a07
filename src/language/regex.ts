// Python's regular expressions on JavaScript's engine: translated, cached, bounded.
// The engine backtracks and cannot be stopped, so patterns that explode are refused: see regex-safety.ts.
import { messageOf, VezaError } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import { type Budget, checkTextLength, fail } from './budget.ts';
import { explodingPart } from './regex-safety.ts';

const cache = new Map<string, RegExp>();
const cacheSize = 500;

/** A pattern of Python's syntax with flags of JavaScript's. Throws VezaError `invalid-regex`. */
export function compileRegex(pattern: string, flags: string): RegExp {
  const key = `${flags}/${pattern}`;
  const known = cache.get(key);
  if (known) {
    known.lastIndex = 0;
    return known;
  }
  if (pattern.length > limits.regexPatternLength) {
    throw new VezaError('invalid-regex', `the regular expression is longer than ${limits.regexPatternLength}`);
  }
  const exploding = explodingPart(pattern);
  if (exploding !== null) {
    throw new VezaError('invalid-regex', `'${exploding}' can take endless time on a text that does not match`, {
      hint: 'a repeated group must hold something that is not itself repeated',
    });
  }
  const regex = build(pattern, flags);
  if (cache.size >= cacheSize) cache.clear();
  cache.set(key, regex);
  return regex;
}

/** The text, if it is short enough to be searched. */
export function checkSubject(text: string, budget: Budget): string {
  if (text.length > limits.regexSubjectLength) {
    fail(`a text of ${text.length} characters is too long for a regular expression`);
  }
  budget.spend(Math.ceil(text.length / 16));
  return text;
}

/** Fills `\1`, `\g<1>` and `\g<name>` of a Python replacement from the arguments of a replace callback. */
export function expandReplacement(template: string, match: readonly unknown[]): string {
  const last = match.at(-1);
  const names = typeof last === 'object' && last !== null ? last : null;
  const groupCount = match.length - (names ? 4 : 3);
  const group = (key: string): string => {
    if (/^\d+$/.test(key)) {
      if (Number(key) > groupCount) fail(`there is no group ${key}`);
      const found = match[Number(key)];
      return typeof found === 'string' ? found : '';
    }
    if (!names || !Object.hasOwn(names, key)) fail(`there is no group '${key}'`);
    const found: unknown = Reflect.get(names, key);
    return typeof found === 'string' ? found : '';
  };
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };
  const result = template.replace(
    /\\(?:g<(\w+)>|([1-9]\d?)|([\s\S]))/g,
    (whole, name?: string, number?: string, other = '') => {
      if (name !== undefined || number !== undefined) return group(name ?? number ?? '');
      return escapes[String(other)] ?? whole;
    },
  );
  checkTextLength(result.length);
  return result;
}

function build(pattern: string, flags: string): RegExp {
  let extra = '';
  const body = pattern.replace(/^\(\?([aimsux]+)\)/, (_whole, letters: string) => {
    extra = letters.replace(/[^ims]/g, '');
    if (letters.includes('x')) fail('verbose regular expressions are not supported');
    return '';
  });
  const all = [...new Set(flags + extra)].join('');
  try {
    return new RegExp(translate(body, all.includes('m')), all);
  } catch (error) {
    if (error instanceof VezaError) throw error;
    throw new VezaError('invalid-regex', messageOf(error), { cause: error });
  }
}

const tokenPattern = /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:|[^\]\\])*\]|\(\?P<|\(\?P=(\w+)\)|\(\?#[^)]*\)|\$|[\s\S]/g;

function translate(pattern: string, multiline: boolean): string {
  return pattern.replace(tokenPattern, (token, backReference?: string) => {
    if (backReference !== undefined) return `\\k<${backReference}>`;
    if (token === '(?P<') return '(?<';
    if (token.startsWith('(?#')) return '';
    if (token === '\\A') return '(?<![\\s\\S])';
    if (token === '\\Z') return '(?![\\s\\S])';
    // Python's $ also matches before a line feed at the very end.
    if (token === '$' && !multiline) return '(?=\\n?(?![\\s\\S]))';
    // In a class of Python, a bracket that comes first is a character.
    if (token.startsWith('[]')) return `[\\]${token.slice(2)}`;
    return token.startsWith('[^]') ? `[^\\]${token.slice(3)}` : token;
  });
}
