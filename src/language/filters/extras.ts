// Filters that are rare in playbooks, kept so that what works in Jinja and Ansible works here.
import { fail } from '../budget.ts';
import { type Args, type Call, elements, type Filter, flagArgument, mapArgument, textArgument } from '../callable.ts';
import { liveObject } from '../live.ts';
import { keyText, textOf } from '../text.ts';
import type { Value, ValueMap } from '../value.ts';
import { isList, isMap, isUndefined, mapOf, ownValue } from '../values.ts';
import { escapeHtml } from './texts.ts';

export const extraFilters: Readonly<Record<string, Filter>> = {
  attr: {
    parameters: ['name'],
    required: 1,
    run: (value, [name], call) => {
      // As in Jinja: attributes only, and what a map holds are items.
      const key = textArgument(name, '', call.budget);
      const found = liveObject(value)?.attribute?.(key);
      return found ?? call.missing(`the attribute '${key}' (items of a map are not meant by attr)`);
    },
  },
  forceescape: { parameters: [], run: (value, _args, { budget }) => escapeHtml(textOf(value, budget)) },
  pprint: { parameters: [], run: (value, _args, call) => call.filter('to_nice_json', value, [], {}) },
  urldecode: {
    parameters: [],
    run: (value, _args, { budget }) => decodeUrl(textOf(value, budget)),
  },
  xmlattr: {
    parameters: ['autospace'],
    run: (value, [autospace], { budget }) => {
      const parts = Object.entries(mapArgument(value)).flatMap(([name, part]) => {
        if (part === null || isUndefined(part)) return [];
        if (/[\s/>=]/.test(name)) fail(`'${name}' cannot be the name of an attribute`);
        return [`${escapeHtml(name)}="${escapeHtml(textOf(part, budget))}"`];
      });
      const text = parts.join(' ');
      return text !== '' && flagArgument(autospace, true) ? ` ${text}` : text;
    },
  },
  rekey_on_member: { parameters: ['key', 'duplicates'], required: 1, run: rekey },
  commonpath: {
    parameters: [],
    run: (value, _args, { budget }) => commonPath(elements(value, budget).map((part) => textOf(part, budget))),
  },
};

function decodeUrl(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  const bytes: number[] = [];
  for (let index = 0; index < spaced.length; index++) {
    const hex = /^%([0-9a-f]{2})/i.exec(spaced.slice(index, index + 3))?.[1];
    if (hex === undefined) {
      const character = String.fromCodePoint(spaced.codePointAt(index) ?? 0);
      bytes.push(...Buffer.from(character));
      index += character.length - 1;
    } else {
      bytes.push(Number.parseInt(hex, 16));
      index += 2;
    }
  }
  return Buffer.from(bytes).toString('utf8');
}

/** A list (or map) of maps as a map by one of their values. */
function rekey(value: Value, [key = null, duplicates]: Args, { budget }: Call): Value {
  const name = keyText(key);
  const twice = textArgument(duplicates, 'error', budget);
  if (twice !== 'error' && twice !== 'overwrite') fail("duplicates of rekey_on_member are 'error' or 'overwrite'");
  const items = isMap(value)
    ? Object.values(value)
    : isList(value)
      ? value
      : fail('rekey_on_member needs a list of maps');
  const result = new Map<string, ValueMap>();
  for (const item of items) {
    const map = mapArgument(item, 'rekey_on_member needs maps');
    const found = ownValue(map, name);
    if (found === undefined) return fail(`an item has no '${name}'`);
    const text = keyText(found);
    if (result.has(text) && twice === 'error')
      fail(`two items have the ${name} '${text}'`, "duplicates='overwrite' takes the last");
    result.set(text, map);
  }
  return mapOf(result);
}

function commonPath(paths: readonly string[]): string {
  const [first, ...others] = paths.map((path) => path.split('/').filter((part) => part !== ''));
  if (!first) return fail('commonpath needs at least one path');
  const isRooted = paths.every((path) => path.startsWith('/'));
  if (!isRooted && paths.some((path) => path.startsWith('/')))
    fail('commonpath cannot mix absolute and relative paths');
  const length = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return (isRooted ? '/' : '') + first.slice(0, length === -1 ? first.length : length).join('/');
}
