// Lists of tasks: tasks, blocks, and what includes put in their place.
import { checkVariableName, noVariables } from '../language/yaml-variables.ts';
import { isNull, textOf } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../lib/yaml-node.ts';
import type { Block, Node, Task } from './ast.ts';
import { checkKeywords } from './check-keywords.ts';
import { readInclude } from './includes.ts';
import { readLoop } from './loops.ts';
import { findCall, readArguments } from './modules.ts';
import type { Call } from './modules.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { Reader } from './reader.ts';
import { enter, fixedNames, valueGiven } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { notifiable } from './walk.ts';

/** Reads a list of tasks; anything else is reported. */
export function readNodes(reader: Reader, list: YamlNode | undefined, around: Surroundings): readonly Node[] {
  if (!list || isNull(list)) return [];
  if (list.kind !== 'list') {
    reader.wrongType('tasks', 'a list', list, 'Begin each task with "- ".');
    return [];
  }
  return list.items.flatMap((item) => readNode(reader, item, around));
}

/** Handlers as they are written; what nobody can notify is told. */
export function readHandlers(reader: Reader, list: YamlNode | undefined, around: Surroundings): readonly Node[] {
  const nodes = readNodes(reader, list, { ...around, place: 'handler', notify: [] });
  for (const { name, listen, where } of notifiable(nodes)) {
    if (name || listen.length > 0) continue;
    const hint = 'Give it a `name`, or let it `listen`.';
    reader.warning('unnamed-handler', 'nothing can notify this handler', { where, length: 1 }, hint);
  }
  return nodes;
}

function readNode(reader: Reader, item: YamlNode, around: Surroundings): readonly Node[] {
  if (item.kind !== 'map') {
    reader.wrongType('a task', 'a map', item, 'Write `- module: arguments`.');
    return [];
  }
  if (item.entries.has('block')) return [readBlock(reader, item, around)];
  const alone = item.entries.get('rescue') ?? item.entries.get('always');
  if (alone) {
    reader.error('missing-block', `"${alone.key}" needs a "block" beside it`, keySpot(alone));
    return [];
  }
  checkKeywords(reader, item, around.place, () => true);
  const call = findCall(reader, item, around.place);
  if (call?.kind === 'include') return readInclude(reader, item, call, around);
  const inside = enter(reader, item, around, { vars: true });
  return call ? [readTask(reader, item, call, around, inside)] : [];
}

function readBlock(reader: Reader, map: YamlMap, around: Surroundings): Block {
  checkKeywords(reader, map, 'block', () => false);
  const inside = enter(reader, map, around, { vars: true });
  const part = (key: string) => readNodes(reader, map.entries.get(key)?.value, inside);
  const name = valueGiven(map, 'name');
  return {
    kind: 'block',
    where: map.where,
    name: name && reader.templated(name),
    nodes: part('block'),
    rescue: part('rescue'),
    always: part('always'),
  };
}

function readTask(
  reader: Reader,
  map: YamlMap,
  call: Call & { kind: 'module' },
  around: Surroundings,
  inside: Surroundings,
): Task {
  const { module, entry } = call;
  const defaults = inside.inherited.moduleDefaults;
  return {
    ...readTaskKeywords(reader, map, around, inside),
    module: module.name,
    moduleWhere: entry.where,
    args: readArguments(reader, module, entry, map.entries.get('args')?.value, defaults),
  };
}

/** Everything of a task but what it calls. */
export function readTaskKeywords(
  reader: Reader,
  map: YamlMap,
  around: Surroundings,
  inside: Surroundings,
): Omit<Task, 'module' | 'moduleWhere' | 'args'> {
  const { delegateTo, throttle, role } = inside;
  const templated = (key: string) => {
    const node = valueGiven(map, key);
    return node && reader.templated(node);
  };
  const loop = readLoop(reader, map);
  const register = readRegister(reader, map.entries.get('register'));
  const changedWhen = reader.conditions(map.entries.get('changed_when'));
  const failedWhen = reader.conditions(map.entries.get('failed_when'));
  const until = reader.conditions(map.entries.get('until'));
  const retries = templated('retries');
  const delaySeconds = templated('delay');
  return {
    ...inside.inherited,
    kind: 'task',
    where: map.where,
    name: templated('name'),
    when: inside.when,
    notify: inside.notify,
    listen: fixedNames(reader, map.entries.get('listen')),
    tags: inside.tags,
    vars: inside.vars.length > around.vars.length ? inside.vars : [...inside.vars, noVariables],
    includeParams: inside.includeParams,
    ...(loop && { loop }),
    ...(register !== undefined && { register }),
    ...(changedWhen && { changedWhen }),
    ...(failedWhen && { failedWhen }),
    ...(until && { until }),
    ...(retries && { retries }),
    ...(delaySeconds && { delaySeconds }),
    ...(delegateTo && { delegateTo }),
    ...(throttle && { throttle }),
    ...(role && { role }),
  };
}

function readRegister(reader: Reader, entry: YamlEntry | undefined): string | undefined {
  const name = textOf(entry?.value);
  if (entry && name !== undefined && !isTemplate(name)) checkVariableName(name, entry.value.where, reader.report);
  return name;
}
