// `VEZA_LB_TIMEOUTS_CONNECT=3s`: values of the environment in place of those of the file. Only for what a file has once:
// what stands in lists (frontends, backends, servers) is reached by `${VARIABLES}` in the file.
import type { Diagnostic } from '../../../lib/diagnostic.ts';
import { nearestName } from '../../../lib/suggest.ts';
import { isRecord, type Places, putEntry } from './places.ts';
import { configSchema } from './schema.ts';
import type { ConfigTree } from './tree.ts';
import type { Environment } from './variables.ts';

const overridePrefix = 'VEZA_LB_';

/** Name of the variable -> path in the file. */
export const overrides: ReadonlyMap<string, readonly string[]> = new Map(leaves(configSchema, []));

/** Those whose value is several texts, with commas between. */
const lists = new Set([`${overridePrefix}STATS_SOCKET`]);

function leaves(schema: unknown, path: readonly string[]): [string, readonly string[]][] {
  const properties = isRecord(schema) && isRecord(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([key, child]): [string, readonly string[]][] => {
    const at = [...path, key];
    if (!isRecord(child)) return [];
    if (isRecord(child['properties'])) return leaves(child, at);
    const { type, items } = child;
    if (type === 'object' || (type === 'array' && !(isRecord(items) && items['type'] === 'string'))) return [];
    return [[overridePrefix + at.map((part) => part.replaceAll(/[A-Z]/g, '_$&').toUpperCase()).join('_'), at]];
  });
}

/** Puts the values into the tree. A name that is none is only warned of: clusters set variables of their own. */
export function applyOverrides(tree: ConfigTree, environment: Environment): void {
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(overridePrefix) || text === undefined) continue;
    const path = overrides.get(name);
    if (path) override(tree.root, tree.places, name, path, text);
    else tree.diagnostics.push(unknown(name));
    tree.texts.set(`$${name}`, text);
  }
}

function override(
  root: Record<string, unknown>,
  places: Places,
  name: string,
  path: readonly string[],
  text: string,
): void {
  const where = { file: `$${name}`, line: 1, column: 1 };
  let container = root;
  for (const key of path.slice(0, -1)) {
    if (!isRecord(container[key])) putEntry(container, key, {});
    container = container[key] as Record<string, unknown>;
  }
  const key = path.at(-1) ?? '';
  putEntry(container, key, lists.has(name) ? text.split(',').map((part) => part.trim()) : text);
  places.set(container, key, { key: where, value: where, fromText: true });
}

function unknown(name: string): Diagnostic {
  const near = nearestName(name, overrides.keys());
  return {
    severity: 'warning',
    code: 'unknown-override',
    message: `the variable ${name} overrides nothing`,
    where: { file: `$${name}`, line: 1, column: 1 },
    hint: near === null ? 'Names are made of the keys: VEZA_LB_TIMEOUTS_CONNECT.' : `Did you mean ${near}?`,
  };
}
