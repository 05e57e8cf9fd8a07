// `veza-run lint [paths]`: everything that is wrong with playbooks, roles and inventories, without any host.
import { dirname, join, relative, resolve } from 'node:path';
import pc from 'picocolors';
import { diskFiles } from '../../adapters/source-files.ts';
import type { SourceFiles } from '../../core/source-files.ts';
import type { DiagnosticColors, Diagnostic } from '../../lib/diagnostic.ts';
import { VezaError } from '../../lib/errors.ts';
import { githubReport } from '../../lint/formats/github.ts';
import { jsonReport } from '../../lint/formats/json.ts';
import { reportOf, withinFile, type Report } from '../../lint/formats/report.ts';
import { sarifReport } from '../../lint/formats/sarif.ts';
import { textReport } from '../../lint/formats/text.ts';
import { findTargets, type Targets, textOf } from '../../lint/targets.ts';
import { parseVariableFile } from '../../language/yaml-variables.ts';
import { exitCodes } from '../exit-codes.ts';
import { readExtraVars, readInventory, type InventoryFlags, type LoadedInventory } from '../inventory-flags.ts';
import { print } from '../output.ts';
import { packageVersion, shownPath } from '../paths.ts';
import { secrets } from '../secrets.ts';
import { checkStatically, readPlaybooks, withoutHosts, type ReadPlaybooks } from '../static-check.ts';

export interface LintFlags extends InventoryFlags {
  readonly format: 'text' | 'json' | 'github' | 'sarif';
  readonly strict?: boolean;
  readonly quiet?: boolean;
}

/** Where texts are shown. */
interface Screen {
  readonly colors?: DiagnosticColors;
  /** Columns. */
  readonly width?: number;
}

/** Returns the exit code: 1 where there are errors. */
export function lintCommand(paths: readonly string[], flags: LintFlags): number {
  const { output, exitCode } = lintOutput(paths, flags, {
    ...(pc.isColorSupported && { colors: pc }),
    ...(process.stdout.isTTY && { width: process.stdout.columns }),
  });
  print(output);
  return exitCode;
}

/** Checks; what is to be printed, and the exit code. */
export function lintOutput(
  paths: readonly string[],
  flags: LintFlags,
  screen: Screen = {},
): { readonly output: string; readonly exitCode: number } {
  const files = diskFiles();
  const targets = findTargets(files, paths.length > 0 ? paths.map((path) => resolve(path)) : defaultPaths(files));
  const [missing] = targets.missing;
  if (missing !== undefined) {
    const hint = 'Name playbooks, roles, files of tasks, inventories, or folders of them.';
    throw new VezaError('file-not-found', `there is nothing to check at ${shownPath(missing)}`, { hint });
  }
  const { diagnostics, sources } = check(files, targets, flags);
  const shown = flags.quiet ? diagnostics.filter(({ severity }) => severity !== 'info') : diagnostics;
  const placed = shown.map((one) => withinFile(relativePaths(one), one.where && sources.get(one.where.file)));
  const report = reportOf(placed, { files: sources.size, strict: flags.strict ?? false });
  const output = formatted(report, flags, new Map([...sources].map(([path, text]) => [shownPath(path), text])), screen);
  return { output, exitCode: report.counts.error > 0 ? exitCodes.usage : exitCodes.ok };
}

interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

