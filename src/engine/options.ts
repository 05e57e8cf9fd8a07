// Everything that a run is given: the files that were read, and the ports.
import type { Cloud } from '../core/cloud.ts';
import type { AnyModule, Contact, LocalFiles, LocalSource } from '../core/module.ts';
import type { SourceFiles } from '../core/source-files.ts';
import type { Inventory } from '../inventory/model.ts';
import type { Controller } from '../language/controller.ts';
import type { Scope, Variables } from '../language/value.ts';
import type { Unknown } from '../core/unknown.ts';
import type { Redactor } from '../lib/redact.ts';
import type { Playbook } from '../playbook/ast.ts';
import type { Change } from '../core/change.ts';
import type { AnyResourceKind } from '../core/resource.ts';
import type { Emit, TaskInfo } from './events.ts';
import type { Clock, HostAddress, Identity, Session, Transport } from './ports.ts';

export interface EngineOptions {
  readonly inventory: Inventory;
  readonly playbooks: readonly Playbook[];
  /** Hosts that the pattern of a play and `--limit` leave. */
  readonly hostsOf: (pattern: string, inventory: Inventory) => readonly string[];
  /** Reads the sources of the inventory again (`meta: refresh_inventory`). Throws VezaError. */
  readonly rereadInventory?: () => Inventory;
  /** Asks whoever sits at the terminal (`vars_prompt`, `pause`); left out where nobody does. Rejects with VezaError `cancelled`. */
  readonly ask?: (prompt: string, options: { readonly echo: boolean; readonly signal: AbortSignal }) => Promise<string>;
  readonly findModule: (name: string) => AnyModule | null;
  readonly transports: Readonly<Record<HostAddress['connection'], Transport>>;
  readonly contact: (session: Session, identity: Identity, signal: AbortSignal) => Contact;
  /** Services that are on no host. */
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Files beside a role (its path) or the playbook (null). */
  readonly filesFor: (rolePath: string | null, playbookDirectory: string) => LocalFiles;
  readonly render: (source: LocalSource, scope: Scope) => string | Unknown;
  /** The files that playbooks are read from. */
  readonly sourceFiles: SourceFiles;
  /** Variables of a `vars_files` entry: the first of the names that exists. */
  readonly readVariables: (names: readonly string[], playbookDirectory: string) => Variables;
  /** Lookups, time and chance for expressions. */
  readonly controller: Controller;
  readonly redactor: Redactor;
  readonly extraVars: Variables;
  readonly inventoryDirectory: string | null;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly checkMode: boolean;
  readonly diff: boolean;
  readonly forks: number;
  /** How many times -v was given; 0 where left out. */
  readonly verbosity?: number;
  /** Is told of every change before it is made or foreseen; an error of code `not-planned` stops the host. */
  readonly observe?: (change: DecidedChange) => void;
  readonly connection: ConnectionDefaults;
  /** Asked before each task; then all hosts go on task by task (`--step`). `continue`: yes, and ask no more. */
  readonly step?: (task: TaskInfo) => Promise<'yes' | 'no' | 'continue'>;
  /** Nothing before the first task with this name runs; `*`, `?` and `[abc]` as in file names (`--start-at-task`). */
  readonly startAtTask?: string;
  /** `--limit`, as it was given: `ansible_limit`. */
  readonly limit?: string;
  /** What `-i` was given: `ansible_inventory_sources`. */
  readonly inventorySources?: readonly string[];
  /** Ends the run at once, in the middle of what is being done. */
  readonly signal: AbortSignal;
  /** Ends it gently: what has been sent to a host is finished, and nothing more is begun. */
  readonly stop?: AbortSignal;
}

/** A change that was decided on and that nothing has made yet. */
export interface DecidedChange {
  /** Whose thing it is. */
  readonly host: string;
  /** The host whose task it is: another one where that is delegated. */
  readonly worker: string;
  readonly task: TaskInfo;
  /** Of the task's loop, from 0. */
  readonly item: number;
  readonly want: DecidedWant;
  readonly change: Change<object>;
  /** The task says `no_log`. */
  readonly hidden: boolean;
}

/** What is told of the thing that changes. */
export interface DecidedWant {
  readonly resource: Pick<AnyResourceKind, 'kind' | 'key' | 'passing'>;
  readonly id: unknown;
  readonly secret?: boolean;
}

/** What the command line says of connections; inventory variables outdo it (Ansible's order). */
export interface ConnectionDefaults {
  readonly user: string;
  readonly connection?: HostAddress['connection'];
  readonly connectTimeoutMs?: number;
  readonly privateKeyFile?: string;
  readonly password?: string;
  readonly becomePassword?: string;
  readonly become: boolean;
  readonly becomeUser?: string;
  readonly becomeMethod?: Identity['method'];
  readonly hostKeys: HostAddress['hostKeys'];
  readonly knownHostsFile?: string;
}

/** Whether nothing more may be begun. */
export function isOver(options: Pick<EngineOptions, 'signal' | 'stop'>): boolean {
  return options.signal.aborted || options.stop?.aborted === true;
}

/** Aborts when nothing more may be begun: for waits between two things to do. */
export function overSignal({ signal, stop }: Pick<EngineOptions, 'signal' | 'stop'>): AbortSignal {
  return stop ? AbortSignal.any([signal, stop]) : signal;
}
