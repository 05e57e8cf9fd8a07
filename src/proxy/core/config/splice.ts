// Changes single values in the text of a YAML or JSON file and leaves all else as it was written: comments, order, spaces.
// Pure; what does not fit is told, never guessed.
import { isAlias, isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';

export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export type Value = string | number | boolean;

/** A node that cannot be changed in its place: an alias, a value of another kind. */
export class NotPlain extends Error {}

/** Puts edits into a text; they must not overlap. */
export function splice(text: string, edits: readonly Edit[]): string {
  // Those at one place keep their order.
  return edits
    .toReversed()
    .toSorted((one, other) => other.from - one.from)
    .reduce((before, { from, to, text: inserted }) => before.slice(0, from) + inserted + before.slice(to), text);
}

/** The entry of a list of mappings that has this name. */
export function itemNamed(seq: unknown, name: string): { readonly map: YAMLMap; readonly index: number } | undefined {
  if (!isSeq(seq)) return undefined;
  const index = seq.items.findIndex((item) => isMap(item) && item.get('name') === name);
  const map = seq.items[index];
  return isMap(map) ? { map, index } : undefined;
}

/** Sets the value of a key, which is added where it is not there. */
export function setKey(text: string, map: YAMLMap, key: string, value: Value): Edit {
  const pair = map.items.find((each) => isScalar(each.key) && each.key.value === key);
  const json = isJsonAt(text, map);
  if (pair) {
    if (!isScalar(pair.value) || pair.value.anchor !== undefined) throw new NotPlain(`\`${key}\``);
    const [from, to] = rangeOf(pair.value);
    return { from, to, text: written(value, json) };
  }
  const [first] = map.items;
  const last = map.items.at(-1);
  if (!first || !last) throw new NotPlain('an empty mapping');
  const entry = `${written(key, json)}: ${written(value, json)}`;
  if (map.flow === true) {
    const [, to] = rangeOf(last.value ?? last.key);
    return { from: to, to, text: `, ${entry}` };
  }
  const at = endOfLine(text, rangeOf(named(map) ?? first.value ?? first.key)[1]);
  return { from: at, to: at, text: `\n${indentAt(text, rangeOf(first.key)[0])}${entry}` };
}

/** Adds a mapping to a list that has one already. */
export function addItem(text: string, seq: YAMLSeq, entries: Readonly<Record<string, Value>>): Edit {
  const last = seq.items.at(-1);
  if (!last) throw new NotPlain('an empty list');
  const json = isJsonAt(text, seq);
  const item = `{ ${Object.entries(entries)
    .map(([key, value]) => `${written(key, json)}: ${written(value, json)}`)
    .join(', ')} }`;
  const [start, end] = rangeOf(last);
  if (seq.flow === true) return { from: end, to: end, text: `, ${item}` };
  const dash = text.lastIndexOf('-', start);
  const at = endOfLine(text, end);
  return { from: at, to: at, text: `\n${indentAt(text, dash)}- ${item}` };
}

/** Removes an entry of a list, which must not be its only one. */
export function removeItem(text: string, seq: YAMLSeq, index: number): Edit {
  const [item, before, after] = [seq.items[index], seq.items[index - 1], seq.items[index + 1]];
  if (!item || (!before && !after)) throw new NotPlain('the only entry of a list');
  const [start, end] = rangeOf(item);
  if (seq.flow === true) {
    return after ? { from: start, to: rangeOf(after)[0], text: '' } : { from: rangeOf(before)[1], to: end, text: '' };
  }
  const dash = text.lastIndexOf('-', start);
  const from = text.lastIndexOf('\n', dash) + 1;
  // What stands before the dash on its line is something else's.
  if (text.slice(from, dash).trim() !== '') throw new NotPlain('an entry that begins in the line of its key');
  return { from, to: Math.min(text.length, endOfLine(text, end) + 1), text: '' };
}

function named(map: YAMLMap): unknown {
  return map.items.find((each) => isScalar(each.key) && each.key.value === 'name')?.value;
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  if (!Array.isArray(range)) throw new NotPlain('a value without a place');
  const [from, to] = range as readonly unknown[];
  if (typeof from !== 'number' || typeof to !== 'number' || isAlias(node)) throw new NotPlain('an alias');
  return [from, to];
}

function endOfLine(text: string, offset: number): number {
  // A block's range may end at the beginning of the next line.
  const last = offset > 0 && text[offset - 1] === '\n' ? offset - 1 : offset;
  const end = text.indexOf('\n', last);
  return end < 0 ? text.length : end;
}

function indentAt(text: string, offset: number): string {
  const column = offset - (text.lastIndexOf('\n', offset - 1) + 1);
  return ' '.repeat(column);
}

/** JSON is flow mappings whose keys are in double quotes. */
function isJsonAt(text: string, node: YAMLMap | YAMLSeq): boolean {
  if (isSeq(node)) return node.items.some((item) => isMap(item) && isJsonAt(text, item));
  const [first] = node.items;
  return node.flow === true && first !== undefined && text[rangeOf(first.key)[0]] === '"';
}

function written(value: Value, json: boolean): string {
  if (typeof value !== 'string') return String(value);
  const isPlain = /^[A-Za-z][A-Za-z0-9_./-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  const isAddress = /^[0-9]+(\.[0-9]+){3}$/.test(value);
  return !json && (isPlain || isAddress) ? value : JSON.stringify(value);
}
