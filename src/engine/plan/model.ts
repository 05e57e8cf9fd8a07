// A saved plan: what a dry run has foreseen, as fingerprints. It holds no values, no secrets and no scripts.
import type { Action } from '../../core/change.ts';

export const planVersion = 1;

/** Options that decide what a run does: a plan keeps them, and applying it takes them from there. */
export const decidingOptions = [
  'inventory',
  'limit',
  'tags',
  'skipTags',
  'startAtTask',
  'forceHandlers',
  'user',
  'privateKey',
  'become',
  'becomeUser',
  'becomeMethod',
  'connection',
] as const;

export interface SavedPlan {
  readonly format: 'veza-run plan';
  readonly version: typeof planVersion;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Makes the fingerprints of this plan its own; base64url. */
  readonly salt: string;
  readonly inputs: PlanInputs;
  readonly hosts: readonly PlannedHost[];
  readonly summary: PlanSummary;
}

export interface PlanInputs {
  /** As they were given, relative to the folder of the run. */
  readonly playbooks: readonly string[];
  /** Options that decide what is done, by their long names; never one with a secret. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[]>>;
  /** Names and fingerprints of --extra-vars: their values must be given again. */
  readonly extraVars: Readonly<Record<string, string>>;
  /** Every file that was read, and the fingerprint of its content. */
  readonly files: Readonly<Record<string, string>>;
}

export interface PlannedHost {
  readonly name: string;
  /** Tasks that would change something or could not be foreseen, in their order. */
  readonly tasks: readonly PlannedTask[];
}

export interface PlannedTask {
  readonly name: string;
  readonly module: string;
  /** `file:line:column`, the file as in PlanInputs. */
  readonly where: string;
  /** How often the same host came to the task before (a role used twice, an include in a loop). */
  readonly occurrence: number;
  /** The host whose task it is, where that is another one than the host whose things it changes. */
  readonly delegatedBy?: string;
  readonly handler?: boolean;
  readonly changes: readonly PlannedChange[];
  /** Why it, or an item of its loop, could not be foreseen: it may do what it says. */
  readonly unknown?: readonly string[];
  /** The earlier task whose effects it takes not to matter. */
  readonly assuming?: string;
}

export interface PlannedChange {
  /** Of the loop, from 0. */
  readonly item: number;
  readonly action: Action;
  /** For people: `file:/etc/hosts`; left out for commands and what `no_log` hides. */
  readonly resource?: string;
  /** Fingerprint of what is changed. */
  readonly id: string;
  /** Fingerprints of attributes that differ; `*` where the value is not known or tells nothing. */
  readonly before: Fingerprints | null;
  readonly after: Fingerprints | null;
}

export type Fingerprints = Readonly<Record<string, string>>;

export interface PlanSummary {
  readonly hosts: number;
  readonly changedTasks: number;
  readonly unknownTasks: number;
  readonly actions: Readonly<Record<Exclude<Action, 'no-op'>, number>>;
}

/** Stands for any value. */
export const anything = '*';
