// `veza-run PLAYBOOK...`: reads everything, says all mistakes at once, then runs (or foresees, or only looks).
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import pc from 'picocolors';
import { keyring } from '../../adapters/keyring.ts';
import { newSalt, writePlanFile } from '../../adapters/plan-file.ts';
import { createJunitReporter } from '../../adapters/reporters/junit.ts';
import { createJsonReporter } from '../../adapters/reporters/jsonl.ts';
import { createPrettyReporter } from '../../adapters/reporters/pretty.ts';
import { createProgress, type Progress } from '../../adapters/reporters/progress.ts';
import { traceTransport } from '../../adapters/trace.ts';
import type { RunEvent } from '../../engine/events.ts';
import type { EngineOptions } from '../../engine/options.ts';
import { runPlaybooks, type RunResult } from '../../engine/run.ts';
import type { SavedPlan } from '../../engine/plan/model.ts';
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
import { limitOf } from '../limit.ts';
import { connectTimeoutMsOf, forksOf, maxTimeMsOf, type RunFlags } from '../run-flags.ts';
import { changesOf, tellChanges } from '../idempotence.ts';
import { askForSteps } from '../step.ts';

/** Resolves to the exit code. */
export async function runCommand(paths: readonly string[], flags: RunFlags): Promise<number> {
  if (flags.apply !== undefined) {
    const { applyCommand } = await import('./apply.ts');
    return await applyCommand(flags.apply, paths, flags);
  }
  checkFlags(paths, flags);
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
  if (flags.planOut === undefined) return await perform(run, flags, passwords, interrupts);
  const { beginPlanning } = await import('../planning.ts');
  const planning = beginPlanning({ run, playbooks: paths, flags, sources: sources.keys(), salt: newSalt() });
  const code = await perform(run, { ...flags, check: true }, passwords, interrupts, planning.attach);
  return writePlan(flags.planOut, planning.plan(), code);
}

/** A dry run that did not get to its end foresees nothing. */
function writePlan(file: string, plan: SavedPlan, code: number): number {
  if (code !== exitCodes.ok && code !== exitCodes.pending) {
    printNote('no plan was written: the dry run did not succeed\n');
    return code;
  }
  writePlanFile(file, `${JSON.stringify(plan, null, 1)}\n`);
  printNote(`the plan is in ${file}: \`veza-run show ${file}\` tells it, \`veza-run --apply ${file}\` runs it\n`);
  return code;
}

function checkFlags(paths: readonly string[], flags: RunFlags): void {
  if (paths.length === 0)
    throw new VezaError('invalid-option', 'no playbook was given', {
      hint: 'name one: `veza-run PLAYBOOK... -i INVENTORY` (`veza-run --help` lists the options)',
    });
  if (!flags.assertIdempotent || !flags.check) return;
  throw new VezaError('invalid-option', '--assert-idempotent runs twice, and --check runs not at all', {
    hint: 'to see whether anything would change, use --check --detailed-exitcode',
  });
}

export type Passwords = Pick<EngineOptions['connection'], 'password' | 'becomePassword'>;

/** Asks for the passwords that the flags say. */
export async function askPasswords(flags: RunFlags): Promise<Passwords> {
  const password = flags.askPass ? await askPassword('SSH password: ') : undefined;
  const becomePassword = flags.askBecomePass ? await askPassword('BECOME password: ') : undefined;
  return {
    ...(password === undefined ? {} : { password }),
    ...(becomePassword === undefined ? {} : { becomePassword }),
  };
}

/** Runs, or foresees; `attach` puts more between the engine and what it talks to. Resolves to the exit code. */
export async function perform(
  run: LoadedRun,
  flags: RunFlags,
  passwords: Passwords,
  interrupts: Interrupts,
  attach: (options: EngineOptions) => EngineOptions = (options) => options,
): Promise<number> {
  const redactor = createRedactor();
  keyring.onSecret((secret) => redactor.add(secret));
  const progress = createProgress({
    // Questions and live rows would write over each other.
    terminal: process.stdout.isTTY && flags.json !== true && flags.step !== true,
    write: print,
    now: () => Date.now(),
  });
  using steps = askForSteps(interrupts.stop);
  const reporters = flags.quiet ? [] : [reporterFor(flags, progress, redactor), ...junitReporters(flags, redactor)];
  const options = attach(
    optionsFor(run, flags, passwords, interrupts, redactor, {
      emit: (event) => {
        interrupts.handle(event);
        for (const report of reporters) report(event);
      },
      step: steps.ask,
      trace: (text) => (flags.json ? process.stderr.write(text) : progress.write(text)),
    }),
  );
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
  { emit, trace, step }: Hooks,
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
      ...(run.limit === undefined ? {} : { limit: run.limit }),
      inventorySources: flags.inventory ?? [],
      ...(flags.startAtTask === undefined ? {} : { startAtTask: flags.startAtTask }),
      ...(flags.step ? { step } : {}),
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

/** What the engine calls back for. */
interface Hooks {
  readonly emit: EngineOptions['emit'];
  readonly trace: (text: string) => void;
  readonly step: NonNullable<EngineOptions['step']>;
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
