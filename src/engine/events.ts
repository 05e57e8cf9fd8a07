// What a run tells about itself, as it happens. Reporters turn these into text; the engine never prints.
import type { Position } from '../lib/diagnostic.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Action } from '../core/change.ts';
import type { Diff } from '../core/resource.ts';

export type TaskStatus = 'ok' | 'changed' | 'failed' | 'skipped' | 'unknown' | 'unreachable';

export interface TaskInfo {
  /** Unique within a run. */
  readonly id: number;
  /** For people: `haproxy : Render the configuration`. */
  readonly name: string;
  readonly module: string;
  readonly where: Position;
  readonly handler: boolean;
}

export interface ResourceChange {
  /** `file:/etc/hosts` */
  readonly key: string;
  readonly action: Action;
  readonly diff?: Diff;
}

/** What became of one task (or one item of its loop) on one host. */
export interface TaskResult {
  readonly host: string;
  readonly task: TaskInfo;
  readonly status: TaskStatus;
  /** Label of the loop's item. */
  readonly item?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly where?: Position;
  /** Failed, and the playbook said to go on. */
  readonly ignored?: boolean;
  readonly changes: readonly ResourceChange[];
  /** Output of a command that failed, or at higher verbosity of any. */
  readonly output?: { readonly exitCode: number; readonly stdout: string; readonly stderr: string };
  /** What `debug` says. */
  readonly shown?: Json;
  /** In a dry run: the earlier task whose effects this result takes not to matter. */
  readonly assuming?: string;
  /** `no_log`: nothing of it may be shown, its place in the file neither. */
  readonly hidden?: boolean;
  /** Skipped because this does not hold. */
  readonly condition?: string;
  /** With -v: what `register` would hold, beside flags and output. */
  readonly values?: JsonObject;
  /** How often it was tried, where `until` may have it tried again. */
  readonly attempts?: number;
}

export interface HostTotals {
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rescued: number;
  readonly ignored: number;
  readonly unknown: number;
}

export type RunEvent =
  | { readonly type: 'play-begin'; readonly name: string; readonly hosts: readonly string[] }
  | {
      readonly type: 'section-begin';
      readonly name: string;
      readonly hosts: readonly string[];
      readonly tasks: readonly TaskInfo[];
    }
  | { readonly type: 'task-begin'; readonly host: string; readonly task: TaskInfo }
  /** `until` does not hold yet: the next attempt of so many comes after a pause. */
  | {
      readonly type: 'task-retry';
      readonly host: string;
      readonly task: TaskInfo;
      readonly attempt: number;
      readonly attempts: number;
      readonly delayMs: number;
    }
  | { readonly type: 'task-item'; readonly result: TaskResult }
  | { readonly type: 'task-end'; readonly result: TaskResult }
  /** A host has nothing more to say in this section. */
  | { readonly type: 'host-section-end'; readonly host: string }
  | { readonly type: 'section-end' }
  | { readonly type: 'play-end' }
  | { readonly type: 'warning'; readonly message: string }
  | {
      readonly type: 'run-end';
      readonly hosts: ReadonlyMap<string, HostTotals>;
      readonly roundTrips: ReadonlyMap<string, number>;
      readonly durationMs: number;
    };

export type Emit = (event: RunEvent) => void;
