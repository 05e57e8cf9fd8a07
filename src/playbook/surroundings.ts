// What a task takes from everything around it: play, blocks, roles, includes. Merged on the way in, outermost first.
import type { Expression, Templated, Variables } from '../language/value.ts';
import { isNull } from '../lib/yaml-node.ts';
import type { YamlEntry, YamlMap, YamlNode } from '../lib/yaml-node.ts';
import { suggestion } from '../lib/suggest.ts';
import { canonicalArguments, checkArguments } from './arguments.ts';
import type { Inherited, Node, RoleUse } from './ast.ts';
import { findModule } from './modules.ts';
import { isTemplate, keySpot } from './reader.ts';
import type { Reader } from './reader.ts';

export interface Surroundings {
  readonly play: PlayState;
  readonly inherited: Inherited;
  readonly when: readonly Expression[];
  readonly tags: readonly string[];
  readonly vars: readonly Variables[];
  /** Of the dynamic includes around. */
  readonly includeParams: readonly Variables[];
  readonly notify: readonly Templated[];
  readonly role?: RoleUse;
  /** Of that role, as paths are written here (RoleUse.path is absolute). */
  readonly roleDirectory?: string;
  /** Of the file being read. */
  readonly directory: string;
  /** Files and roles that are being read, outermost first: one that comes again imports itself. */
  readonly open: readonly string[];
  /** As `open`, from the playbook on, through dynamic includes too. */
  readonly chain: readonly string[];
  readonly place: 'task' | 'handler';
}

/** What is collected while one play is read. */
export interface PlayState {
  /** Uses of roles so far, by role and parameters: under which conditions and tags. */
  readonly roleUses: Map<string, readonly { readonly when: readonly string[]; readonly tags: readonly string[] }[]>;
  /** By path of the role, in the order of their first use. */
  readonly roleHandlers: Map<string, readonly Node[]>;
  readonly roles: RoleUse[];
}

/** The state at the beginning of a play. */
export function newPlayState(): PlayState {
  return { roleUses: new Map(), roleHandlers: new Map(), roles: [] };
}

type Single = Exclude<keyof Inherited, 'environment' | 'moduleDefaults'>;

const singles: readonly (readonly [string, Single])[] = [
  ['become', 'become'],
  ['become_user', 'becomeUser'],
  ['become_method', 'becomeMethod'],
  ['become_flags', 'becomeFlags'],
  ['become_exe', 'becomeExe'],
  ['connection', 'connection'],
  ['remote_user', 'remoteUser'],
  ['port', 'port'],
  ['throttle', 'throttle'],
  ['delegate_to', 'delegateTo'],
  ['delegate_facts', 'delegateFacts'],
  ['check_mode', 'checkMode'],
  ['diff', 'diff'],
  ['no_log', 'noLog'],
  ['ignore_errors', 'ignoreErrors'],
  ['ignore_unreachable', 'ignoreUnreachable'],
  ['run_once', 'runOnce'],
  ['timeout', 'timeoutSeconds'],
  ['any_errors_fatal', 'anyErrorsFatal'],
];

export const nothingInherited: Inherited = { environment: [], moduleDefaults: [] };

/** Around what is read in `file` (or a role), as part of what is being read already. */
export function opened(around: Surroundings, file: string): Surroundings {
  return { ...around, open: [...around.open, file], chain: [...around.chain, file] };
}

/** The surroundings inside a play, block, task, role entry or include that has these keys. */
export function enter(
  reader: Reader,
  map: YamlMap,
  outer: Surroundings,
  options: { readonly vars: boolean },
): Surroundings {
  const given = (key: string) => valueGiven(map, key);
  const own = options.vars ? reader.variables(given('vars')) : undefined;
  const notify = given('notify');
  return {
    ...outer,
    inherited: inheritedBy(reader, map, outer.inherited),
    when: [...outer.when, ...(reader.conditions(map.entries.get('when')) ?? [])],
    tags: mergeTags(outer.tags, readTags(reader, map.entries.get('tags'))),
    vars: own && own.size > 0 ? [...outer.vars, own] : outer.vars,
    notify: notify ? [...outer.notify, ...listed(notify).map((node) => reader.templated(node))] : outer.notify,
  };
}