function check(files: SourceFiles, targets: Targets, flags: LintFlags): Checked {
  const inventories = [...(flags.inventory ?? []), ...targets.inventories];
  const [first = join(process.cwd(), 'site.yml')] = targets.playbooks;
  const given = { ...flags, inventory: inventories };
  const loaded: LoadedInventory | null =
    inventories.length > 0 ? readInventory(given, { playbookDirectory: dirname(first) }) : null;
  const read = readPlaybooks(targets.playbooks);
  // Without an inventory, extra variables count all the same.
  const extraVars = loaded?.extraVars ?? readExtraVars(flags.extraVars ?? []);
  const found = checkStatically('lint', read, loaded?.inventory ? loaded : { ...withoutHosts, extraVars }, flags);
  const alone = readAlone(files, targets, read.sources);
  const others = checkStatically('lint', alone, { ...withoutHosts, extraVars }, flags);
  const variables = checkVariables(files, targets.variables);
  return {
    diagnostics: [
      ...(loaded?.diagnostics ?? []),
      ...read.diagnostics,
      ...found,
      ...alone.diagnostics,
      ...others,
      ...variables.diagnostics,
    ].filter(({ where }) => where === undefined || !alone.invented.has(where.file)),
    sources: new Map([
      ...(loaded?.sources ?? []),
      ...read.sources,
      ...[...alone.sources].filter(([path]) => !alone.invented.has(path)),
      ...variables.sources,
    ]),
  };
}

/** Roles and files of tasks that no playbook led to, each below a play of its own that exists only here. */
function readAlone(
  files: SourceFiles,
  targets: Targets,
  known: ReadonlyMap<string, string>,
): ReadPlaybooks & { readonly invented: ReadonlySet<string> } {
  const invented = new Map<string, string>();
  const unread = (path: string) => !known.has(path);
  for (const role of targets.roles) {
    const parts = files.list(join(role, 'tasks')).filter((name) => /\.ya?ml$/.test(name));
    const uses = parts.filter((name) => unread(join(role, 'tasks', name))).map((name) => name.replace(/\.ya?ml$/, ''));
    const entries = uses.map((from) => `    - import_role: { name: ${quoted(role)}, tasks_from: ${quoted(from)} }\n`);
    if (parts.length === 0) entries.push(`    - import_role: { name: ${quoted(role)} }\n`);
    if (entries.length > 0) invented.set(besides(role), play(entries.join('')));
  }
  for (const path of targets.tasks.filter(unread)) {
    invented.set(
      join(dirname(path), `.lint-${relative(dirname(path), path)}`),
      play(`    - import_tasks: ${quoted(path)}\n`),
    );
  }
  return { ...readPlaybooks([...invented.keys()], invented), invented: new Set(invented.keys()) };
}

/** Beside the folder of roles, from where a playbook would find the others. */
function besides(role: string): string {
  return join(dirname(dirname(role)), `.lint-${relative(dirname(role), role)}.yml`);
}

function play(tasks: string): string {
  return `- name: Alone\n  hosts: all\n  tasks:\n${tasks}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function checkVariables(files: SourceFiles, paths: readonly string[]): Checked {
  const sources = new Map(paths.map((path) => [path, textOf(files, path) ?? '']));
  return { sources, diagnostics: [...sources].flatMap(([path, text]) => parseVariableFile(text, path).diagnostics) };
}

/** What a project has in the usual places. */
function defaultPaths(files: SourceFiles): readonly string[] {
  const here = process.cwd();
  const usual = ['playbooks', 'roles', 'inventory']
    .map((name) => join(here, name))
    .filter((path) => files.isDirectory(path));
  return usual.length > 0 ? usual : [here];
}

function formatted(report: Report, flags: LintFlags, sources: ReadonlyMap<string, string>, screen: Screen): string {
  switch (flags.format) {
    case 'json':
      return jsonReport(report);
    case 'github':
      return githubReport(report);
    case 'sarif':
      return sarifReport(report, { toolVersion: packageVersion() });
    case 'text':
      return textReport(report, {
        sourceOf: (file) => sources.get(file) ?? textOf(diskFiles(), file) ?? undefined,
        ...screen,
      });
    default:
      return flags.format satisfies never;
  }
}

/** Paths below the current folder, in messages too; without what was encrypted, text by text so that no format breaks. */
function relativePaths(diagnostic: Diagnostic): Diagnostic {
  const { where, hint, message } = diagnostic;
  const short = (text: string) => text.replaceAll(`${process.cwd()}/`, '');
  return {
    ...diagnostic,
    message: secrets.redact(short(message)),
    ...(where && { where: { ...where, file: shownPath(where.file) } }),
    ...(hint !== undefined && { hint: secrets.redact(short(hint)) }),
  };
}
