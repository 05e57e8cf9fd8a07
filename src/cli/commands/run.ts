// `veza-run PLAYBOOK...`: reads everything, says all mistakes at once, then runs (or foresees, or only looks).
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import pc from 'picocolors';
import { createJunitReporter } from '../../adapters/reporters/junit.ts';
import { createJsonReporter } from '../../adapters/reporters/jsonl.ts';
import { createPrettyReporter } from '../../adapters/reporters/pretty.ts';
import { createProgress, type Progress } from '../../adapters/reporters/progress.ts';
import { traceTransport } from '../../adapters/trace.ts';
import type { RunEvent } from '../../engine/events.ts';
import type { EngineOptions } from '../../engine/options.ts';
import { runPlaybooks, type RunResult } from '../../engine/run.ts';
import { VezaError } from '../../lib/errors.ts';
import { createRedactor, type Redactor } from '../../lib/redact.ts';
import { askPassword } from '../ask.ts';
import { engineOptions } from '../engine-options.ts';
import { exitCodes } from '../exit-codes.ts';
import { watchInterrupts, type Interrupts } from '../interrupts.ts';
import { connectionDefaults } from '../inventory-flags.ts';
import { loadRun, type LoadedRun } from '../load-run.ts';
import { print, printDiagnostics, printNote, sourceOf } from '../output.ts';
import { shownPath } from '../paths.ts';
import { connectTimeoutMsOf, forksOf, limitOf, maxTimeMsOf, type RunFlags } from '../run-flags.ts';
import { changesOf, tellChanges } from '../idempotence.ts';

/** Resolves to the exit code. */
export async function runCommand(paths: readonly string[], flags: RunFlags): Promise<number> {
  checkFlags(flags);
  const { run, diagnostics, sources } = loadRun(paths, flags, limitOf(flags));
  printDiagnostics(diagnostics, sources);
  if (!run) return exitCodes.usage;
  if (flags.syntaxCheck || flags.listHosts || flags.listTasks || flags.listTags) {
    const { list } = await import('./list.ts');
    list(run, flags);
    return exitCodes.ok;
  }
  const maxTimeMs = maxTimeMsOf(flags);
  const passwords = await askPasswords(flags);
  using interrupts = watchInterrupts({ say: printNote, maxTimeMs });
  return await perform(run, flags, passwords, interrupts);
}

function checkFlags(flags: RunFlags): void {
  if (!flags.assertIdempotent || !flags.check) return;
  throw new VezaError('invalid-option', '--assert-idempotent runs twice, and --check runs not at all', {
    hint: 'to see whether anything would change, use --check --detailed-exitcode',
  });
}

type Passwords = Pick<EngineOptions['connection'], 'password' | 'becomePassword'>;

async function askPasswords(flags: RunFlags): Promise<Passwords> {
  const password = flags.askPass ? await askPassword('SSH password: ') : undefined;
  const becomePassword = flags.askBecomePass ? await askPassword('BECOME password: ') : undefined;
  return {
    ...(password === undefined ? {} : { password }),
    ...(becomePassword === undefined ? {} : { becomePassword }),
  };
}

async function perform(run: LoadedRun, flags: RunFlags, passwords: Passwords, interrupts: Interrupts): Promise<number> {
  const redactor = createRedactor();
  const progress = createProgress({
    terminal: process.stdout.isTTY && flags.json !== true,
    write: print,
    now: () => Date.now(),
  });
  const reporters = [reporterFor(flags, progress, redactor), ...junitReporters(flags, redactor)];
  const options = optionsFor(run, flags, passwords, interrupts, redactor, {
    emit: (event) => {
      interrupts.handle(event);
      for (const report of reporters) report(event);
    },
    trace: (text) => (flags.json ? process.stderr.write(text) : progress.write(text)),
  });
  try {
    const result = await runPlaybooks(options);
    if (flags.assertIdempotent && exitCodeOf(result, flags) === exitCodes.ok && !options.signal.aborted)
      return await runAgain(options, interrupts, flags);
    return endOf(interrupts) ?? exitCodeOf(result, flags);
  } catch (error) {
    const end = endOf(interrupts);
    if (end !== null) return end;
    throw error;
  } finally {
    await progress.close();
  }
}

