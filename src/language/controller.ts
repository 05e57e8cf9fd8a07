// What expressions may ask of the controller: a port. Adapters implement it; without one, asking is an error.
import { VezaError } from '../lib/errors.ts';
import type { Scope, Value, ValueMap } from './value.ts';
import type { Unknown } from './values.ts';

export interface LookupRequest {
  readonly terms: readonly Value[];
  /** Arguments with a name, those that every lookup has (`wantlist`, `errors`) left out. */
  readonly options: ValueMap;
  /** Variables of whoever asks; `role_path`, `ansible_search_path` and `playbook_dir` say where files are looked for. */
  readonly scope: Scope;
}

/** What a path of the controller is. */
export interface ControllerPath {
  /** Of what a link leads to; null where it leads nowhere. */
  readonly kind: 'file' | 'directory' | 'other' | null;
  readonly isLink: boolean;
  readonly isMount: boolean;
  /** With links followed; two equal ones are the same file. */
  readonly realPath: string;
}

export interface Controller {
  /**
   * Lookups that read files, run commands and the like. Results are data and never evaluated again.
   * Null where there is no lookup of that name. Throws VezaError.
   */
  lookup(plugin: string, request: LookupRequest): readonly Value[] | Unknown | null;
  /** Names of the lookups, for suggestions. */
  readonly lookups: Iterable<string>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Minutes that local time is ahead of UTC at a moment. */
  zoneOffset(timeMs: number): number;
  /** From 0 up to 1, 1 excluded. */
  random(): number;
  /** Null where there is nothing. Relative paths begin where the program was started. */
  path(path: string): ControllerPath | null;
  /** Absolute, with links followed as far as the path exists. */
  realPath(path: string): string;
  /** `~` and `~user` at the beginning. */
  expandUser(path: string): string;
  /** `$NAME` and `${NAME}` of the environment. */
  expandVariables(text: string): string;
  /** Files that match a shell pattern, sorted. */
  glob(pattern: string): readonly string[];
}

/** The controller of a scope. Throws VezaError `no-controller` where there is none. */
export function controllerOf(scope: Scope, what: string): Controller {
  if (scope.controller) return scope.controller;
  throw new VezaError('no-controller', `there is no controller to ask for ${what}`);
}
