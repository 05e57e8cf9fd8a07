// Filters with regular expressions of Python's syntax; see regex.ts for the translation and its bounds.
import { checkTextLength, fail } from '../budget.ts';
import {
  type Args,
  type Call,
  elements,
  type Filter,
  flagArgument,
  integerArgument,
  textArgument,
} from '../callable.ts';
import { checkSubject, compileRegex, expandReplacement } from '../regex.ts';
import { textOf } from '../text.ts';
import type { Value } from '../value.ts';

export const regexFilters: Readonly<Record<string, Filter>> = {
  regex_replace: {
    parameters: ['pattern', 'replacement', 'ignorecase', 'multiline', 'count', 'mandatory_count'],
    run: replace,
  },
  regex_search: { parameters: ['regex'], required: 1, rest: true, named: true, run: search },
  regex_findall: { parameters: ['regex', 'multiline', 'ignorecase'], required: 1, run: findAll },
  regex_escape: {
    parameters: ['re_type'],
    run: (value, _args, { budget }) => textOf(value, budget).replace(/[^A-Za-z0-9_!"%',/:;<=>@`]/g, '\\$&'),
  },
};

function replace(value: Value, args: Args, { budget }: Call): Value {
  const [pattern, replacement, ignoreCase, multiline, count, mandatoryCount] = args;
  const text = checkSubject(textOf(value, budget), budget);
  const regex = compileRegex(textArgument(pattern, '', budget), flags(ignoreCase, multiline));
  const template = textArgument(replacement, '', budget);
  const limit = integerArgument(count, 0);
  let places = 0;
  let length = 0;
  const result = text.replace(regex, (...match: unknown[]) => {
    const whole = String(match[0]);
    if (limit > 0 && places >= limit) return whole;
    places += 1;
    const expanded = expandReplacement(template, match);
    length += expanded.length;
    checkTextLength(length);
    return expanded;
  });
  const wanted = integerArgument(mandatoryCount, 0);
  if (wanted > 0 && places !== wanted) fail(`the pattern matches ${places} times, not ${wanted}`);
  return result;
}

/** The match, or the groups asked for as `'\\1'` and `'\\g<name>'`; null where nothing matches. */
function search(value: Value, [pattern, ...groups]: Args, { budget, named }: Call): Value {
  const text = checkSubject(textOf(value, budget), budget);
  const regex = compileRegex(textArgument(pattern, '', budget), flags(named['ignorecase'], named['multiline']));
  const match = regex.exec(text);
  if (!match) return null;
  if (groups.length === 0) return match[0];
  return groups.map((group) => {
    const reference = textArgument(group, '', budget);
    const parsed = /^\\(?:(\d+)|g<(\w+)>)$/.exec(reference);
    if (!parsed) return fail(`'${reference}' is not a group`, "'\\\\1'");
    const name = parsed[1] ?? parsed[2] ?? '';
    return (/^\d+$/.test(name) ? match[Number(name)] : groupOf(match.groups, name)) ?? null;
  });
}

function groupOf(groups: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  return groups && Object.hasOwn(groups, name) ? groups[name] : fail(`there is no group '${name}'`);
}

function findAll(value: Value, [pattern, multiline, ignoreCase]: Args, { budget }: Call): Value {
  const text = checkSubject(textOf(value, budget), budget);
  const regex = compileRegex(textArgument(pattern, '', budget), flags(ignoreCase, multiline));
  const found = [...text.matchAll(regex)].map((match): Value => {
    const groups = match.slice(1).map((group: string | undefined) => group ?? '');
    return groups.length === 0 ? match[0] : groups.length === 1 ? (groups[0] ?? '') : groups;
  });
  return elements(found, budget);
}

function flags(ignoreCase: Value | undefined, multiline: Value | undefined): string {
  return `g${flagArgument(ignoreCase, false) ? 'i' : ''}${flagArgument(multiline, false) ? 'm' : ''}`;
}
