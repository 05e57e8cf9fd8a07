// Inventories that are programs: Ansible's contract. `--list` prints groups as JSON, with `_meta.hostvars` or without;
// without it, `--host NAME` prints the variables of each host. Names are taken as they are: no ranges, no ports.
import { compileTemplated } from '../language/templated.ts';
import type { Templated, Variables } from '../language/value.ts';
import { checkVariableName } from '../language/yaml-variables.ts';
import { isJsonObject, type Json, type JsonObject } from '../lib/json.ts';
import { messageOf } from '../lib/errors.ts';
import type { Position } from '../lib/diagnostic.ts';
import { groupNamed, hostNamed, merged } from './graph.ts';
import type { InventoryReader } from './inventory-reader.ts';

/** What became of running a program. */
export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Why its output is not to be believed: it failed, took too long, said too much. */
  readonly problem?: string;
}

/** Runs programs that are inventories. */
export interface InventoryPrograms {
  /** A regular file that may be executed, and begins like a program. */
  isProgram(path: string): boolean;
  run(path: string, words: readonly string[]): ProgramOutput;
}

/** Runs the program and reads what it prints into the graph. */
export function readInventoryProgram(reader: InventoryReader, programs: InventoryPrograms, path: string): void {
  const data = answerOf(reader, programs, path, ['--list']);
  if (!data) return;
  const told = isJsonObject(data['_meta']) ? data['_meta']['hostvars'] : undefined;
  const hosts = readDynamicGroups(reader, data, `${path} --list`);
  for (const name of hosts) {
    if (told !== undefined) addToldVariables(reader, told, name, `${path} --list`);
    else addVariables(reader, answerOf(reader, programs, path, ['--host', name]) ?? {}, name, `${path} --host ${name}`);
  }
}

/** Variables that `_meta.hostvars` has of a host. */
export function addToldVariables(
  reader: InventoryReader,
  hostvars: Json | undefined,
  name: string,
  file: string,
): void {
  const own = isJsonObject(hostvars) && Object.hasOwn(hostvars, name) ? hostvars[name] : undefined;
  if (isJsonObject(own)) addVariables(reader, own, name, file);
}

function addVariables(reader: InventoryReader, data: JsonObject, name: string, file: string): void {
  const host = hostNamed(reader.graph, name, placeIn(file));
  host.vars = merged(host.vars, variablesOf(reader, data, file));
}

/** Groups in the form that programs print; the names of their hosts. */
export function readDynamicGroups(reader: InventoryReader, data: JsonObject, file: string): ReadonlySet<string> {
  const hosts = new Set<string>();
  const where = placeIn(file);
  for (const [name, said] of Object.entries(data)) {
    if (name === '_meta') continue;
    const group = groupNamed(reader.graph, name, where);
    const parts = partsOf(reader, name, said, file);
    for (const host of names(reader, parts['hosts'], `"hosts" of "${name}"`, file)) {
      group.hosts.add(host);
      hosts.add(host);
      hostNamed(reader.graph, host, where);
    }
    for (const child of names(reader, parts['children'], `"children" of "${name}"`, file)) {
      group.children.set(child, where);
      groupNamed(reader.graph, child, where);
    }
    if (isJsonObject(parts['vars'])) group.vars = merged(group.vars, variablesOf(reader, parts['vars'], file));
    else if (parts['vars'] !== undefined) wrong(reader, `"vars" of "${name}" must be a map`, file);
  }
  return hosts;
}

const groupKeys = ['hosts', 'vars', 'children'];

/** A group is a map, or (the old form) a list of hosts; a map of other keys is a host with these variables. */
function partsOf(reader: InventoryReader, name: string, said: Json | undefined, file: string): JsonObject {
  if (Array.isArray(said)) return { hosts: said as Json };
  if (!isJsonObject(said)) {
    wrong(reader, `the group "${name}" must be a map with "hosts", "vars" and "children"`, file);
    return {};
  }
  const keys = Object.keys(said);
  if (keys.length === 0 || keys.some((key) => groupKeys.includes(key))) {
    for (const key of keys) {
      if (groupKeys.includes(key)) continue;
      reader.warning('unknown-keyword', `"${key}" of the group "${name}" is not read`, placeIn(file));
    }
    return said;
  }
  const host = hostNamed(reader.graph, name, placeIn(file));
  host.vars = merged(host.vars, variablesOf(reader, said, file));
  return { hosts: [name] };
}

function names(reader: InventoryReader, list: Json | undefined, what: string, file: string): readonly string[] {
  if (list === undefined || list === null) return [];
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  wrong(reader, `${what} must be a list of names`, file);
  return [];
}

function variablesOf(reader: InventoryReader, data: JsonObject, file: string): Variables {
  const where = placeIn(file);
  const variables = new Map<string, Templated>();
  for (const [name, value] of Object.entries(data)) {
    checkVariableName(name, where, reader.report);
    const compiled = compileTemplated(value, where);
    compiled.diagnostics.forEach(reader.report);
    variables.set(name, compiled.templated);
  }
  return variables;
}

function answerOf(
  reader: InventoryReader,
  programs: InventoryPrograms,
  path: string,
  words: readonly string[],
): JsonObject | null {
  const { stdout, stderr, problem } = programs.run(path, words);
  const said = stderr.trim();
  const command = [path, ...words].join(' ');
  if (problem !== undefined) {
    reader.error('inventory-program', `${command}: ${problem}`, undefined, 1, said === '' ? undefined : said);
    return null;
  }
  if (said !== '') reader.warning('inventory-program', `${command} says: ${said}`);
  // No variables at all may be said by saying nothing.
  if (stdout.trim() === '' && words.length > 1) return {};
  try {
    const data: unknown = JSON.parse(stdout);
    if (isJsonObject(data)) return data;
    wrong(reader, 'it must print a JSON object', command);
  } catch (error) {
    wrong(reader, `what it prints is not JSON: ${messageOf(error)}`, command);
  }
  return null;
}

function wrong(reader: InventoryReader, message: string, command: string): void {
  const hint = 'The form is {"GROUP": {"hosts": [...], "vars": {...}}, "_meta": {"hostvars": {...}}}.';
  reader.error('inventory-program', `${command}: ${message}`, undefined, 1, hint);
}

function placeIn(file: string): Position {
  return { file, line: 1, column: 1 };
}
