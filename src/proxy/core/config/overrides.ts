// `VEZA_LB_TIMEOUTS_CONNECT=3s`: values of the environment in place of those of the file. Only for what a file has once:
// what stands in lists (frontends, backends, servers) is reached by `${VARIABLES}` in the file.
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import { nearestName } from '../../../lib/suggest.ts';
import { isRecord, type Places, putEntry } from './places.ts';
import { configSchema } from './schema.ts';
import type { ConfigTree } from './tree.ts';
import type { Environment } from './variables.ts';

const usualPrefix = 'VEZA_LB_';
/** This variable names another one: several proxies may share an environment. */
const prefixVariable = 'VEZA_PREFIX';

interface Leaf {
  readonly path: readonly string[];
  /** Several texts, with commas between. */
  readonly isList: boolean;
}

/** Name of the variable behind its prefix -> where its value goes. */
const overrides: ReadonlyMap<string, Leaf> = new Map(leaves(configSchema, []));

function leaves(schema: unknown, path: readonly string[]): [string, Leaf][] {
  const properties = isRecord(schema) && isRecord(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([key, child]): [string, Leaf][] => {
    const at = [...path, key];
    if (!isRecord(child)) return [];
    if (isRecord(child['properties'])) return leaves(child, at);
    const { type, items } = child;
    const isList = type === 'array';
    if (type === 'object' || (isList && !mayBeText(items))) return [];
    const name = at.map((part) => part.replaceAll(/[A-Z]/g, '_$&').toUpperCase()).join('_');
    return [[name, { path: at, isList }]];
  });
}

function mayBeText(schema: unknown): boolean {
  if (!isRecord(schema)) return false;
  const { type, anyOf } = schema;
  return type === 'string' || (Array.isArray(anyOf) && anyOf.some(mayBeText));
}

/** Puts the values into the tree. A name that is none is only warned of: clusters set variables of their own. */
export function applyOverrides(tree: ConfigTree, environment: Environment): void {
  const prefix = prefixOf(tree, environment);
  for (const [name, text] of Object.entries(environment)) {
    if (prefix === undefined || !name.startsWith(prefix) || name === prefixVariable || text === undefined) continue;
    const leaf = overrides.get(name.slice(prefix.length));
    if (leaf) override(tree.root, tree.places, name, leaf, text);
    else tree.diagnostics.push(unknown(name, prefix));
    tree.texts.set(`$${name}`, text);
  }
}

/** Undefined where what is said cannot be one: nothing is guessed then. */
function prefixOf({ diagnostics, texts }: ConfigTree, environment: Environment): string | undefined {
  const prefix = environment[prefixVariable];
  if (prefix === undefined || prefix === '') return usualPrefix;
  if (/^[A-Z][A-Z0-9_]*_$/.test(prefix)) return prefix;
  texts.set(`$${prefixVariable}`, prefix);
  diagnostics.push({
    severity: 'error',
    code: 'bad-value',
    message: `\`${prefix}\` cannot be what names of variables begin with`,
    where: placeOf(prefixVariable),
    hint: `Write capital letters with \`_\` at the end, such as ${usualPrefix}.`,
  });
  return undefined;
}

function placeOf(name: string): Position {
  return { file: `$${name}`, line: 1, column: 1 };
}

function override(
  root: Record<string, unknown>,
  places: Places,
  name: string,
  { path, isList }: Leaf,
  text: string,
): void {
  const where = placeOf(name);
  let container = root;
  for (const key of path.slice(0, -1)) {
    if (!isRecord(container[key])) putEntry(container, key, {});
    container = container[key] as Record<string, unknown>;
  }
  const key = path.at(-1) ?? '';
  putEntry(container, key, isList ? text.split(',').map((part) => part.trim()) : text);
  places.set(container, key, { key: where, value: where, fromText: true });
}

function unknown(name: string, prefix: string): Diagnostic {
  const near = nearestName(name.slice(prefix.length), overrides.keys());
  return {
    severity: 'warning',
    code: 'unknown-override',
    message: `the variable ${name} overrides nothing`,
    where: placeOf(name),
    hint: near === null ? `Names are made of the keys: ${prefix}TIMEOUTS_CONNECT.` : `Did you mean ${prefix}${near}?`,
  };
}
