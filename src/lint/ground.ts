// What names mean while a play is walked for one class of hosts: the scopes of the engine, with what only a run can
// tell as unknown values.
import type { Controller } from '../language/controller.ts';
import { unknown } from '../core/unknown.ts';
import type { PlayVariables, ScopeHost, ScopeRun } from '../engine/variables.ts';
import { scopeOf } from '../engine/variables.ts';
import type { Host, Inventory } from '../inventory/model.ts';
import { extendScope } from '../language/scope.ts';
import type { Scope, Templated, Value, Variables } from '../language/value.ts';
import { noVariables } from '../language/yaml-variables.ts';
import type { RoleUse, Task } from '../playbook/ast.ts';
import { unknownTemplated, type HostClass } from './host-classes.ts';
import type { Known } from './known.ts';
import type { LintOptions } from './options.ts';

/** A host on which nothing has happened yet. */
export const nothingSet = {
  facts: {},
  gathered: {
    get: (name: string) => (name === 'ansible_facts' ? later : undefined),
    names: (): readonly string[] => [],
  },
  included: noVariables,
  includedRoles: [],
};

const later = unknown('only a run can tell');

/** What is known of a class of hosts; lives from its first play to the last. */
export class Ground {
  readonly members: readonly string[];
  /** `register` and `set_fact`, as far as known. */
  readonly facts: Record<string, Value> = {};
  /** Names that may or may not be there when a task begins. */
  readonly doubtful = new Set<string>();
  /** Any name may be there: variables were read from files that only a run can name. */
  open: boolean;
  readonly #options: LintOptions;
  readonly #known: Known;
  readonly #source: ScopeRun;
  readonly #host: Host;
  /** The inventory may have groups that nobody listed. */
  #grown = false;
  #roles: readonly RoleUse[] = [];
  #cached: { play: PlayVariables; task: Task; scope: Scope } | null = null;

  constructor(options: LintOptions, known: Known, { host, members }: HostClass, open: boolean) {
    this.#options = options;
    this.#known = known;
    this.#source = sourceOf(options);
    this.members = members;
    this.open = open;
    const anything: Variables = new AnyName((name) => this.open || isFact(name));
    this.#host = {
      ...host,
      layers: [{ level: 'names of the run', origin: 'facts', variables: anything }, ...host.layers],
    };
  }

  /** As the engine sees a host. */
  asHost(): ScopeHost {
    return { ...nothingSet, host: this.#host, facts: this.facts, includedRoles: this.#roles };
  }

  /** Tells that variables have changed. */
  set(name: string, value: Value = later): void {
    // What has been evaluated stays right as long as it could not have asked for the name.
    if (Object.hasOwn(this.facts, name) || this.#known.matters(name)) this.#cached = null;
    this.facts[name] = value;
  }

  /** Roles of includes: later tasks see their variables, until the play ends. */
  bring(roles: readonly RoleUse[]): void {
    if (roles.length === 0) return;
    this.#roles = [...this.#roles, ...roles];
    this.#cached = null;
  }

  endPlay(): void {
    this.#roles = [];
    this.#cached = null;
  }

  /** Any name may be there from now on. */
  opens(): void {
    this.open = true;
    this.#cached = null;
  }

  /** Hosts and groups may have been added; groups bring variables. */
  grows(): void {
    this.#grown = true;
    this.opens();
  }

  /** The scope of a task; `item` holds loop variables. */
  scope(play: PlayVariables, task: Task, item: Readonly<Record<string, Value>> | null = null): Scope {
    if (item) return extendScope(this.scope(play, task), { kind: 'values', values: item });
    const known = this.#cached;
    if (known?.play === play && sameVariables(known.task, task)) return known.scope;
    const scope = this.#make(play, task);
    this.#cached = { play, task, scope };
    return scope;
  }

  #make(play: PlayVariables, task: Task): Scope {
    const scope = scopeOf(this.#source, this.asHost(), play, task);
    return extendScope(scope, { kind: 'values', values: this.#onlyARunTells() });
  }

  #onlyARunTells(): Record<string, Value> {
    const one = this.members.length === 1;
    return {
      hostvars: later,
      ansible_play_batch: later,
      ansible_play_hosts: later,
      play_hosts: later,
      ...(one ? {} : { inventory_hostname: later, inventory_hostname_short: later }),
      ...(this.#options.mode === 'lint' ? { ansible_check_mode: later, ansible_diff_mode: later } : {}),
      ...(this.#options.inventory ? {} : { inventory_hostname: later }),
      ...(this.#options.inventory && !this.#grown ? {} : { groups: later, group_names: later }),
      ...(this.#options.inventoryDirectory === null ? { inventory_dir: later, inventory_file: later } : {}),
    };
  }
}

/** Whether two tasks stand in the same layers of variables. */
function sameVariables(one: Task, other: Task): boolean {
  return (
    one.role === other.role &&
    one.where.file === other.where.file &&
    sameLayers(one.vars, other.vars) &&
    sameLayers(one.includeParams, other.includeParams)
  );
}

function sameLayers(one: readonly Variables[], other: readonly Variables[]): boolean {
  return one.length === other.length && one.every((layer, index) => layer === other[index]);
}

/** Facts of hosts, whose names nobody lists: gathered, or left by modules such as getent. */
function isFact(name: string): boolean {
  return name.startsWith('ansible_') || name.startsWith('getent_') || name === 'services' || name === 'packages';
}

const nobody: Inventory = { hosts: new Map(), groups: new Map(), sources: new Map(), layersFor: () => [] };

/** What the engine's scopes need of a run. */
export function sourceOf(options: LintOptions): ScopeRun {
  const { inventory, inventoryDirectory, extraVars, tags, lookups } = options;
  return {
    hosts: new Map(),
    options: {
      inventory: inventory ?? nobody,
      inventoryDirectory,
      extraVars,
      tags,
      checkMode: false,
      diff: false,
      controller: controllerOfCheck(lookups),
    },
  };
}

/** Look-ups may run programs and write files: they are for runs. So is what the controller is like by then. */
function controllerOfCheck(lookups: readonly string[] | null): Controller {
  return {
    lookup: (plugin) => (lookups === null || lookups.includes(plugin) ? later : null),
    lookups: lookups ?? [],
    now: () => 0,
    zoneOffset: () => 0,
    random: () => 0,
    path: () => null,
    realPath: (path) => path,
    expandUser: (path) => path,
    expandVariables: (text) => text,
    glob: () => [],
  };
}

/** A layer that has every name that `has` lets pass, each unknown. */
class AnyName extends Map<string, Templated> {
  readonly #has: (name: string) => boolean;
  readonly #value = unknownTemplated('only a run can tell');

  constructor(has: (name: string) => boolean) {
    super();
    this.#has = has;
  }

  override get(name: string): Templated | undefined {
    return this.#has(name) ? this.#value : undefined;
  }
}
