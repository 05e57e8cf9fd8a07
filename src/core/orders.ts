// What control modules may order the run to do, beside setting variables.
import type { JsonObject } from '../lib/json.ts';

/** Orders to the run itself. */
export const metaActions = [
  'flush_handlers',
  'noop',
  'end_host',
  'end_play',
  'end_batch',
  'end_role',
  'clear_host_errors',
  'clear_facts',
  'reset_connection',
  'refresh_inventory',
] as const;

export type MetaAction = (typeof metaActions)[number];

export type InventoryOrder =
  | {
      readonly kind: 'add-host';
      readonly name: string;
      readonly groups: readonly string[];
      readonly variables: JsonObject;
    }
  | { readonly kind: 'group-by'; readonly group: string; readonly parents: readonly string[] };

export type PauseOrder =
  | { readonly kind: 'sleep'; readonly milliseconds: number }
  | { readonly kind: 'ask'; readonly prompt: string; readonly echo: boolean };

/** `include_vars`: a file, or the files of a folder. */
export interface VariablesRequest {
  readonly file?: string;
  readonly directory?: string;
  /** Levels of folders below the folder; 0 means all. */
  readonly depth: number;
  /** Regular expressions for names of files: which ones, and which ones not. */
  readonly matching?: string;
  readonly ignored: readonly string[];
  /** Without the dot. */
  readonly extensions: readonly string[];
  /** Files with other extensions are left out instead of being a mistake. */
  readonly skipsOthers: boolean;
  /** All variables become one of this name. */
  readonly name?: string;
  readonly merges: boolean;
}
