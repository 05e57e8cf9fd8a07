// `veza-run vars [NAME]`: the variables of hosts, and with --explain every layer that sets one and which wins.
import { dirname, resolve } from 'node:path';
import pc from 'picocolors';
import { diskFiles } from '../../adapters/source-files.ts';
import { laterSettersOf, namesIn, settersOf, type LaterSetter, type Setter } from '../../engine/explain.ts';
import { patternOf, playVariables } from '../../engine/run.ts';
import { tasksOf } from '../../playbook/walk.ts';
import { layersOf, outsidePlays, type PlayVariables, type ScopeOwner, type ScopeRun } from '../../engine/variables.ts';
import type { Host } from '../../inventory/model.ts';
import { selectHosts } from '../../inventory/patterns.ts';
import { nearestName } from '../../lib/suggest.ts';
import { createScope } from '../../language/scope.ts';
import { DiagnosticsError, VezaError } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import { catalog } from '../../modules/index.ts';
import type { Play } from '../../playbook/ast.ts';
import { loadPlaybook } from '../../playbook/load.ts';
import { exitCodes } from '../exit-codes.ts';
import { quietHost, quietRun } from '../host-variables.ts';
import { readInventory, type InventoryFlags, type LoadedInventory } from '../inventory-flags.ts';
import { print, printDiagnostics } from '../output.ts';
import { shownPath } from '../paths.ts';
import { plainData } from '../plain-data.ts';
import { secrets } from '../secrets.ts';
import { readVarsFile } from '../vars-files.ts';

