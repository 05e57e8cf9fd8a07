// Everything that a run is given: the files that were read, and the ports.
import type { AnyModule, Contact, LocalFiles, LocalSource } from '../core/module.ts';
import type { Inventory } from '../inventory/model.ts';
import type { Scope, Value, Variables } from '../language/value.ts';
import type { Unknown } from '../core/unknown.ts';
import type { Redactor } from '../lib/redact.ts';
import type { Playbook } from '../playbook/ast.ts';
import type { Emit } from './events.ts';
import type { Clock, HostAddress, Identity, Session, Transport } from './ports.ts';

export interface EngineOptions {
  readonly inventory: Inventory;
  readonly playbooks: readonly Playbook[];
  /** Hosts that the pattern of a play and `--limit` leave. */
  readonly hostsOf: (pattern: string, inventory: Inventory) => readonly string[];
  /** Reads the sources of the inventory again (`meta: refresh_inventory`). Throws VezaError. */
  readonly rereadInventory?: () => Inventory;
  /** Asks whoever sits at the terminal; left out where nobody does. */
  readonly ask?: (prompt: string, options: { readonly echo: boolean; readonly signal: AbortSignal }) => Promise<string>;
  readonly findModule: (name: string) => AnyModule | null;
  readonly transports: Readonly<Record<HostAddress['connection'], Transport>>;
  readonly contact: (session: Session, identity: Identity, signal: AbortSignal) => Contact;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Files beside a role (its path) or the playbook (null). */
  readonly filesFor: (rolePath: string | null, playbookDirectory: string) => LocalFiles;
  readonly render: (source: LocalSource, scope: Scope) => string | Unknown;
  /** Variables of a `vars_files` entry: the first of the names that exists. */
  readonly readVariables: (names: readonly string[], playbookDirectory: string) => Variables;
  readonly lookup: (plugin: string, terms: readonly Value[], directory: string) => Value;
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
  readonly connection: ConnectionDefaults;
  /** Ends the run at once, in the middle of what is being done. */
  readonly signal: AbortSignal;
  /** Ends it gently: what has been sent to a host is finished, and nothing more is begun. */
  readonly stop?: AbortSignal;
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
