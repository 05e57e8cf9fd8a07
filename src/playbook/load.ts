// Reads a playbook with all that it leads to. Every mistake is a diagnostic; nothing is evaluated and nothing is run.
import type { Diagnostic } from '../lib/diagnostic.ts';
import type { Playbook } from './ast.ts';
import { readPlays } from './plays.ts';
import { Reader } from './reader.ts';
import type { ReaderOptions } from './reader.ts';

export type { ModuleCatalog, ModuleInfo, ReaderOptions } from './reader.ts';

export interface LoadedPlaybook {
  /** `null` where a diagnostic is an error. */
  readonly playbook: Playbook | null;
  /** As much of it as could be read, errors or not: for further checks, never for a run. */
  readonly partial: Playbook | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of every file that was read, for formatting the diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Reads the playbook at `path`, which is the name that positions carry. */
export function loadPlaybook(path: string, options: ReaderOptions): LoadedPlaybook {
  const reader = new Reader(path, options);
  if (!reader.exists(path)) {
    reader.error(
      'file-not-found',
      `there is no playbook ${path}`,
      undefined,
      'Check the path and the directory you are in.',
    );
    return { playbook: null, partial: null, diagnostics: reader.diagnostics, sources: reader.sources };
  }
  const plays = readPlays(reader, path, { when: [], tags: [], vars: new Map(), open: [path] });
  const { diagnostics, sources } = reader;
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  const partial: Playbook = { file: path, plays, sources };
  return { playbook: failed ? null : partial, partial, diagnostics, sources };
}
