// `veza-run render TEMPLATE --host H`: what a template becomes on a host, without touching any host.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createLocalFiles } from '../../adapters/local-files.ts';
import { diskFiles } from '../../adapters/source-files.ts';
import { isUnknown } from '../../core/unknown.ts';
import { playVariables } from '../../engine/run.ts';
import { outsidePlays, ownerOf, scopeOf, type PlayVariables, type ScopeRun } from '../../engine/variables.ts';
import { selectHosts } from '../../inventory/patterns.ts';
import { DiagnosticsError, VezaError } from '../../lib/errors.ts';
import { didYouMean } from '../../lib/suggest.ts';
import { unifiedDiff } from '../../lib/text-diff.ts';
import type { Play, Playbook, RoleUse } from '../../playbook/ast.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInventory, type InventoryFlags } from '../inventory-flags.ts';
import { quietRun } from '../host-variables.ts';
import { readPlaybooks } from '../static-check.ts';
import { readVarsFile } from '../vars-files.ts';
import { print, printDiagnostics } from '../output.ts';
import { shownPath } from '../paths.ts';
import { renderTemplate } from '../render.ts';

export interface RenderFlags extends InventoryFlags {
  readonly host: string;
  readonly playbook?: string;
  readonly role?: string;
  readonly output?: string;
  readonly diff?: string;
}

/** Resolves to the exit code: 2 where `--diff` finds a difference. Throws VezaError, DiagnosticsError with the place in the template. */
export function renderCommand(template: string, flags: RenderFlags): number {
  const path = resolve(template);
  if (!existsSync(path)) throw new VezaError('file-not-found', `there is no template "${template}"`);
  const text = rendered(path, flags);
  if (flags.output !== undefined) writeFileSync(flags.output, text);
  if (flags.diff !== undefined) {
    const before = existsSync(flags.diff) ? readFileSync(flags.diff, 'utf8') : null;
    if (before === text) return exitCodes.ok;
    print(unifiedDiff(flags.diff, before, text));
    return exitCodes.pending;
  }
  if (flags.output === undefined) print(text);
  return exitCodes.ok;
}

function rendered(path: string, flags: RenderFlags): string {
  const playbookFile = flags.playbook === undefined ? besideUs() : resolve(flags.playbook);
  const playbook = playbookOf(path, playbookFile, flags);
  const run = runOf(dirname(playbookFile), flags);
  const host = run.hosts.get(flags.host);
  if (!host) {
    const hint = didYouMean(flags.host, run.hosts.keys()) ?? `the inventory has: ${[...run.hosts.keys()].join(', ')}`;
    throw new VezaError('unknown-host', `the inventory has no host "${flags.host}"`, { hint });
  }
  const { variables, role } = viewOf(run, playbook, path, flags);
  const play: PlayVariables = { ...variables, playbookDirectory: dirname(playbookFile) };
  const scope = scopeOf(run, host, play, role ? ownerOf(role) : null);
  const text = renderTemplate(createLocalFiles(null, dirname(path)).find(path, 'templates'), scope);
  if (!isUnknown(text)) return text;
  throw new VezaError('unknown-value', `the template cannot be rendered before a run: ${text.reason}`);
}

/** The playbook that is asked for; without one, a play that has nothing but the template's role. */
function playbookOf(template: string, file: string, flags: RenderFlags): Playbook | null {
  const role = flags.role ?? roleAround(template);
  if (flags.playbook === undefined && role === undefined) return null;
  const made = `- hosts: ${JSON.stringify(flags.host)}\n  gather_facts: false\n  roles: [${JSON.stringify(role)}]\n`;
  const invented = flags.playbook === undefined ? new Map([[file, made]]) : new Map<string, string>();
  const { playbooks, diagnostics, sources } = readPlaybooks([file], invented);
  const [playbook] = playbooks;
  if (!playbook) throw new DiagnosticsError(diagnostics);
  printDiagnostics(diagnostics, sources);
  return playbook;
}

/** Where a playbook would stand that nobody has written. */
function besideUs(): string {
  return join(resolve(existsSync('playbooks') ? 'playbooks' : '.'), '(veza-run render).yml');
}

/** The role whose template it is, by its path. */
function roleAround(template: string): string | undefined {
  return /^(.*\/roles\/[^/]+)\/templates\//.exec(template)?.[1];
}

type Run = ScopeRun & Parameters<typeof playVariables>[0];

function runOf(playbookDirectory: string, flags: RenderFlags): Run {
  const { inventory, extraVars, directory, ...loaded } = readInventory(flags, { playbookDirectory });
  printDiagnostics(loaded.diagnostics, inventory?.sources);
  if (!inventory) throw new VezaError('invalid-inventory', 'the inventory could not be read');
  const run = quietRun({ inventory, extraVars, directory });
  const readVariables = (names: readonly string[], from: string) => readVarsFile(diskFiles(), names, from);
  return { ...run, options: { ...run.options, checkMode: true, readVariables } };
}

/** The first play for the host (with the role, where one is meant), and how it uses that role. */
function viewOf(
  run: Run,
  playbook: Playbook | null,
  template: string,
  flags: RenderFlags,
): { readonly variables: PlayVariables; readonly role: RoleUse | null } {
  if (!playbook) return { variables: outsidePlays, role: null };
  const { inventory } = run.options;
  const path = roleAround(template);
  const isMeant = (role: RoleUse) =>
    flags.role === undefined ? role.path === path : role.name === flags.role || role.path === resolve(flags.role);
  const hasRole = (play: Play) => flags.role === undefined || play.roles.some(isMeant);
  for (const play of playbook.plays.filter(hasRole)) {
    const variables = playVariables(run, play, dirname(playbook.file));
    const pattern = play.hosts.evaluate(scopeOf(run, run.hosts.get(flags.host) ?? noHost(flags.host), variables, null));
    const { hosts } = selectHosts(inventory, [pattern].flat().map(String).join(','));
    if (!hosts.includes(flags.host)) continue;
    return {
      variables: { ...variables, playHosts: hosts, batchHosts: hosts },
      role: play.roles.findLast(isMeant) ?? null,
    };
  }
  const meant = flags.role === undefined ? '' : ` with the role "${flags.role}"`;
  throw new VezaError('no-play', `${shownPath(playbook.file)} has no play for ${flags.host}${meant}`);
}

function noHost(name: string): never {
  throw new VezaError('unknown-host', `the inventory has no host "${name}"`);
}
