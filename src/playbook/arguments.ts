// Checks a module's arguments before anything runs. What a template will give is not known yet, so it fits everywhere.
import type { Json } from '../lib/json.ts';
import { validatorFor } from '../lib/validate.ts';
import type { SchemaProblem } from '../lib/validate.ts';
import { dataOf, nodeAt } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { ModuleInfo, Reader, Spot } from './reader.ts';

/** The arguments under their own names, each still at its place. */
export function canonicalArguments(reader: Reader, module: ModuleInfo, args: YamlMap): YamlMap {
  const aliases = module.argumentAliases;
  if (!aliases) return args;
  const entries = new Map<string, YamlEntry>();
  for (const entry of args.entries.values()) {
    const key = Object.hasOwn(aliases, entry.key) ? (aliases[entry.key] ?? entry.key) : entry.key;
    const other = entries.get(key);
    if (other) {
      const message = `${module.name}: "${other.key}" and "${entry.key}" are the same argument, and given twice`;
      reader.error('duplicate-argument', message, keySpot(entry), `Keep "${key}".`);
    } else {
      entries.set(key, entry);
    }
  }
  return { ...args, entries };
}

/** `given` tells arguments that come from elsewhere (module_defaults), so that they are not missing. */
export function checkArguments(
  reader: Reader,
  module: ModuleInfo,
  args: YamlMap,
  spot: Spot,
  given: (name: string) => boolean,
): void {
  if (typeof module.schema !== 'object' || module.schema === null) return;
  const said = new Set<string>();
  for (const problem of validatorFor(module.schema)(dataOf(args), isTemplate)) {
    const key = `${problem.kind} ${problem.path.join('/')} ${problem.name}`;
    if (said.has(key)) continue;
    said.add(key);
    reportProblem(reader, module, args, spot, given, problem);
  }
}

function reportProblem(
  reader: Reader,
  module: ModuleInfo,
  args: YamlMap,
  spot: Spot,
  given: (name: string) => boolean,
  problem: SchemaProblem,
): void {
  const node = nodeAt(args, problem.path);
  const { name } = problem;
  const owner = problem.path.length === 0 ? module.name : `${module.name}.${problem.path.join('.')}`;
  switch (problem.kind) {
    case 'unknown': {
      const entry = node.kind === 'map' ? node.entries.get(name) : undefined;
      const hint = suggestion(name, problem.candidates) ?? knownArguments(problem.candidates);
      reader.error('unknown-argument', `"${name}" is not an argument of ${owner}`, entry ? keySpot(entry) : node, hint);
      return;
    }
    case 'missing': {
      if (problem.path.length === 0 && name.split(/ or | with /).some(given)) return;
      const place = problem.path.length === 0 ? spot : node;
      const message = `${owner} needs "${name.replaceAll(' or ', '" or "')}"`;
      reader.error('missing-argument', message, place, addHint(module, problem));
      return;
    }
    case 'wrong': {
      const value = dataOf(node);
      if (holdsTemplate(value)) return;
      const shown = isShort(value) ? `, not ${JSON.stringify(value)}` : '';
      const what = name === '' ? `the arguments of ${module.name}` : `"${problem.path.join('.')}" of ${module.name}`;
      const near =
        typeof value === 'string'
          ? suggestion(value, problem.candidates)
          : (modeHint(value, name) ?? problem.hint ?? quoteHint(value, problem.wanted));
      const hint = near ?? problem.hint;
      reader.error('wrong-argument', `${what} must be ${problem.wanted}${shown}`, spotOf(node, args, spot), hint);
      return;
    }
    default:
      problem.kind satisfies never;
  }
}

function knownArguments(candidates: readonly string[]): string | undefined {
  return candidates.length === 0 ? undefined : `It takes ${candidates.join(', ')}.`;
}

function quoteHint(value: Json, wanted: string): string | undefined {
  return (typeof value === 'number' || typeof value === 'boolean') && /^text/.test(wanted)
    ? 'Put it into quotes.'
    : undefined;
}

/** `644` of someone who means 0644. */
function modeHint(value: Json, name: string): string | undefined {
  if (typeof value !== 'number' || !name.endsWith('mode') || !/^[0-7]{3,4}$/.test(String(value))) return undefined;
  return `Write \`${name}: "${String(value).padStart(4, '0')}"\`: as a number, ${value} is the mode 0${value.toString(8)}.`;
}

/** What to write, and what it is for as its documentation says. */
function addHint(module: ModuleInfo, { name, path }: SchemaProblem): string | undefined {
  if (path.length > 0 || name.includes(' ')) return undefined;
  const properties = recordOf(recordOf(module.schema)['properties']);
  const about = recordOf(properties[name])['description'];
  return `Add \`${name}: ...\`${typeof about === 'string' ? ` (${about.replace(/\.$/, '')})` : ''}.`;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function spotOf(node: YamlNode, args: YamlMap, spot: Spot): Spot {
  return node === args ? spot : node;
}

function isShort(value: Json): boolean {
  return value === null || typeof value !== 'object' ? String(value).length <= 60 : false;
}

function holdsTemplate(value: Json): boolean {
  if (typeof value === 'string') return isTemplate(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsTemplate);
}
