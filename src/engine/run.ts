// Runs playbooks: play by play, batch by batch, section by section, every host of a batch beside the others.
import { dirname } from 'node:path';
import { DiagnosticsError, VezaError } from '../lib/errors.ts';
import type { Host } from '../inventory/model.ts';
import { LiveInventory } from '../inventory/live.ts';
import { factNamesOf, withGathering } from './gather.ts';
import { growsInventory } from './inventory-orders.ts';
import { HostRun } from './host.ts';
import type { HostTotals } from './events.ts';
import { isOver, type EngineOptions } from './options.ts';
import { runBatch } from './batch-run.ts';
import { batchesOf, orderHosts } from './batches.ts';
import { askPrompts } from './prompts.ts';
import { earlyIncludeProblems } from './early-includes.ts';
import { gateOf } from './gates.ts';
import { mergedProblems, roleArgumentProblems } from './role-arguments.ts';
import { taskInfos } from './section.ts';
import { shadowWarnings } from './explain.ts';
import { varsFile } from './vars-files.ts';
import { layersOf, outsidePlays, scopeOf, type PlayVariables, type RunState, type ScopeRun } from './variables.ts';
import { noVariables } from '../language/yaml-variables.ts';
import type { Play, Playbook } from '../playbook/ast.ts';

export interface RunResult {
  readonly hosts: ReadonlyMap<string, HostTotals>;
  readonly roundTrips: ReadonlyMap<string, number>;
}

/** Runs (or, in check mode, foresees) the playbooks. Failures of hosts are in the result; rejects for mistakes that no host can be blamed for. */
export async function runPlaybooks(options: EngineOptions): Promise<RunResult> {
  const startedAtMs = options.clock.now();
  const run = await beginRun(options);
  const { hosts } = run;
  if (options.connection.becomePassword !== undefined) options.redactor.add(options.connection.becomePassword);
  const used = new Set<string>();
  checkPlays(run);
  try {
    await playAll(run, used);
  } finally {
    const all = [...hosts.values(), ...run.strangers.values()];
    await Promise.allSettled(all.map((host) => host[Symbol.asyncDispose]()));
  }
  const cut = [...hosts.values()]
    .filter(({ lost }) => lost === 'interrupted')
    .map(({ host, working }) => (working ? `${host.name} (at "${working.name}")` : host.name));
  if (cut.length > 0) {
    const left = options.signal.aborted
      ? 'may be left with a part of the changes'
      : 'did not get to the end of the play';
    options.emit({ type: 'warning', message: `interrupted: ${cut.join(', ')} ${left}` });
  }
  const roundTrips = new Map<string, number>();
  for (const [name, host] of [...hosts, ...run.strangers]) {
    const count = await host.roundTrips();
    if (used.has(name) || count > 0) roundTrips.set(name, count);
  }
  const totals = new Map(
    [...used]
      .map((name) => [name, hosts.get(name)?.totals])
      .filter((entry): entry is [string, HostTotals] => entry[1] !== undefined),
  );
  options.emit({ type: 'run-end', hosts: totals, roundTrips, durationMs: options.clock.now() - startedAtMs });
  return { hosts: totals, roundTrips };
}

/** The state that all plays share; its inventory grows with `add_host` and `group_by`. */
async function beginRun(given: EngineOptions): Promise<RunState> {
  const inventory = new LiveInventory(given.inventory);
  const options = { ...given, inventory };
  const hosts = new Map<string, HostRun>();
  const strangers = new Map<string, HostRun>();
  const newHost = (host: Host): HostRun =>
    new HostRun(host, {
      dryRun: options.checkMode,
      connect: (address) => {
        if (address.password !== undefined) options.redactor.add(address.password);
        return options.transports[address.connection].connect(address, options.signal);
      },
    });
  const admit = (changed: Iterable<Host>) => {
    for (const host of changed) {
      // A host that a task was delegated to may get into the inventory later.
      const known = hosts.get(host.name) ?? strangers.get(host.name) ?? newHost(host);
      known.host = host;
      hosts.set(host.name, known);
      strangers.delete(host.name);
    }
  };
  admit(inventory.hosts.values());
  const prompted = await askPrompts(options);
  return { options, hosts, inventory, admit, strangers, newHost, gate: gateOf(options), prompted };
}

async function playAll(run: RunState, used: Set<string>): Promise<void> {
  for (const playbook of run.options.playbooks) {
    for (const play of playbook.plays) {
      if (!(await runPlay(run, playbook, play, used)) || isOver(run.options)) return;
    }
  }
}