/** `--assert-idempotent`: what the second run changes is a failure. */
async function runAgain(options: EngineOptions, interrupts: Interrupts, flags: RunFlags): Promise<number> {
  const changes = changesOf(options.emit);
  const result = await runPlaybooks({ ...options, emit: changes.emit });
  const end = endOf(interrupts) ?? exitCodeOf(result, flags);
  if (end !== exitCodes.ok) return end;
  return tellChanges(changes.tasks, [...result.hosts.keys()]) ? exitCodes.taskFailed : exitCodes.ok;
}

function reporterFor(flags: RunFlags, progress: Progress, redactor: Redactor): (event: RunEvent) => void {
  if (flags.json) return createJsonReporter(print, redactor);
  const pretty = createPrettyReporter({
    write: (text) => progress.write(text),
    redactor,
    checkMode: flags.check ?? false,
    style: { colors: pc, diff: flags.diff ?? false, verbosity: flags.verbose, path: shownPath, source: sourceOf },
  });
  return (event) => {
    progress.handle(event);
    pretty(event);
  };
}

/** `--junit`. A second run writes over the first one's results: it is the one that counts. */
function junitReporters({ junit }: RunFlags, redactor: Redactor): readonly ((event: RunEvent) => void)[] {
  if (junit === undefined) return [];
  const write = (xml: string) => {
    mkdirSync(dirname(resolve(junit)), { recursive: true });
    writeFileSync(junit, xml);
  };
  return [createJunitReporter({ write, redactor, now: () => Date.now() })];
}

function optionsFor(
  run: LoadedRun,
  flags: RunFlags,
  passwords: Passwords,
  { signal, stop }: Interrupts,
  redactor: Redactor,
  { emit, trace }: { readonly emit: EngineOptions['emit']; readonly trace: (text: string) => void },
): EngineOptions {
  const connectTimeoutMs = connectTimeoutMsOf(flags);
  const playbooks = flags.forceHandlers
    ? run.playbooks.map((playbook) => ({
        ...playbook,
        plays: playbook.plays.map((play) => ({ ...play, forceHandlers: true })),
      }))
    : run.playbooks;
  const options = engineOptions(
    { ...run, playbooks },
    {
      emit,
      redactor,
      tags: flags.tags ?? [],
      skipTags: flags.skipTags ?? [],
      checkMode: flags.check ?? false,
      diff: flags.diff ?? false,
      forks: forksOf(flags),
      verbosity: flags.verbose,
      signal,
      stop,
      connection: {
        ...connectionDefaults(flags),
        ...passwords,
        ...(flags.connection === undefined ? {} : { connection: flags.connection }),
        ...(flags.becomeUser === undefined ? {} : { becomeUser: flags.becomeUser }),
        ...(flags.becomeMethod === undefined ? {} : { becomeMethod: flags.becomeMethod }),
        ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
      },
    },
  );
  if (flags.verbose < 3) return options;
  const tracing = { scripts: flags.verbose > 3, write: trace, redactor, now: () => Date.now() };
  const { ssh, local } = options.transports;
  return { ...options, transports: { ssh: traceTransport(ssh, tracing), local: traceTransport(local, tracing) } };
}

/** How a run ends that was not let to its end; `null` for one that was. */
function endOf({ signal, stop, outOfTime }: Interrupts): number | null {
  if (outOfTime) return exitCodes.outOfTime;
  return signal.aborted || stop.aborted ? exitCodes.interrupted : null;
}

function exitCodeOf(result: RunResult, flags: RunFlags): number {
  const totals = [...result.hosts.values()];
  if (totals.some(({ failed }) => failed > 0)) return exitCodes.taskFailed;
  if (totals.some(({ unreachable }) => unreachable > 0)) return exitCodes.unreachable;
  const pending = totals.some(({ changed, unknown }) => changed + unknown > 0);
  return flags.check && flags.detailedExitcode && pending ? exitCodes.pending : exitCodes.ok;
}
