// import_tasks and import_role: resolved while reading, so that their keywords reach every task inside.
// What include_tasks and include_role do is in dynamic-includes.ts.
import { dirname, join } from 'node:path';
import type { Variables } from '../language/value.ts';
import { noVariables } from '../language/yaml-variables.ts';
import { valueOf } from '../lib/yaml-node.ts';
import type { YamlMap } from '../lib/yaml-node.ts';
import type { Node } from './ast.ts';
import { readDynamicInclude } from './dynamic-includes.ts';
import { fixedParts, isFalse, readStatement, reportDynamic } from './include-arguments.ts';
import type { IncludeCall, Statement } from './include-arguments.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { Reader, Spot } from './reader.ts';
import { useRole } from './roles.ts';
import { enter, opened, valueGiven } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { readNodes } from './tasks.ts';

/** Keywords that need a result, which an import has not. */
const needResult = ['register', 'until', 'retries', 'delay', 'changed_when', 'failed_when'];

/** What stands in the place of an import or include. */
export function readInclude(reader: Reader, map: YamlMap, call: IncludeCall, around: Surroundings): readonly Node[] {
  const statement = readStatement(reader, map, call);
  if (call.name.startsWith('include_')) {
    const include = readDynamicInclude(reader, map, call, statement, around);
    return include ? [include] : [];
  }
  checkImportKeywords(reader, map, call);
  const inside = enter(reader, map, around, { vars: true });
  const own = reader.variables(valueGiven(map, 'vars'));
  return statement ? readImport(reader, statement, own, inside) : [];
}

/** Where a file of tasks named in another file may be. */
export function taskFilePlaces(reader: Reader, name: string, around: Surroundings): readonly string[] {
  const places = [
    around.directory,
    ...(around.roleDirectory === undefined ? [] : [join(around.roleDirectory, 'tasks')]),
    reader.playbookDirectory,
  ];
  return [...new Set(places.map((place) => reader.resolve(place, name)))];
}

/** The path of a file of tasks; `null` where there is none, which is reported with the places looked in. */
export function findTaskFile(reader: Reader, name: string, spot: Spot, around: Surroundings): string | null {
  const paths = taskFilePlaces(reader, name, around);
  const path = paths.find((candidate) => reader.exists(candidate));
  if (path !== undefined) return path;
  reader.error('file-not-found', `there is no file of tasks "${name}"`, spot, `Looked for ${paths.join(', ')}.`);
  return null;
}

/** Reads a file of tasks. */
export function readTaskFile(reader: Reader, path: string, spot: Spot, around: Surroundings): readonly Node[] {
  if (around.open.includes(path)) {
    reader.error('include-cycle', `${path} includes itself`, spot, `By way of ${[...around.open, path].join(' -> ')}.`);
    return [];
  }
  const root = reader.yaml(path);
  return root ? readNodes(reader, root, { ...opened(around, path), directory: dirname(path) }) : [];
}

function readImport(reader: Reader, statement: Statement, own: Variables, inside: Surroundings): readonly Node[] {
  const { call, name, target, options, forRole } = statement;
  if (isTemplate(name)) {
    reportDynamic(reader, call.name, target, call.name.replace('import', 'include'));
    return [];
  }
  if (forRole) {
    return useRole(reader, {
      name,
      spot: target,
      params: noVariables,
      // Like those of an entry of `roles:`, the vars of an import are there for the whole play.
      entryVars: own,
      from: fixedParts(reader, options),
      around: inside,
      once: isFalse(valueOf(options, 'allow_duplicates')),
      validate: !isFalse(valueOf(options, 'rolespec_validate')),
      isPrivate: isFalse(valueOf(options, 'public')),
    });
  }
  const path = findTaskFile(reader, name, target, inside);
  return path === null ? [] : readTaskFile(reader, path, target, inside);
}

function checkImportKeywords(reader: Reader, map: YamlMap, { name }: IncludeCall): void {
  const instead = name.replace('import', 'include');
  for (const entry of map.entries.values()) {
    const loops = entry.key === 'loop' || entry.key.startsWith('with_');
    if (loops) {
      const message = `${name} is read before anything runs, so it cannot loop`;
      reader.error('loop-on-import', message, keySpot(entry), `Use ${instead}, which can.`);
    } else if (needResult.includes(entry.key)) {
      const message = `"${entry.key}" on ${name} means nothing: an import has no result`;
      reader.error('keyword-on-import', message, keySpot(entry), 'Put it on the tasks inside.');
    }
  }
}