/** What can be said of all plays before the first host is touched. Throws DiagnosticsError, VezaError. */
function checkPlays(run: RunState): void {
  const diagnostics = run.options.playbooks.flatMap((playbook) =>
    playbook.plays.flatMap((play) => {
      const variables = playVariables(run, play, dirname(playbook.file));
      const hosts = hostsOf(run, play, variables).flatMap((name) => run.hosts.get(name) ?? []);
      // What depends on facts is not known before they are gathered.
      for (const { gathered } of hosts) gathered.begin(play.gatherFacts, factNamesOf(run));
      const ofRoles = hosts.map(
        (host) => [host.host.name, roleArgumentProblems(run, host, variables, { early: true })] as const,
      );
      const problems = [...mergedProblems(new Map(ofRoles)), ...earlyIncludeProblems(run, play, variables, hosts)];
      for (const { gathered } of hosts) gathered.begin('never', null);
      return problems;
    }),
  );
  if (diagnostics.length > 0) throw new DiagnosticsError(diagnostics);
}

/** Throws VezaError with the place of the pattern. */
function hostsOf(run: RunState, play: Play, variables: PlayVariables): readonly string[] {
  const pattern = patternOf(run, play, variables);
  try {
    return run.options.hostsOf(pattern, run.inventory);
  } catch (error) {
    if (!(error instanceof VezaError) || error.where) throw error;
    // A task may be going to make the group, or has found nobody to put into it.
    if (error.code === 'unknown-host' && growsInventory(run.options.playbooks)) return [];
    throw new VezaError(error.code, error.message, {
      where: play.hosts.where,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

/** The pattern of a play's hosts, as text. */
export function patternOf(run: ScopeRun, play: Play, variables: PlayVariables): string {
  const pattern = play.hosts.evaluate(outside(run, variables));
  const terms: readonly unknown[] = Array.isArray(pattern) ? pattern : [pattern];
  return terms.map(String).join(',');
}

/** Returns false where the run is over: as Ansible has it, when every host of a batch was lost, or too many of them. */
async function runPlay(run: RunState, playbook: Playbook, given: Play, used: Set<string>): Promise<boolean> {
  const { options } = run;
  const play = withGathering(given);
  const unnamed = playVariables(run, given, dirname(playbook.file));
  const title = play.name?.evaluate(outside(run, unnamed));
  const name = typeof title === 'string' ? title : patternOf(run, play, unnamed);
  const variables = { ...unnamed, play, name };
  const hosts = orderHosts(hostsOf(run, play, variables), play.order).filter(
    (host) => run.hosts.get(host)?.lost === null,
  );
  options.emit({ type: 'play-begin', name, hosts });
  for (const host of hosts) {
    used.add(host);
    run.hosts.get(host)?.gathered.begin(play.gatherFacts, factNamesOf(run));
  }
  if ((options.verbosity ?? 0) >= 2) {
    const layers = hosts.flatMap((one) => {
      const host = run.hosts.get(one);
      return host ? [{ host: one, layers: layersOf(run, host, variables, null, {}) }] : [];
    });
    for (const message of shadowWarnings(layers)) options.emit({ type: 'warning', message });
  }
  const infos = taskInfos(play, (task) => scopeOf(run, firstHost(run, hosts), variables, task));
  let goesOn = true;
  for (const batch of batchesOf(
    hosts,
    play.serial.map((one) => one.evaluate(outside(run, variables))),
  )) {
    goesOn = await runBatch(run, play, { ...variables, playHosts: hosts, batchHosts: batch }, infos);
    if (!goesOn) break;
  }
  for (const host of hosts) {
    const ended = run.hosts.get(host);
    if (!ended) continue;
    ended.ended = false;
    ended.notified.clear();
    ended.includedHandlers.length = 0;
    ended.includedRoles.length = 0;
  }
  options.emit({ type: 'play-end' });
  return goesOn;
}

interface PlayRun {
  readonly options: Pick<EngineOptions, 'readVariables'>;
  readonly prompted?: RunState['prompted'];
}

/** What all scopes of a play share; its `vars_files` are read. Throws VezaError, DiagnosticsError. */
export function playVariables(run: ScopeRun & PlayRun, play: Play, playbookDirectory: string): PlayVariables {
  const base: PlayVariables = {
    ...outsidePlays,
    play,
    playbookDirectory,
    roles: play.roles,
    prompted: run.prompted?.get(play) ?? noVariables,
  };
  const read = (names: readonly string[]) => run.options.readVariables(names, playbookDirectory);
  return { ...base, varsFiles: play.varsFiles.map((templated) => varsFile(run, base, templated, read)) };
}

/** The scope of things that belong to the play and to no host. */
function outside(run: ScopeRun, variables: PlayVariables): ReturnType<typeof scopeOf> {
  return scopeOf(run, nobody(), variables, null);
}

function firstHost(run: RunState, hosts: readonly string[]): HostRun {
  return run.hosts.get(hosts[0] ?? '') ?? nobody();
}

function nobody(): HostRun {
  const host = { name: 'localhost', where: { file: '', line: 1, column: 1 }, groups: [], layers: [] };
  return new HostRun(host, {
    dryRun: true,
    connect: () => Promise.reject(new Error('there is no host to connect to')),
  });
}
