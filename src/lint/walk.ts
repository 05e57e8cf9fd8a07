// Walks the plays as a run would, once for each class of hosts: who gets where, with what names.
import { dirname } from 'node:path';
import { isUnknown } from '../core/unknown.ts';
import { roleArgumentProblems, rolesOf } from '../engine/role-arguments.ts';
import { outsidePlays, scopeOf, type PlayVariables } from '../engine/variables.ts';
import type { Host } from '../inventory/model.ts';
import { selectHosts } from '../inventory/patterns.ts';
import type { Variables } from '../language/value.ts';
import { VezaError } from '../lib/errors.ts';
import type { Node, Play, Playbook, Task } from '../playbook/ast.ts';
import { selectedByTags } from '../playbook/tags.ts';
import { checkTask, type Checking } from './check-task.ts';
import type { Findings } from './findings.ts';
import { Ground, nothingSet, sourceOf } from './ground.ts';
import { classesOf } from './host-classes.ts';
import type { LintOptions } from './options.ts';

type Shared = Pick<Checking, 'known' | 'findings' | 'wrong'>;

interface Stage {
  readonly play: Play;
  readonly variables: PlayVariables;
  /** Null where nobody can say. */
  readonly hosts: ReadonlySet<string> | null;
  /** Files of variables that only a run can name. */
  readonly open: boolean;
}

/** Modules that add hosts or groups: from then on any pattern may mean hosts that nobody listed. */
const makesHosts = new Set(['add_host', 'group_by']);

const somebody: Host = { name: 'localhost', where: { file: '', line: 1, column: 1 }, groups: [], layers: [] };

/** Checks every task of every play on every class of hosts. */
export function walkPlays(options: LintOptions, shared: Shared): void {
  const { findings } = shared;
  const stages = stagesOf(options, findings);
  const listed = stages.some(({ hosts }) => hosts !== null);
  if (options.inventory && listed) {
    const used = [...options.inventory.hosts.values()].filter(({ name }) =>
      stages.some(({ hosts }) => hosts?.has(name)),
    );
    const tell = ({ name }: Host) => stages.map(({ hosts }) => (hosts?.has(name) ? '1' : '0')).join('');
    for (const one of classesOf(used, tell)) {
      const ground = new Ground(options, shared.known, one, false);
      for (const stage of stages) {
        if (stage.hosts?.has(one.host.name)) new PlayWalk({ ...shared, options, ground }, stage).run();
      }
    }
  }
  const unlisted = stages.filter(({ hosts }) => hosts === null);
  const ground = new Ground(options, shared.known, { host: somebody, members: [] }, true);
  for (const stage of unlisted) new PlayWalk({ ...shared, options, ground }, stage).run();
}

function stagesOf(options: LintOptions, findings: Findings): readonly Stage[] {
  let dynamic = false;
  return options.playbooks.flatMap((playbook) =>
    playbook.plays.map((play) => {
      const { variables, open } = variablesOf(options, playbook, play, findings);
      const hosts = dynamic ? null : hostsOf(options, play, variables, findings);
      dynamic ||= makesHostsIn(play);
      const names = [...(hosts ?? [])];
      return { play, hosts, open, variables: { ...variables, playHosts: names, batchHosts: names } };
    }),
  );
}

function makesHostsIn(play: Play): boolean {
  return play.sections.some(({ nodes }) => nodes.some((node) => usesAny(node, makesHosts)));
}

function usesAny(node: Node, modules: ReadonlySet<string>): boolean {
  if (node.kind === 'task') return modules.has(node.module);
  return [...node.nodes, ...node.rescue, ...node.always].some((inner) => usesAny(inner, modules));
}

