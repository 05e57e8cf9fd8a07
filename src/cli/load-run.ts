// Reads what a run is about: playbooks, inventory, extra variables. All that is wrong with them is told at once.
import { dirname, resolve } from 'node:path';
import { diskFiles } from '../adapters/source-files.ts';
import { unsupportedKeywords } from '../engine/unsupported.ts';
import type { Inventory } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import { DiagnosticsError, VezaError } from '../lib/errors.ts';
import { findModule, modules } from '../modules/index.ts';
import type { Playbook } from '../playbook/ast.ts';
import { loadPlaybook, type LoadedPlaybook } from '../playbook/load.ts';
import { readInventory, type InventoryFlags, type LoadedInventory } from './inventory-flags.ts';

export interface LoadedRun {
  readonly playbooks: readonly Playbook[];
  readonly inventory: Inventory;
  readonly loaded: LoadedInventory;
  /** As patterns, never `@FILE`. */
  readonly limit: string | undefined;
  /** Reads the sources of the inventory again. Throws DiagnosticsError. */
  readonly rereadInventory: () => Inventory;
}

export interface RunFiles {
  /** `null` where something is wrong. */
  readonly run: LoadedRun | null;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of every file that was read, for printing the diagnostics. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Throws DiagnosticsError for extra variables. */
export function loadRun(paths: readonly string[], flags: InventoryFlags, limit: string | undefined): RunFiles {
  const beside = { playbookDirectory: dirname(resolve(paths[0] ?? '.')) };
  const loaded = readInventory(flags, beside);
  const read = paths.map(readPlaybook);
  const playbooks = read.map(({ playbook }) => playbook).filter((playbook) => playbook !== null);
  const diagnostics = [
    ...loaded.diagnostics,
    ...read.flatMap((one) => one.diagnostics),
    ...playbooks.flatMap(unsupportedKeywords),
    ...limitDiagnostics(loaded, limit),
  ];
  const { inventory } = loaded;
  const rereadInventory = () => {
    const again = readInventory(flags, beside);
    if (!again.inventory) throw new DiagnosticsError(again.diagnostics);
    return again.inventory;
  };
  const wrong = diagnostics.some(({ severity }) => severity === 'error');
  return {
    run: inventory && !wrong ? { playbooks, inventory, loaded, limit, rereadInventory } : null,
    diagnostics,
    sources: new Map([...(inventory?.sources ?? []), ...read.flatMap((one) => [...one.sources])]),
  };
}

function readPlaybook(path: string): LoadedPlaybook {
  return loadPlaybook(resolve(path), {
    files: diskFiles(),
    modules: { find: (name) => findModule(name) ?? null, names: () => modules.map(({ name }) => name) },
  });
}

function limitDiagnostics(loaded: LoadedInventory, limit: string | undefined): readonly Diagnostic[] {
  if (limit === undefined || !loaded.inventory) return [];
  // Only what is wrong with the limit: what the plays say of hosts is judged play by play.
  return selectHosts(loaded.inventory, 'all', limit).diagnostics;
}

/** The hosts that a pattern and the limit leave. Throws VezaError `unknown-host` for a pattern that names nothing known. */
export function hostsOf(
  { inventory, limit }: Pick<LoadedRun, 'inventory' | 'limit'>,
  pattern: string,
): readonly string[] {
  const { hosts, diagnostics } = selectHosts(inventory, pattern, limit);
  const problem = diagnostics.find(({ severity }) => severity === 'error');
  if (problem)
    throw new VezaError(problem.code, problem.message, problem.hint === undefined ? {} : { hint: problem.hint });
  return hosts;
}
