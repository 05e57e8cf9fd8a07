// `veza-run --apply FILE`: computes a saved plan again, and runs only where nothing has moved since it was made.
import { readPlanFile } from '../../adapters/plan-file.ts';
import { compareHosts, type Moved } from '../../engine/plan/compare.ts';
import { createFingerprinter, type Fingerprinter } from '../../engine/plan/fingerprint.ts';
import { guardOf } from '../../engine/plan/guard.ts';
import { decidingOptions, type SavedPlan } from '../../engine/plan/model.ts';
import { readPlan } from '../../engine/plan/schema.ts';
import type { EngineOptions } from '../../engine/options.ts';
import { notPlanned } from '../../engine/ports.ts';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { VezaError } from '../../lib/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { watchInterrupts } from '../interrupts.ts';
import { readExtraVars } from '../inventory-flags.ts';
import { loadRun, type LoadedRun } from '../load-run.ts';
import { printDiagnostics, printNote } from '../output.ts';
import { beginPlanning, filePrints, hideSecrets, planPath } from '../planning.ts';
import { limitOf } from '../limit.ts';
import { maxTimeMsOf, type RunFlags } from '../run-flags.ts';
import { askPasswords, perform, type Passwords } from './run.ts';

/** Resolves to the exit code. */
export async function applyCommand(file: string, paths: readonly string[], given: RunFlags): Promise<number> {
  refuseOthers(paths, given);
  const plan = readPlan(readPlanFile(file), file);
  const fingerprints = createFingerprinter(plan.salt, readExtraVars(given.extraVars ?? []));
  const moved = movedInputs(plan, fingerprints);
  if (moved.length > 0) return stale(moved.map((message) => ({ message })));
  const flags: RunFlags = { ...given, ...plan.inputs.options };
  const { run, diagnostics, sources } = loadRun(plan.inputs.playbooks, flags, limitOf(flags));
  printDiagnostics(diagnostics, sources);
  if (!run) return exitCodes.usage;
  const passwords = await askPasswords(flags);
  using interrupts = watchInterrupts({ say: printNote, maxTimeMs: maxTimeMsOf(flags) });
  const now = beginPlanning({ run, playbooks: plan.inputs.playbooks, flags, sources: sources.keys(), salt: plan.salt });
  const failures: Diagnostic[] = [];
  const again = { ...flags, check: true, quiet: true, detailedExitcode: false };
  const checked = await perform(run, again, passwords, interrupts, (options) => {
    const attached = now.attach(options);
    return { ...attached, emit: failuresInto(failures, attached) };
  });
  if (checked !== exitCodes.ok) {
    printDiagnostics(failures);
    printNote('the plan could not be computed again: nothing was touched\n');
    return checked;
  }
  const differences = compareHosts(plan.hosts, now.plan().hosts);
  if (differences.length > 0) return stale(differences);
  return await runGuarded(plan, run, flags, passwords, interrupts, fingerprints);
}

/** The second look tells no results, but why it failed. */
function failuresInto(failures: Diagnostic[], { emit, redactor }: EngineOptions): EngineOptions['emit'] {
  return (event) => {
    emit(event);
    if (event.type !== 'task-end' || event.result.ignored) return;
    const { status, host, task, message = 'failed', where } = event.result;
    if (status !== 'failed' && status !== 'unreachable') return;
    const text = redactor.redact(`${host}: "${task.name}": ${message}`);
    failures.push({ severity: 'error', code: status, message: text, where: where ?? task.where });
  };
}

async function runGuarded(
  plan: SavedPlan,
  run: LoadedRun,
  flags: RunFlags,
  passwords: Passwords,
  interrupts: Parameters<typeof perform>[3],
  fingerprints: Fingerprinter,
): Promise<number> {
  const stops: unknown[] = [];
  const code = await perform(run, flags, passwords, interrupts, (options) => {
    hideSecrets(run, options.redactor);
    const guard = guardOf(plan, { fingerprints, redactor: options.redactor }, planPath);
    return {
      ...options,
      observe: (change) => {
        try {
          guard(change);
        } catch (error) {
          if (error instanceof VezaError && error.code === notPlanned) stops.push(error);
          throw error;
        }
      },
    };
  });
  return stops.length > 0 && code === exitCodes.taskFailed ? exitCodes.stalePlan : code;
}

/** What is to be done is in the plan: saying it again could only contradict it. */
function refuseOthers(paths: readonly string[], given: RunFlags): void {
  const other = decidingOptions.find((name) => given[name] !== undefined);
  const own = given.check ? 'check' : given.planOut !== undefined ? 'planOut' : other;
  const what =
    paths.length > 0 ? 'a playbook' : own && `--${own.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (what === undefined) return;
  throw new VezaError(
    'invalid-option',
    `--apply takes what is to be done from the plan, so ${what} has no place beside it`,
    {
      hint: 'only --extra-vars (their values are not in the plan), passwords, and options of output go with it',
    },
  );
}

/** What is to be read again and is not what it was. */
function movedInputs({ inputs }: SavedPlan, fingerprints: Fingerprinter): readonly string[] {
  const names = [...new Set([...Object.keys(inputs.extraVars), ...Object.keys(fingerprints.extraVars)])];
  const variables = names.flatMap((name) => {
    const [was, is] = [inputs.extraVars[name], fingerprints.extraVars[name]];
    if (was === is) return [];
    if (is === undefined) return [`the extra variable "${name}" is missing: give it again with -e`];
    return [`the extra variable "${name}" ${was === undefined ? 'was not given for the plan' : 'has another value'}`];
  });
  // The key of all fingerprints is made of their values: without them nothing else can be compared.
  if (variables.length > 0) return variables;
  const nothing = fingerprints.of(null, false);
  const paths = Object.keys(inputs.files);
  return Object.entries(filePrints(paths, fingerprints)).flatMap(([path, is]) => {
    if (is === inputs.files[path]) return [];
    return [is === nothing ? `the file ${path} is gone (from this folder)` : `the file ${path} has changed`];
  });
}

/** Tells what moved; nothing was touched. */
function stale(moved: readonly (Pick<Moved, 'message'> & Partial<Moved>)[]): number {
  const diagnostics = moved.map(({ host, task, where, message }): Diagnostic => {
    const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(where ?? '') ?? [];
    const subject = [host, task === undefined ? undefined : `"${task}"`].filter((one) => one !== undefined).join(': ');
    return {
      severity: 'error',
      code: 'stale-plan',
      message: subject === '' ? message : `${subject}: ${message}`,
      ...(file === undefined ? {} : { where: { file, line: Number(line), column: Number(column) } }),
    };
  });
  printDiagnostics(diagnostics);
  printNote(
    `the plan is stale (${moved.length} ${moved.length === 1 ? 'thing has' : 'things have'} moved): nothing was touched; make a new plan\n`,
  );
  return exitCodes.stalePlan;
}
