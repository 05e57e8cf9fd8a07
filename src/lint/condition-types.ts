// What kind of value an expression gives, as far as its shape tells: a condition that can never be true or false is
// a mistake whatever the variables hold.
import type { Node } from '../language/syntax.ts';

export type Kind = 'boolean' | 'text' | 'number' | 'list' | 'map' | 'nothing';

/** Filters whose result is always of one kind. */
const filterKinds: Readonly<Record<string, Kind>> = {
  bool: 'boolean',
  length: 'number',
  count: 'number',
  int: 'number',
  float: 'number',
  round: 'number',
  abs: 'number',
  list: 'list',
  map: 'list',
  select: 'list',
  reject: 'list',
  selectattr: 'list',
  rejectattr: 'list',
  sort: 'list',
  unique: 'list',
  union: 'list',
  intersect: 'list',
  difference: 'list',
  split: 'list',
  flatten: 'list',
  dict2items: 'list',
  regex_findall: 'list',
  items2dict: 'map',
  combine: 'map',
  join: 'text',
  lower: 'text',
  upper: 'text',
  trim: 'text',
  string: 'text',
  replace: 'text',
  regex_replace: 'text',
  basename: 'text',
  dirname: 'text',
  to_json: 'text',
  to_yaml: 'text',
  quote: 'text',
  b64encode: 'text',
};

/** Null where only the values can tell. */
export function kindOf(node: Node): Kind | null {
  switch (node.kind) {
    case 'literal':
      return literalKind(node.value);
    case 'test':
    case 'compare':
    case 'not':
      return 'boolean';
    case 'list':
      return 'list';
    case 'map':
      return 'map';
    case 'concat':
      return 'text';
    case 'binary':
      return node.operator === '+' || node.operator === '*' || node.operator === '%' ? null : 'number';
    case 'filter':
      return Object.hasOwn(filterKinds, node.name) ? (filterKinds[node.name] ?? null) : null;
    case 'if': {
      const yes = kindOf(node.yes);
      return node.no && yes === kindOf(node.no) ? yes : null;
    }
    case 'and':
    case 'or': {
      const kinds = new Set(node.operands.map(kindOf));
      const [only] = kinds;
      return kinds.size === 1 ? (only ?? null) : null;
    }
    default:
      return null;
  }
}

const inWords: Readonly<Record<Kind, string>> = {
  boolean: 'true or false',
  text: 'a text',
  number: 'a number',
  list: 'a list',
  map: 'a map',
  nothing: 'none',
};

export function kindInWords(kind: Kind): string {
  return inWords[kind];
}

function literalKind(value: null | boolean | number | string): Kind {
  if (value === null) return 'nothing';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'number' ? 'number' : 'text';
}

/** Calls `use` with every node of the tree. */
export function eachNode(node: Node, use: (node: Node) => void): void {
  use(node);
  for (const child of childrenOf(node)) eachNode(child, use);
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'attribute':
      return [node.target];
    case 'subscript':
      return [node.target, node.index];
    case 'slice':
      return [node.target, node.from, node.to, node.step].filter((part) => part !== null);
    case 'list':
      return node.items;
    case 'map':
      return node.entries.flat();
    case 'negative':
    case 'positive':
    case 'not':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'concat':
    case 'and':
    case 'or':
      return node.operands;
    case 'compare':
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    case 'if':
      return [node.condition, node.yes, ...(node.no ? [node.no] : [])];
    case 'filter':
    case 'test':
      return [node.target, ...argumentsOf(node.args)];
    case 'call':
      return [node.callee, ...argumentsOf(node.args)];
    default:
      return node satisfies never;
  }
}

function argumentsOf(args: (Node & { kind: 'call' })['args']): readonly Node[] {
  const { positional, named, spreadList, spreadMap } = args;
  return [
    ...positional,
    ...named.map(([, value]) => value),
    ...(spreadList ? [spreadList] : []),
    ...(spreadMap ? [spreadMap] : []),
  ];
}