function variablesOf(
  options: LintOptions,
  playbook: Playbook,
  play: Play,
  findings: Findings,
): { readonly variables: PlayVariables; readonly open: boolean } {
  const playbookDirectory = dirname(playbook.file);
  const base: PlayVariables = { ...outsidePlays, play, playbookDirectory, roles: rolesOf(play) };
  const scope = scopeOf(sourceOf(options), { ...nothingSet, host: somebody }, base, null);
  const varsFiles: Variables[] = [];
  let open = false;
  for (const templated of play.varsFiles) {
    try {
      const names = templated.evaluate(scope);
      if (isUnknown(names)) throw new VezaError('unknown', 'only a run can tell');
      varsFiles.push(options.readVariables((Array.isArray(names) ? names : [names]).map(String), playbookDirectory));
    } catch (error) {
      if (!(error instanceof VezaError)) throw error;
      open = true;
      // Of a name without templates, the reader of the playbook has told it already.
      if (error.code === 'file-not-found' && !templated.constant) {
        const { code, message } = error;
        findings.add({ severity: 'warning', code, message, where: templated.where });
      }
    }
  }
  return { variables: { ...base, varsFiles }, open };
}

function hostsOf(
  options: LintOptions,
  play: Play,
  variables: PlayVariables,
  findings: Findings,
): ReadonlySet<string> | null {
  if (!options.inventory) return null;
  const scope = scopeOf(sourceOf(options), { ...nothingSet, host: somebody }, variables, null);
  try {
    const pattern = play.hosts.evaluate(scope);
    if (isUnknown(pattern)) return null;
    const text = (Array.isArray(pattern) ? pattern : [pattern]).map(String).join(',');
    const { hosts, diagnostics } = selectHosts(options.inventory, text, options.limit, play.hosts.where);
    // What is wrong with --limit has been told by whoever read it.
    for (const one of diagnostics) if (one.where) findings.add(one);
    return new Set(hosts);
  } catch (error) {
    if (!(error instanceof VezaError)) throw error;
    const { code, message, where = play.hosts.where, hint } = error;
    const more = hint === undefined ? {} : { hint };
    findings.add({ severity: options.mode === 'run' ? 'error' : 'warning', code, message, where, ...more });
    return null;
  }
}

/** One class of hosts in one play. */
class PlayWalk {
  readonly #stage: Stage;
  readonly #checking: Checking;
  /** Everything still to come is reached for sure. */
  #sure = true;
  #over = false;

  constructor(shared: Shared & Pick<Checking, 'options' | 'ground'>, stage: Stage) {
    this.#stage = stage;
    this.#checking = { ...shared, play: stage.variables, hosts: stage.hosts?.size ?? 0 };
  }

  run(): void {
    const { play, open } = this.#stage;
    const { ground } = this.#checking;
    if (open) ground.opens();
    this.#roleArguments();
    for (const { nodes } of play.sections) this.#nodes(nodes, true);
    // Whether anything notifies them, only a run can tell; then all that the play sets may be there.
    for (const handler of play.handlers) this.#task(handler, false);
  }

  /** Arguments of roles against their specifications; what a task sets before is not there yet. */
  #roleArguments(): void {
    const { ground, options, findings, hosts } = this.#checking;
    if (ground.members.length === 0) return;
    for (const diagnostic of roleArgumentProblems(sourceOf(options), ground.asHost(), this.#stage.variables, {
      early: true,
    })) {
      findings.addOnHosts({ diagnostic, hosts: ground.members, of: hosts });
    }
  }

  #nodes(nodes: readonly Node[], certain: boolean): void {
    for (const node of nodes) {
      if (this.#over) return;
      if (node.kind === 'task') {
        this.#task(node, certain);
        continue;
      }
      const rescued = node.rescue.length > 0;
      this.#nodes(node.nodes, certain && !rescued);
      this.#nodes(node.rescue, false);
      this.#nodes(node.always, certain);
    }
  }

  #task(task: Task, certain: boolean): void {
    const { options } = this.#checking;
    if (!selectedByTags(task.tags, options.tags, options.skipTags)) {
      // In a run it does nothing at all; whoever lints means every way to run it.
      if (options.mode === 'run') return;
      checkTask(this.#checking, task, false);
      return;
    }
    const runs = checkTask(this.#checking, task, certain && this.#sure);
    if (task.module === 'meta' && runs !== false) this.#meta(task, runs === true);
  }

  #meta(task: Task, runs: boolean): void {
    const action = JSON.stringify(task.args.raw);
    if (!/end_(?:host|play|batch|role)/.test(action)) return;
    this.#sure = false;
    if (runs && !action.includes('end_role')) this.#over = true;
  }
}
