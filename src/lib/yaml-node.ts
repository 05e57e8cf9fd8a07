// What a YAML file says, each part with its place. Made by yaml.ts; plain data, no behaviour of the parser left in it.
import type { Position } from './diagnostic.ts';
import type { Json } from './json.ts';

export type YamlNode = YamlScalar | YamlList | YamlMap;

interface YamlPlace {
  readonly where: Position;
  /** Characters from `where`, for carets. */
  readonly length: number;
}

export interface YamlScalar extends YamlPlace {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** Where the text itself begins: after the quote, or on the first line of a block. */
  readonly textWhere: Position;
  /** `!vault`: `value` is the encrypted text, this decrypts it. Throws VezaError. */
  readonly reveal?: () => string;
  /** `!unsafe`: text that is never a template. */
  readonly verbatim?: true;
}

export interface YamlList extends YamlPlace {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export interface YamlMap extends YamlPlace {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, YamlEntry>;
}

export interface YamlEntry {
  readonly key: string;
  readonly where: Position;
  readonly value: YamlNode;
}

/** A step into a map (a key) or a list (an index). */
export type YamlPath = readonly (string | number)[];

/** The plain data of a node. */
export function dataOf(node: YamlNode): Json {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(dataOf);
    case 'map':
      // fromEntries defines own properties, so a key like `__proto__` stays a key.
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, dataOf(entry.value)]));
    default:
      return node satisfies never;
  }
}

/** The node at a path below `root`, or as far as the path leads. */
export function nodeAt(root: YamlNode, path: YamlPath): YamlNode {
  let node = root;
  for (const step of path) {
    const next = childOf(node, step);
    if (!next) return node;
    node = next;
  }
  return node;
}

/** The string of a scalar that is one. */
export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** The value under a key of a map. */
export function valueOf(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined;
}

export function isNull(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** In words, for messages. */
export function kindInWords(node: YamlNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a map';
  if (node.value === null) return 'empty';
  if (typeof node.value === 'string') return 'text';
  return typeof node.value === 'number' ? 'a number' : String(node.value);
}

function childOf(node: YamlNode, step: string | number): YamlNode | undefined {
  if (node.kind === 'map') return node.entries.get(String(step))?.value;
  return node.kind === 'list' ? node.items[Number(step)] : undefined;
}
