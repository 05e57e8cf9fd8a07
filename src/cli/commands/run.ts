// `veza-run PLAYBOOK...`: reads everything, says all mistakes at once, then runs (or foresees).
import { dirname, resolve } from 'node:path';
import pc from 'picocolors';
import { systemClock } from '../../adapters/clock.ts';
import { createContact } from '../../adapters/contact.ts';
import { createLocalTransport } from '../../adapters/local/transport.ts';
import { createLocalFiles } from '../../adapters/local-files.ts';
import { lookup } from '../../adapters/lookups.ts';
import { createJsonReporter } from '../../adapters/reporters/jsonl.ts';
import { createPrettyReporter } from '../../adapters/reporters/pretty.ts';
import { createProgress } from '../../adapters/reporters/progress.ts';
import { diskFiles } from '../../adapters/source-files.ts';
import { createSshTransport } from '../../adapters/ssh/transport.ts';
import type { EngineOptions } from '../../engine/options.ts';
import type { RunEvent } from '../../engine/events.ts';
import { runPlaybooks, type RunResult } from '../../engine/run.ts';
import { unsupportedKeywords } from '../../engine/unsupported.ts';
import { selectHosts } from '../../inventory/patterns.ts';
import type { Inventory } from '../../inventory/model.ts';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { VezaError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { createRedactor } from '../../lib/redact.ts';
import { findModule, modules } from '../../modules/index.ts';
import type { Playbook } from '../../playbook/ast.ts';
import { loadPlaybook } from '../../playbook/load.ts';
import { exitCodes } from '../exit-codes.ts';
import {
  connectionDefaults,
  readInventory,
  sshOptions,
  type InventoryFlags,
  type LoadedInventory,
} from '../inventory-flags.ts';
import { askPassword, askQuestion } from '../ask.ts';
import { print, printDiagnostics } from '../output.ts';
import { shownPath } from '../paths.ts';
import { renderTemplate } from '../render.ts';
import { readVarsFile } from '../vars-files.ts';

const files = diskFiles();

export interface RunFlags extends InventoryFlags {
  readonly limit?: string;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly detailedExitcode?: boolean;
  readonly forks?: string;
  readonly askPass?: boolean;
  readonly askBecomePass?: boolean;
  readonly json?: boolean;
  readonly verbose: number;
}

/** Resolves to the exit code. */
export async function runCommand(paths: readonly string[], given: RunFlags): Promise<number> {
  const flags = given.limit?.startsWith('@') ? { ...given, limit: limitFromFile(given.limit.slice(1)) } : given;
  const [first = '.'] = paths;
  const loaded = readInventory(flags, { playbookDirectory: dirname(resolve(first)) });
  const { playbooks, sources, diagnostics } = readPlaybooks(paths);
  const all = [...loaded.diagnostics, ...diagnostics, ...limitDiagnostics(loaded, flags.limit)];
  printDiagnostics(all, new Map([...(loaded.inventory?.sources ?? []), ...sources]));
  const inventory = loaded.inventory;
  if (!inventory || all.some(({ severity }) => severity === 'error')) return exitCodes.usage;
  const controller = new AbortController();
  const interrupt = () => controller.abort(new VezaError('cancelled', 'interrupted'));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    return await run(playbooks, inventory, loaded, flags, controller.signal);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

async function run(
  playbooks: readonly Playbook[],
  inventory: Inventory,
  loaded: LoadedInventory,
  flags: RunFlags,
  signal: AbortSignal,
): Promise<number> {
  const redactor = createRedactor();
  const progress = createProgress({
    terminal: process.stdout.isTTY && flags.json !== true,
    write: print,
    now: () => Date.now(),
  });
  const report = flags.json
    ? createJsonReporter(print, redactor)
    : createPrettyReporter({
        write: (text) => progress.write(text),
        redactor,
        checkMode: flags.check ?? false,
        style: { colors: pc, diff: flags.diff ?? false, verbosity: flags.verbose, path: shownPath },
      });
  const emit = (event: RunEvent) => {
    if (!flags.json) progress.handle(event);
    report(event);
  };
  const password = flags.askPass ? await askPassword('SSH password: ') : undefined;
  const becomePassword = flags.askBecomePass ? await askPassword('BECOME password: ') : undefined;
  const options: EngineOptions = {
    inventory,
    playbooks,
    hostsOf: (pattern) => hostsOf(inventory, pattern, flags.limit),
    findModule: (name) => findModule(name) ?? null,
    transports: { ssh: createSshTransport(sshOptions()), local: createLocalTransport() },
    contact: contactOf,
    clock: systemClock,
    emit,
    filesFor: createLocalFiles,
    render: renderTemplate,
    sourceFiles: files,
    prompt: askQuestion,
    readVariables: (names, directory) => readVarsFile(files, names, directory),
    lookup,
    redactor,
    extraVars: loaded.extraVars,
    inventoryDirectory: loaded.directory,
    tags: flags.tags ?? [],
    skipTags: flags.skipTags ?? [],
    checkMode: flags.check ?? false,
    diff: flags.diff ?? false,
    forks: forksOf(flags.forks),
    verbosity: flags.verbose,
    signal,
    connection: {
      ...connectionDefaults(flags),
      ...(password === undefined ? {} : { password }),
      ...(becomePassword === undefined ? {} : { becomePassword }),
    },
  };
  try {
    const result = await runPlaybooks(options);
    return signal.aborted ? exitCodes.interrupted : exitCodeOf(result, flags);
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    await progress.close();
  }
}

/** The network as a host sees it; looks are made as the task's user. */
const contactOf: EngineOptions['contact'] = (session, identity, signal) =>
  createContact({
    clock: systemClock,
    signal,
    dial: (host, port, options) => session.dial(host, port, options),
    look: async (script) => {
      const step = { script, timeoutMs: limits.probeTimeoutMs };
      const [result] = await session.run({ identity, signal, haltOnFailure: true, steps: [step] });
      return result ?? { exitCode: 255, stdout: '', stderr: 'no answer' };
    },
  });

function readPlaybooks(paths: readonly string[]): {
  playbooks: readonly Playbook[];
  sources: ReadonlyMap<string, string>;
  diagnostics: readonly Diagnostic[];
} {
  const loaded = paths.map((path) =>
    loadPlaybook(resolve(path), {
      files,
      modules: { find: (name) => findModule(name) ?? null, names: () => modules.map(({ name }) => name) },
    }),
  );
  const playbooks = loaded.map(({ playbook }) => playbook).filter((playbook) => playbook !== null);
  return {
    playbooks,
    sources: new Map(loaded.flatMap(({ sources }) => [...sources])),
    diagnostics: [...loaded.flatMap(({ diagnostics }) => diagnostics), ...playbooks.flatMap(unsupportedKeywords)],
  };
}

/** `--limit @FILE`: one pattern a line, as Ansible's retry files have them. Throws VezaError `file-not-found`. */
function limitFromFile(path: string): string {
  const text = files.read(resolve(path));
  if (text === null) throw new VezaError('file-not-found', `there is no file "${path}" for --limit`);
  const patterns = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return patterns.filter((line) => line !== '').join(',');
}

function limitDiagnostics(loaded: LoadedInventory, limit: string | undefined): readonly Diagnostic[] {
  if (limit === undefined || !loaded.inventory) return [];
  // Only what is wrong with the limit: what the plays say of hosts is judged play by play.
  return selectHosts(loaded.inventory, 'all', limit).diagnostics;
}

/** Throws VezaError `unknown-host` for a pattern that names nothing known. */
function hostsOf(inventory: Inventory, pattern: string, limit: string | undefined): readonly string[] {
  const { hosts, diagnostics } = selectHosts(inventory, pattern, limit);
  const problem = diagnostics.find(({ severity }) => severity === 'error');
  if (problem)
    throw new VezaError(problem.code, problem.message, problem.hint === undefined ? {} : { hint: problem.hint });
  return hosts;
}

function forksOf(given: string | undefined): number {
  if (given === undefined) return limits.forks;
  const forks = Number(given);
  if (Number.isInteger(forks) && forks > 0) return forks;
  throw new VezaError('invalid-option', `--forks must be a whole number above 0, but is "${given}"`);
}

function exitCodeOf(result: RunResult, flags: RunFlags): number {
  const totals = [...result.hosts.values()];
  if (totals.some(({ failed }) => failed > 0)) return exitCodes.taskFailed;
  if (totals.some(({ unreachable }) => unreachable > 0)) return exitCodes.unreachable;
  const pending = totals.some(({ changed, unknown }) => changed + unknown > 0);
  return flags.check && flags.detailedExitcode && pending ? exitCodes.pending : exitCodes.ok;
}
