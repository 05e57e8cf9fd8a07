// What a static check is given: what was read, and ports that read more. It touches no host and runs nothing.
import type { AnyModule, LocalFiles, LocalSource } from '../core/module.ts';
import type { Unknown } from '../core/unknown.ts';
import type { Inventory } from '../inventory/model.ts';
import type { Scope, Variables } from '../language/value.ts';
import type { Redactor } from '../lib/redact.ts';
import type { Playbook } from '../playbook/ast.ts';

export interface LintOptions {
  readonly playbooks: readonly Playbook[];
  /** Null where there is none: then every name may be a variable of a host. */
  readonly inventory: Inventory | null;
  readonly inventoryDirectory: string | null;
  /** `run`: everything is known that a run will know. `lint`: `--extra-vars` may yet be given. */
  readonly mode: 'run' | 'lint';
  readonly limit?: string;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly extraVars: Variables;
  /** Whether `--become` was given. */
  readonly become: boolean;
  /** Reading of the playbooks ended in errors, so that parts of them are missing here. */
  readonly incomplete: boolean;
  /** Text of every file that was read. */
  readonly sources: ReadonlyMap<string, string>;
  readonly findModule: (name: string) => AnyModule | null;
  /** Names of look-ups; null where they are not known. */
  readonly lookups: readonly string[] | null;
  /** Variables of a `vars_files` entry or `include_vars`. Throws VezaError. */
  readonly readVariables: (names: readonly string[], directory: string) => Variables;
  /** Files beside a role (its path) or the playbook (null). */
  readonly filesFor: (rolePath: string | null, playbookDirectory: string) => LocalFiles;
  readonly render: (source: LocalSource, scope: Scope) => string | Unknown;
  /** Templates and files of a role, as far as they are text: `templates/`, `files/`, `meta/`. */
  readonly textsOf: (rolePath: string) => Iterable<string>;
  readonly redactor: Redactor;
}