export interface VarsFlags extends InventoryFlags {
  readonly host?: string;
  readonly playbook?: string;
  readonly task?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

/** One variable of one host. */
interface Finding {
  readonly host: string;
  readonly play?: string;
  readonly name: string;
  readonly setters: readonly Setter[];
  readonly later: readonly LaterSetter[];
}

/** Variables that hold passwords, wherever they are set. */
const passwords = ['ansible_password', 'ansible_ssh_pass', 'ansible_become_password', 'ansible_become_pass'];

export function varsCommand(name: string | undefined, flags: VarsFlags): number {
  const playbook = flags.playbook === undefined ? undefined : resolve(flags.playbook);
  const loaded = readInventory(flags, playbook === undefined ? {} : { playbookDirectory: dirname(playbook) });
  printDiagnostics(loaded.diagnostics, loaded.inventory?.sources);
  if (!loaded.inventory) return exitCodes.usage;
  const run = quietRun({ ...loaded, inventory: loaded.inventory });
  const hosts = hostsOf(loaded, flags.host ?? 'all');
  const views = playbook === undefined ? [outside] : viewsOf(playbook, run, flags.task);
  const findings = views.flatMap((view) =>
    hosts.filter((host) => view.covers(host)).flatMap((host) => findingsOf(run, host, view, name)),
  );
  if (findings.length === 0) throw nothingFound(name, flags, run, hosts, views);
  print(flags.json ? `${JSON.stringify(findings.map(asJson), null, 2)}\n` : asText(findings, flags.explain ?? false));
  return exitCodes.ok;
}

/** From where the variables are looked at: outside all plays, in a play, or in one of its tasks. */
interface View {
  readonly play: PlayVariables;
  readonly owner: ScopeOwner | null;
  covers(host: Host): boolean;
}

const outside: View = { play: { ...outsidePlays, playbookDirectory: process.cwd() }, owner: null, covers: () => true };

function viewsOf(path: string, run: ScopeRun, taskName: string | undefined): readonly View[] {
  const files = diskFiles();
  const { playbook, diagnostics } = loadPlaybook(path, {
    files,
    modules: catalog,
  });
  if (!playbook) throw new DiagnosticsError(diagnostics);
  const options = {
    ...run.options,
    readVariables: (names: readonly string[], directory: string) => readVarsFile(files, names, directory),
  };
  const views = playbook.plays.flatMap((play) => {
    const variables = playVariables({ ...run, options }, play, dirname(path));
    const covered = new Set(selectHosts(run.options.inventory, patternOf(run, play, variables)).hosts);
    const owners = taskName === undefined ? [null] : tasksNamed(play, taskName);
    return owners.map((owner) => ({ play: variables, owner, covers: (host: Host) => covered.has(host.name) }));
  });
  if (taskName === undefined || views.length > 0) return views;
  const raws = playbook.plays.flatMap((play) => tasksIn(play).map(({ name }) => name?.raw));
  const names = raws.filter((raw) => typeof raw === 'string');
  const near = nearestName(taskName, names);
  throw new VezaError('unknown-task', `there is no task "${taskName}" in ${shownPath(path)}`, {
    ...(near === null ? {} : { hint: `Did you mean "${near}"?` }),
  });
}

function tasksNamed(play: Play, name: string): readonly ScopeOwner[] {
  return tasksIn(play).filter((task) => task.name?.raw === name);
}

function tasksIn(play: Play): ReturnType<typeof tasksOf> {
  return [...play.sections.flatMap(({ nodes }) => tasksOf(nodes)), ...play.handlers];
}

function hostsOf({ inventory }: LoadedInventory, pattern: string): readonly Host[] {
  if (!inventory) return [];
  const { hosts, diagnostics } = selectHosts(inventory, pattern);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new DiagnosticsError(errors);
  return hosts.flatMap((name) => inventory.hosts.get(name) ?? []);
}

function findingsOf(run: ScopeRun, host: Host, { play, owner }: View, name: string | undefined): readonly Finding[] {
  const layers = layersOf(run, run.hosts.get(host.name) ?? quietHost(host), play, owner, {});
  const scope = createScope(layers, run.options.controller);
  const playName = play.play ? String(play.play.name?.raw ?? play.play.hosts.raw) : undefined;
  // Without a name, what the program says of every host would bury what people have written.
  const shown = layers.filter(({ level }) => level !== 'magic variables' && level !== 'names of the run');
  return (name === undefined ? namesIn(shown) : [name]).flatMap((one) => {
    const setters = settersOf(layers, one, scope);
    const later = play.play && !owner ? laterSettersOf(play.play, one) : [];
    if (setters.length === 0 && later.length === 0) return [];
    if (passwords.includes(one)) for (const { value } of setters) if (typeof value === 'string') secrets.add(value);
    return [{ host: host.name, name: one, setters, later, ...(playName !== undefined && { play: playName }) }];
  });
}

function nothingFound(
  name: string | undefined,
  flags: VarsFlags,
  run: ScopeRun,
  hosts: readonly Host[],
  views: readonly View[],
): VezaError {
  if (name === undefined) return new VezaError('no-variables', 'no variables are set for these hosts');
  const known = new Set(views.flatMap((view) => hosts.flatMap((host) => knownNames(run, host, view))));
  const near = nearestName(name, known);
  const where = flags.playbook === undefined ? '; --playbook FILE looks into plays and roles too' : '';
  const hint = near === null ? `Nothing that was read sets it${where}.` : `Did you mean "${near}"?`;
  return new VezaError('undefined-variable', `nothing sets "${name}" on ${flags.host ?? 'any host'}`, { hint });
}

function knownNames(run: ScopeRun, host: Host, { play, owner }: View): readonly string[] {
  return namesIn(layersOf(run, quietHost(host), play, owner, {}));
}

function asText(findings: readonly Finding[], explain: boolean): string {
  return findings
    .map((finding) => {
      const { host, play, name, setters, later } = finding;
      const winner = setters.at(-1);
      const head = `${pc.bold(name)} on ${host}${play === undefined ? '' : `, play "${play}"`}: ${winner ? valueText(winner) : 'not set before its tasks run'}`;
      return explain ? `${head}\n${tableOf(setters, later)}` : `${head}\n`;
    })
    .join(explain ? '\n' : '');
}

function tableOf(setters: readonly Setter[], later: readonly LaterSetter[]): string {
  const rows = [
    ...setters.map((setter) => ({
      level: setter.level,
      at: placeText(setter.where) ?? setter.origin,
      text: `${valueText(setter)}${setter.template === undefined ? '' : pc.dim(`  from ${secrets.redact(JSON.stringify(setter.template))}`)}`,
      mark: setter.wins ? pc.green(`  <- ${reasonOf(setters)}`) : '',
    })),
    ...later.map(({ level, origin, where }) => ({
      level,
      at: placeText(where) ?? '',
      text: pc.dim(`(${origin}: while the play runs)`),
      mark: '',
    })),
  ];
  const width = (pick: (row: (typeof rows)[number]) => string) => Math.max(...rows.map((row) => pick(row).length));
  const levelWidth = width(({ level }) => level);
  const placeWidth = width(({ at }) => at);
  return rows
    .map(({ level, at, text, mark }) => `  ${level.padEnd(levelWidth)}  ${at.padEnd(placeWidth)}  ${text}${mark}\n`)
    .join('');
}

function reasonOf(setters: readonly Setter[]): string {
  const [before, winner] = setters.slice(-2);
  if (!before || !winner) return 'the only one';
  if (before.level !== winner.level) return `wins: ${winner.level} over ${before.level}`;
  return `wins: the last of the ${winner.level}`;
}

function placeText(where: Setter['where']): string | undefined {
  return where && where.file !== '' ? `${shownPath(where.file)}:${where.line}:${where.column}` : undefined;
}

function valueText({ value, problem }: Setter): string {
  return problem === undefined
    ? JSON.stringify(value === undefined ? null : plainData(value, secrets))
    : pc.red(`(no value: ${secrets.redact(problem)})`);
}

function asJson({ host, play, name, setters, later }: Finding): Json {
  const place = (where: Setter['where']) => (where ? { file: where.file, line: where.line, column: where.column } : {});
  return {
    host,
    ...(play === undefined ? {} : { play }),
    name,
    layers: setters.map(({ level, origin, where, value, problem, wins }) => ({
      level,
      origin,
      ...place(where),
      ...(problem === undefined
        ? { value: value === undefined ? null : plainData(value, secrets) }
        : { problem: secrets.redact(problem) }),
      wins,
    })),
    later: later.map(({ level, origin, where }) => ({ level, origin, ...place(where) })),
  };
}
