// What a playbook means, after reading: every expression compiled, every role and include resolved, nothing evaluated.
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Expression, Templated, Variables } from '../language/value.ts';

export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
  /** Text of every file that was read, for diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Keywords of plays, blocks and tasks that the inner one takes from the outer one unless it says otherwise. */
export interface Inherited {
  readonly become?: Templated;
  readonly becomeUser?: Templated;
  readonly becomeMethod?: Templated;
  readonly checkMode?: Templated;
  readonly diff?: Templated;
  readonly noLog?: Templated;
  readonly ignoreErrors?: Templated;
  readonly ignoreUnreachable?: Templated;
  readonly runOnce?: Templated;
  readonly timeoutSeconds?: Templated;
  readonly anyErrorsFatal?: Templated;
  /** Outer maps first; later ones win key by key. */
  readonly environment: readonly Templated[];
  readonly moduleDefaults: readonly Templated[];
}

export interface Play extends Inherited {
  readonly where: Position;
  readonly name: Templated | undefined;
  readonly hosts: Templated;
  /** `on-demand` (where the play does not say): when an expression uses one. */
  readonly gatherFacts: 'always' | 'never' | 'on-demand';
  readonly gatherSubset?: Templated;
  readonly gatherTimeout?: Templated;
  readonly factPath?: Templated;
  readonly vars: Variables;
  readonly varsFiles: readonly Templated[];
  readonly serial: readonly Templated[];
  readonly maxFailPercentage?: Templated;
  readonly forceHandlers: boolean;
  readonly order: 'inventory' | 'sorted' | 'reverse_sorted' | 'reverse_inventory' | 'shuffle';
  readonly remoteUser?: Templated;
  readonly connection?: Templated;
  readonly tags: readonly string[];
  /** In order: pre_tasks, roles with tasks, post_tasks. Handlers are flushed after each. Empty ones are left out. */
  readonly sections: readonly Section[];
  /** What can be notified, in definition order: those of roles, then the play's own. An include among them is its own task. */
  readonly handlers: readonly Task[];
  /** The same as they are written, with their blocks and includes. */
  readonly handlerNodes: readonly Node[];
  /** Every role that is used here and read with the play, dependencies before those who need them. */
  readonly roles: readonly RoleUse[];
}

export interface Section {
  readonly name: 'pre_tasks' | 'tasks' | 'post_tasks';
  readonly nodes: readonly Node[];
}

export type Node = Task | Block | Include;

/** A role as it is used in one place: its own layer of variables. */
export interface RoleUse {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly where: Position;
  readonly defaults: Variables;
  readonly vars: Variables;
  /** Parameters given where the role is used: the keys of its entry that are no keywords. */
  readonly params: Variables;
  /** `vars:` of its entry under `roles:` or among dependencies: as with Ansible, weaker than the role's own `vars`. */
  readonly entryVars: Variables;
  /** `vars:` of what is around the use: as Task.vars and Task.includeParams, without a task's own. */
  readonly aroundVars: readonly Variables[];
  readonly includeParams: readonly Variables[];
  /** JSON Schema of the role's arguments (meta/argument_specs.yml), if any; checked before the role's first task. */
  readonly argumentSchema?: JsonObject;
  /** Only its own tasks see its variables (include_role without `public`). */
  readonly isPrivate?: boolean;
  readonly parents: readonly RoleUse[];
}

export interface Task extends Inherited {
  readonly kind: 'task';
  readonly where: Position;
  readonly name: Templated | undefined;
  /** Canonical short name of the module. */
  readonly module: string;
  readonly moduleWhere: Position;
  /** The whole argument map. */
  readonly args: Templated;
  /** Conditions of the task and of everything around it, outermost first; all must hold. */
  readonly when: readonly Expression[];
  readonly loop?: Loop;
  readonly register?: string;
  readonly notify: readonly Templated[];
  /** Names that a handler listens to, beside its own. */
  readonly listen: readonly string[];
  readonly changedWhen?: readonly Expression[];
  readonly failedWhen?: readonly Expression[];
  readonly until?: readonly Expression[];
  readonly retries?: Templated;
  readonly delaySeconds?: Templated;
  readonly delegateTo?: Templated;
  readonly throttle?: Templated;
  /** Own and inherited. */
  readonly tags: readonly string[];
  /** `vars:` of blocks and static imports, outermost first; last, always there, those of the task itself. */
  readonly vars: readonly Variables[];
  /** `vars:` of the include_tasks and include_role around it, outermost first: stronger than what is set inside. */
  readonly includeParams: readonly Variables[];
  readonly role?: RoleUse;
}

export interface Loop {
  readonly items: Templated;
  readonly variable: string;
  readonly indexVariable?: string;
  readonly label?: Templated;
  readonly pauseSeconds?: Templated;
}

export interface Block {
  readonly kind: 'block';
  readonly where: Position;
  readonly name: Templated | undefined;
  readonly nodes: readonly Node[];
  readonly rescue: readonly Node[];
  readonly always: readonly Node[];
}

/** `include_tasks` or `include_role`: nodes that are put in its place when its turn comes, on each host by its own variables. */
export interface Include {
  readonly kind: 'include';
  readonly where: Position;
  /** The include as a task: its name, conditions, loop, tags, arguments. They are its own and do not reach in. */
  readonly task: Task;
  /** What a constant name leads to, read with the playbook; what is wrong in it has been told then. */
  readonly known?: Inclusion;
  /** Reads what evaluated arguments name. The same arguments give the same inclusion. */
  readonly read: (args: JsonObject) => Inclusion;
}

/** What an include leads to. Its nodes carry the variables of the include (`includeParams`), but not those of its loop. */
export interface Inclusion {
  /** The file, or the name of the role. */
  readonly name: string;
  readonly nodes: readonly Node[];
  /** Those of the included role and of what it depends on. */
  readonly handlers: readonly Node[];
  /** The included role and what it depends on. */
  readonly roles: readonly RoleUse[];
  /** All that is wrong; with an error among them nothing of it may be used. */
  readonly diagnostics: readonly Diagnostic[];
}
