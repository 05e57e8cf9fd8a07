// Checks the keys of a play, block, task, handler or role entry against the table of keywords.
import { isNull, textOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import { keywords, keywordsOf } from './keywords.ts';
import type { Keyword, Place, Shape } from './keywords.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { Reader } from './reader.ts';

const article: Readonly<Record<Place, string>> = {
  play: 'a play',
  block: 'a block',
  task: 'a task',
  handler: 'a handler',
  role: 'a role entry',
};

/** Checks every key that is a keyword; the others are `unknown` unless `isOther` knows them. */
export function checkKeywords(
  reader: Reader,
  map: YamlMap,
  place: Place,
  isOther: (entry: YamlEntry) => boolean,
): void {
  for (const entry of map.entries.values()) {
    const keyword = Object.hasOwn(keywords, entry.key) ? keywords[entry.key] : undefined;
    if (keyword?.places.includes(place) === true) checkKeyword(reader, entry, keyword, place);
    else if (!isOther(entry)) unknownKeyword(reader, entry, place);
  }
}

/** Reports a key that means nothing in its place. */
export function unknownKeyword(reader: Reader, entry: YamlEntry, place: Place): void {
  const elsewhere = Object.hasOwn(keywords, entry.key) ? keywords[entry.key]?.places : undefined;
  const hint = elsewhere
    ? `It belongs to ${elsewhere.map((other) => article[other]).join(' or ')}.`
    : suggestion(entry.key, keywordsOf(place));
  reader.error('unknown-keyword', `"${entry.key}" is not a keyword of ${article[place]}`, keySpot(entry), hint);
}

function checkKeyword(reader: Reader, entry: YamlEntry, keyword: Keyword, place: Place): void {
  if (keyword.unsupported?.includes(place)) {
    const message = `"${entry.key}" of ${article[place]} is not supported yet`;
    if (keyword.harmless) reader.warning('unsupported-keyword', message, keySpot(entry), keyword.reason);
    else reader.error('unsupported-keyword', message, keySpot(entry), keyword.reason);
    return;
  }
  // An empty value is one not given, as with `tasks:` under which everything is commented out.
  if (isNull(entry.value) && keyword.shape !== 'condition') return;
  const wanted = misshapen(entry.value, keyword.shape);
  if (wanted !== null) {
    const text = textOf(entry.value);
    const unquote = keyword.shape === 'boolean' && text !== undefined && /^(true|false|yes|no)$/i.test(text);
    reader.wrongType(`"${entry.key}"`, wanted, entry.value, unquote ? 'Leave out the quotes.' : undefined);
    return;
  }
  checkChoice(reader, entry, keyword);
}

function checkChoice(reader: Reader, entry: YamlEntry, keyword: Keyword): void {
  const text = textOf(entry.value);
  if (!keyword.choices || text === undefined || isTemplate(text) || keyword.choices.includes(text)) return;
  const message = `"${entry.key}" must be one of ${keyword.choices.join(', ')}; it is "${text}"`;
  reader.error('wrong-value', message, entry.value, suggestion(text, keyword.choices));
}

/** What the value should have been, or null where it is fine. */
function misshapen(node: YamlNode, shape: Shape): string | null {
  const value = node.kind === 'scalar' ? node.value : undefined;
  switch (shape) {
    case 'any':
    case 'condition':
      return null;
    case 'boolean':
      return typeof value === 'boolean' || isTemplate(value) ? null : 'true or false';
    case 'fixed-boolean':
      return typeof value === 'boolean' ? null : 'true or false, and no template';
    case 'number':
      return typeof value === 'number' || isTemplate(value) ? null : 'a number';
    case 'text':
      return node.kind === 'scalar' ? null : 'text';
    case 'fixed-text':
      return typeof value === 'string' && !isTemplate(value) ? null : 'text, and no template';
    case 'names':
      return isNames(node) ? null : 'text or a list of texts';
    case 'list':
      return node.kind === 'list' ? null : 'a list';
    case 'nodes':
      return node.kind === 'list' ? null : 'a list of tasks';
    case 'map':
      return node.kind === 'map' ? null : 'a map';
    case 'environment':
      return isEnvironment(node) ? null : 'a map, or a list of maps';
    default:
      return shape satisfies never;
  }
}

function isNames(node: YamlNode): boolean {
  if (node.kind === 'list') return node.items.every((item) => item.kind === 'scalar' && item.value !== null);
  return node.kind === 'scalar';
}

function isEnvironment(node: YamlNode): boolean {
  const parts = node.kind === 'list' ? node.items : [node];
  return parts.every((part) => part.kind === 'map' || isTemplate(textOf(part)));
}
