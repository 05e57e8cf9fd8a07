// The static check with this machine's files: what `veza-run PLAYBOOK` and `veza-run lint` have in common.
import { createLocalFiles } from '../adapters/local-files.ts';
import { lookupPlugins } from '../adapters/lookups/index.ts';
import { diskFiles } from '../adapters/source-files.ts';
import { join } from 'node:path';
import type { SourceFiles } from '../core/source-files.ts';
import { VezaError } from '../lib/errors.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import { createRedactor } from '../lib/redact.ts';
import { lintPlaybooks, type LintOptions } from '../lint/lint.ts';
import { catalog } from '../modules/index.ts';
import type { Playbook } from '../playbook/ast.ts';
import { loadPlaybook } from '../playbook/load.ts';
import type { LoadedInventory } from './inventory-flags.ts';
import { renderTemplate } from './render.ts';
import { readVarsFile } from './vars-files.ts';

export interface ReadPlaybooks {
  /** Those without errors. */
  readonly playbooks: readonly Playbook[];
  /** As much of all as could be read. */
  readonly partial: readonly Playbook[];
  readonly sources: ReadonlyMap<string, string>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads playbooks by their absolute paths; `invented` has the text of those that are not on disk. */
export function readPlaybooks(
  paths: readonly string[],
  invented: ReadonlyMap<string, string> = new Map(),
): ReadPlaybooks {
  const files = diskFiles();
  const read: SourceFiles = { ...files, read: (path) => invented.get(path) ?? files.read(path) };
  const loaded = paths.map((path) => loadPlaybook(path, { files: read, modules: catalog }));
  const playbooks = loaded.flatMap(({ playbook }) => playbook ?? []);
  return {
    playbooks,
    partial: loaded.flatMap(({ partial }) => partial ?? []),
    sources: new Map(loaded.flatMap(({ sources }) => [...sources])),
    diagnostics: loaded.flatMap(({ diagnostics }) => diagnostics),
  };
}

/** Stands in for an inventory that there is none of. */
export const withoutHosts: LoadedInventory = {
  inventory: null,
  diagnostics: [],
  sources: new Map(),
  extraVars: new Map(),
  directory: null,
};

export interface CheckFlags {
  readonly limit?: string;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly become?: boolean;
}

/** Everything that can be known to be wrong before a host is touched. */
export function checkStatically(
  mode: LintOptions['mode'],
  read: ReadPlaybooks,
  loaded: LoadedInventory,
  flags: CheckFlags,
): readonly Diagnostic[] {
  const incomplete = read.diagnostics.some(({ severity }) => severity === 'error');
  const found = lintPlaybooks({
    mode,
    playbooks: read.partial,
    inventory: loaded.inventory,
    inventoryDirectory: loaded.directory,
    ...(flags.limit === undefined ? {} : { limit: flags.limit }),
    tags: flags.tags ?? [],
    skipTags: flags.skipTags ?? [],
    extraVars: loaded.extraVars,
    become: flags.become ?? false,
    incomplete,
    sources: read.sources,
    findModule: catalog.find,
    // `vars` the language knows by itself.
    lookups: [...lookupPlugins(() => '').keys()],
    readVariables: (names, directory) => readVarsFile(diskFiles(), names, directory),
    filesFor: createLocalFiles,
    render: renderTemplate,
    textsOf: (rolePath) => textsOf(diskFiles(), rolePath),
    redactor: createRedactor(),
  });
  // What could not be compiled has been told; evaluating it tells the same.
  const told = new Set(read.diagnostics.map(placeOf));
  return found.filter((one) => !told.has(placeOf(one)));
}

function placeOf({ code, where }: Diagnostic): string {
  return `${code} ${where?.file ?? ''}:${where?.line ?? 0}:${where?.column ?? 0}`;
}

function* textsOf(files: SourceFiles, rolePath: string): Iterable<string> {
  // Tasks too: a file whose name only a run can tell is none of the sources.
  for (const folder of ['tasks', 'handlers', 'templates', 'files', 'meta'])
    yield* textsBelow(files, join(rolePath, folder));
}

function* textsBelow(files: SourceFiles, directory: string): Iterable<string> {
  for (const name of files.list(directory)) {
    const path = join(directory, name);
    if (files.isDirectory(path)) yield* textsBelow(files, path);
    else yield textIfAny(files, path);
  }
}

function textIfAny(files: SourceFiles, path: string): string {
  try {
    return files.read(path) ?? '';
  } catch (error) {
    // A picture, an archive: it uses no variables.
    if (error instanceof VezaError) return '';
    throw error;
  }
}
