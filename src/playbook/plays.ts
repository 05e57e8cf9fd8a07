// Plays of a playbook, and playbooks imported into it.
import { dirname } from 'node:path';
import type { Expression, Templated, Variables } from '../language/value.ts';
import { isNull, kindInWords, textOf } from '../lib/yaml-node.ts';
import type { YamlMap, YamlNode, YamlScalar } from '../lib/yaml-node.ts';
import type { Node, Play, Section } from './ast.ts';
import { checkKeywords } from './check-keywords.ts';
import { checkNotifications } from './handlers.ts';
import { importPlaybookKey, readImport } from './import-playbook.ts';
import type { Reader } from './reader.ts';
import { readRoleEntry } from './roles.ts';
import { enter, listed, newPlayState, nothingInherited, valueGiven } from './surroundings.ts';
import type { Surroundings } from './surroundings.ts';
import { readHandlers, readNodes } from './tasks.ts';
import { checkVariableFiles } from './variable-files.ts';
import { notifiable } from './walk.ts';

/** What an `import_playbook` gives to the plays it imports. */
export interface Importing {
  readonly when: readonly Expression[];
  readonly tags: readonly string[];
  readonly vars: Variables;
  /** Playbooks being read, outermost first. */
  readonly open: readonly string[];
}

/** Reads all plays of a file. */
export function readPlays(reader: Reader, path: string, importing: Importing): readonly Play[] {
  const root = reader.yaml(path);
  if (!root) return [];
  if (root.kind !== 'list') {
    const message = isNull(root)
      ? 'this playbook is empty'
      : `a playbook must be a list of plays, not ${kindInWords(root)}`;
    reader.error('wrong-type', message, root, 'Begin each play with "- hosts: ...".');
    return [];
  }
  return root.items.flatMap((item) => {
    if (item.kind !== 'map') {
      reader.wrongType('a play', 'a map', item, 'Write `- hosts: ...`.');
      return [];
    }
    const imported = importPlaybookKey(item);
    return imported ? readImport(reader, path, item, imported, importing) : [readPlay(reader, path, item, importing)];
  });
}

function readPlay(reader: Reader, path: string, map: YamlMap, importing: Importing): Play {
  checkKeywords(reader, map, 'play', () => false);
  const around: Surroundings = {
    play: newPlayState(),
    inherited: nothingInherited,
    when: importing.when,
    tags: importing.tags,
    vars: [],
    includeParams: [],
    notify: [],
    directory: dirname(path),
    open: [path],
    chain: [path],
    place: 'task',
  };
  const inside = enter(reader, map, around, { vars: false });
  const { sections, handlers } = readSections(reader, map, inside);
  const templated = (key: string) => {
    const node = valueGiven(map, key);
    return node && reader.templated(node);
  };
  const maxFailPercentage = templated('max_fail_percentage');
  const remoteUser = templated('remote_user');
  const connection = templated('connection');
  const gatherSubset = templated('gather_subset');
  const gatherTimeout = templated('gather_timeout');
  const factPath = templated('fact_path');
  const serial = valueGiven(map, 'serial');
  const play: Play = {
    ...inside.inherited,
    where: map.where,
    name: templated('name'),
    hosts: readHosts(reader, map),
    gatherFacts: readGatherFacts(map),
    vars: new Map([...reader.variables(valueGiven(map, 'vars')), ...importing.vars]),
    varsFiles: checkVariableFiles(reader, valueGiven(map, 'vars_files'), dirname(path)),
    serial: serial ? listed(serial).map((node) => readBatchSize(reader, node)) : [],
    forceHandlers: isTrue(valueGiven(map, 'force_handlers')),
    order: orders.find((order) => order === textOf(valueGiven(map, 'order'))) ?? 'inventory',
    tags: inside.tags,
    sections,
    handlers: notifiable(handlers),
    handlerNodes: handlers,
    roles: inside.play.roles,
    ...(maxFailPercentage && { maxFailPercentage }),
    ...(remoteUser && { remoteUser }),
    ...(connection && { connection }),
    ...(gatherSubset && { gatherSubset }),
    ...(gatherTimeout && { gatherTimeout }),
    ...(factPath && { factPath }),
  };
  checkNotifications(reader, play);
  return play;
}

const orders: readonly Play['order'][] = ['inventory', 'sorted', 'reverse_sorted', 'reverse_inventory', 'shuffle'];

function readSections(
  reader: Reader,
  map: YamlMap,
  inside: Surroundings,
): { readonly sections: readonly Section[]; readonly handlers: readonly Node[] } {
  const before = readNodes(reader, valueGiven(map, 'pre_tasks'), inside);
  const roles = valueGiven(map, 'roles');
  const ofRoles = roles?.kind === 'list' ? roles.items.flatMap((item) => readRoleEntry(reader, item, inside)) : [];
  const tasks = readNodes(reader, valueGiven(map, 'tasks'), inside);
  const after = readNodes(reader, valueGiven(map, 'post_tasks'), inside);
  const own = readHandlers(reader, valueGiven(map, 'handlers'), inside);
  const all: readonly Section[] = [
    { name: 'pre_tasks', nodes: before },
    { name: 'tasks', nodes: [...ofRoles, ...tasks] },
    { name: 'post_tasks', nodes: after },
  ];
  return {
    sections: all.filter(({ nodes }) => nodes.length > 0),
    handlers: [...[...inside.play.roleHandlers.values()].flat(), ...own],
  };
}

/** A list of patterns is one pattern with commas. */
function readHosts(reader: Reader, map: YamlMap): Templated {
  const node = valueGiven(map, 'hosts');
  if (!node) {
    reader.error('missing-keyword', 'a play needs "hosts"', { where: map.where, length: 1 });
    return reader.templated(scalar(map, ''));
  }
  if (node.kind !== 'list') return reader.templated(node);
  return reader.templated(
    scalar(node, node.items.map((item) => (item.kind === 'scalar' ? String(item.value) : '')).join(',')),
  );
}

function scalar(place: YamlNode, value: string): YamlScalar {
  return { kind: 'scalar', value, where: place.where, textWhere: place.where, length: place.length };
}

/**
 * Ansible gathers facts unless it is told not to. Here a play that does not say gathers them when one is used:
 * the same values, and a play that uses none saves the look.
 */
function readGatherFacts(map: YamlMap): Play['gatherFacts'] {
  const node = valueGiven(map, 'gather_facts');
  if (!node) return 'on-demand';
  return isTrue(node) ? 'always' : 'never';
}

/** `serial`: a number of hosts, or a percentage of them. */
function readBatchSize(reader: Reader, node: YamlNode): Templated {
  const value = node.kind === 'scalar' ? node.value : undefined;
  const fits =
    typeof value === 'number'
      ? Number.isInteger(value) && value > 0
      : typeof value === 'string' && (/^\d+(?:\.\d+)?%?$/.test(value) || value.includes('{{'));
  if (!fits) {
    reader.error('wrong-value', '"serial" is a number of hosts above 0, or a percentage such as "30%"', node);
  }
  return reader.templated(node);
}

function isTrue(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === true;
}