/** The keywords of one map laid over those around it. */
function inheritedBy(reader: Reader, map: YamlMap, outer: Inherited): Inherited {
  const own: Partial<Record<Single, Templated>> = {};
  for (const [keyword, property] of singles) {
    const node = valueGiven(map, keyword);
    if (node) own[property] = reader.templated(node);
  }
  const local = map.entries.get('local_action');
  if (local) own.delegateTo = localhostFor(reader, map, local);
  const environment = valueGiven(map, 'environment');
  const moduleDefaults = valueGiven(map, 'module_defaults');
  return {
    ...outer,
    ...own,
    environment: environment
      ? [...outer.environment, ...listed(environment).map((node) => reader.templated(node))]
      : outer.environment,
    moduleDefaults:
      moduleDefaults?.kind === 'map'
        ? [...outer.moduleDefaults, reader.templated(canonicalDefaults(reader, moduleDefaults))]
        : outer.moduleDefaults,
  };
}

/** `local_action` is the module, and `delegate_to: localhost`. */
function localhostFor(reader: Reader, map: YamlMap, local: YamlEntry): Templated {
  const { where, key } = local;
  const other = map.entries.get('delegate_to');
  if (other) {
    const hint = 'Write the module as the key, and keep "delegate_to".';
    reader.error('two-hosts', '"local_action" says already where the task is worked', keySpot(other), hint);
  }
  return reader.templated({ kind: 'scalar', value: 'localhost', where, textWhere: where, length: key.length });
}

/** A value that is there and not empty. */
export function valueGiven(map: YamlMap, key: string): YamlNode | undefined {
  const node = map.entries.get(key)?.value;
  return node && !isNull(node) ? node : undefined;
}

/** A list, or the one thing that stands for a list of one. */
export function listed(node: YamlNode): readonly YamlNode[] {
  return node.kind === 'list' ? node.items : [node];
}

/** Texts of a `names` keyword; templates are errors, they must be known before anything runs. */
export function fixedNames(reader: Reader, entry: YamlEntry | undefined): readonly string[] {
  if (!entry || isNull(entry.value)) return [];
  return listed(entry.value).flatMap((node) => {
    if (node.kind !== 'scalar' || node.value === null) return [];
    const text = String(node.value);
    if (!isTemplate(text)) return [text];
    reader.error('fixed-value', `"${entry.key}" must be known before anything runs, so it holds no templates`, node);
    return [];
  });
}

function readTags(reader: Reader, entry: YamlEntry | undefined): readonly string[] {
  return fixedNames(reader, entry)
    .flatMap((text) => text.split(','))
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

function mergeTags(outer: readonly string[], own: readonly string[]): readonly string[] {
  return own.length === 0 ? outer : [...new Set([...outer, ...own])];
}

/** Module names become canonical, so that the engine finds them by the task's module. */
function canonicalDefaults(reader: Reader, map: YamlMap): YamlMap {
  const entries = new Map<string, YamlEntry>();
  for (const entry of map.entries.values()) {
    const module = findModule(reader.modules, entry.key);
    if (entry.key.startsWith('group/')) {
      const hint = 'Name the modules one by one.';
      reader.error('unsupported-keyword', 'module_defaults of groups are not supported yet', keySpot(entry), hint);
    } else if (!module) {
      const hint = suggestion(entry.key, reader.modules.names());
      reader.error('unknown-module', `there is no module "${entry.key}"`, keySpot(entry), hint);
    } else if (entry.value.kind !== 'map') {
      if (!isTemplate(entry.value.kind === 'scalar' ? entry.value.value : null)) {
        reader.wrongType(`the defaults of ${module.name}`, 'a map', entry.value);
      }
      entries.set(module.name, { ...entry, key: module.name });
    } else {
      // Defaults need not be complete.
      const value = canonicalArguments(reader, module, entry.value);
      checkArguments(reader, module, value, keySpot(entry), () => true);
      entries.set(module.name, { ...entry, key: module.name, value });
    }
  }
  return { ...map, entries };
}
