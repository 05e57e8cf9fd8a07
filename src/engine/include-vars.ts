// `include_vars`: finds the files that a task names, and makes variables of the host of them.
import { basename, dirname, extname, join, resolve } from 'node:path';
import { isUnknown } from '../core/unknown.ts';
import type { VariablesRequest } from '../core/orders.ts';
import { compileRegex } from '../language/regex.ts';
import type { Scope, Templated, Value, ValueMap, Variables } from '../language/value.ts';
import { VezaError } from '../lib/errors.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Task } from '../playbook/ast.ts';
import type { EngineOptions } from './options.ts';

export interface IncludedVariables {
  readonly variables: Variables;
  /** Values for `register`. */
  readonly result: JsonObject;
}

/** Throws VezaError `file-not-found` with the places looked in, `unknown-extension`, and what the files have wrong. */
export function includedVariables(
  options: EngineOptions,
  request: VariablesRequest,
  task: Task,
  playbookDirectory: string,
  scope: Scope,
): IncludedVariables {
  const places = placesOf(task, playbookDirectory);
  const files =
    request.file === undefined ? filesIn(options, request, places) : [fileAt(options, request.file, places)];
  const read = new Map(files.flatMap((file) => [...options.readVariables([file], playbookDirectory)]));
  const named = request.name === undefined ? read : new Map([[request.name, asMap(read, task)]]);
  const variables = request.merges ? merged(named, scope) : named;
  const raw = Object.fromEntries([...variables].map(([name, value]) => [name, value.raw as JsonObject]));
  return { variables, result: { ansible_facts: raw, ansible_included_var_files: [...files] } };
}

/** As Ansible: the role's `vars` and the role itself, then the same beside the tasks and beside the playbook. */
function placesOf(task: Task, playbookDirectory: string): readonly string[] {
  const bases = [...(task.role ? [task.role.path] : []), dirname(task.where.file), playbookDirectory];
  return [...new Set(bases.flatMap((base) => [join(base, 'vars'), base]))];
}

function fileAt(options: EngineOptions, name: string, places: readonly string[]): string {
  const paths = [...new Set(places.map((place) => resolve(place, name)))];
  const found = paths.find((path) => options.sourceFiles.read(path) !== null);
  if (found !== undefined) return found;
  throw new VezaError('file-not-found', `there is no file of variables "${name}"`, {
    hint: `looked for ${paths.join(', ')}`,
  });
}

function filesIn(options: EngineOptions, request: VariablesRequest, places: readonly string[]): readonly string[] {
  const paths = [...new Set(places.map((place) => resolve(place, request.directory ?? '')))];
  const found = paths.find((path) => options.sourceFiles.isDirectory(path));
  if (found !== undefined) return below(options, request, found, 1);
  throw new VezaError('file-not-found', `there is no folder of variables "${request.directory ?? ''}"`, {
    hint: `looked for ${paths.join(', ')}`,
  });
}

/** The files of a folder, then those of the folders in it. */
function below(options: EngineOptions, request: VariablesRequest, directory: string, level: number): readonly string[] {
  const { sourceFiles } = options;
  const paths = sourceFiles.list(directory).map((name) => join(directory, name));
  const folders = paths.filter((path) => sourceFiles.isDirectory(path));
  const files = paths.filter((path) => !folders.includes(path) && isWanted(request, path));
  if (request.depth > 0 && level >= request.depth) return files;
  return [...files, ...folders.flatMap((folder) => below(options, request, folder, level + 1))];
}

function isWanted({ matching, ignored, extensions, skipsOthers }: VariablesRequest, path: string): boolean {
  const name = basename(path);
  if (ignored.some((pattern) => compileRegex(`${pattern}$`, '').test(name))) return false;
  if (matching !== undefined && !compileRegex(matching, '').test(name)) return false;
  if (extensions.includes(extname(name).slice(1))) return true;
  if (skipsOthers) return false;
  throw new VezaError('unknown-extension', `${path} does not end in one of ${extensions.join(', ')}`, {
    hint: 'name it in ignore_files, or set ignore_unknown_extensions',
  });
}

/** All variables as one map, whose parts are evaluated as they would be alone. */
function asMap(variables: Variables, task: Task): Templated {
  return {
    where: task.where,
    constant: false,
    names: [...new Set([...variables.values()].flatMap(({ names }) => names))],
    raw: Object.fromEntries([...variables].map(([name, { raw }]) => [name, raw])),
    evaluate: (scope) => Object.fromEntries([...variables].map(([name, value]) => [name, value.evaluate(scope)])),
  };
}

/** Maps over the maps that the host has by the same names now. */
function merged(variables: Variables, scope: Scope): Variables {
  return new Map(
    [...variables].map(([name, value]) => {
      const before = scope.get(name);
      if (before === undefined || !isMap(before)) return [name, value];
      return [name, { ...value, constant: false, evaluate: (inner) => mergedValue(before, value.evaluate(inner)) }];
    }),
  );
}

function mergedValue(before: Value | undefined, after: Value): Value {
  if (before === undefined || !isMap(before) || !isMap(after)) return after;
  const parts = Object.entries(after).map(([key, value]) => [key, mergedValue(before[key], value)] as const);
  return { ...before, ...Object.fromEntries(parts) };
}

function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isUnknown(value);
}
