// Walks the plays as a run would, once for each class of hosts: who gets where, with what names.
import { openInclude, type LoopVariables } from '../engine/includes.ts';
import { expandLoop } from '../engine/loop.ts';
import { roleProblems } from '../engine/role-arguments.ts';
import type { Host } from '../inventory/model.ts';
import { DiagnosticsError, VezaError } from '../lib/errors.ts';
import type { Include, Inclusion, Node, RoleUse, Task } from '../playbook/ast.ts';
import { selectedByTags } from '../playbook/tags.ts';
import { isUnknown } from '../core/unknown.ts';
import { checkTask, later, type Checking, type Runs } from './check-task.ts';
import { Ground, sourceOf } from './ground.ts';
import { classesOf } from './host-classes.ts';
import type { LintOptions } from './options.ts';
import { somebody, stagesOf, type Stage } from './stages.ts';

/** Items of a looped include that are followed. */
const includesLooked = 10;

type Shared = Pick<Checking, 'known' | 'findings' | 'wrong'>;

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

/** One class of hosts in one play. */
class PlayWalk {
  readonly #stage: Stage;
  readonly #checking: Checking;
  /** Everything still to come is reached for sure. */
  #sure = true;
  #over = false;
  readonly #includedHandlers: Node[] = [];

  constructor(shared: Shared & Pick<Checking, 'options' | 'ground'>, stage: Stage) {
    this.#stage = stage;
    this.#checking = { ...shared, play: stage.variables, hosts: stage.hosts?.size ?? 0 };
  }

  run(): void {
    const { play, open, grown, variables } = this.#stage;
    const { ground } = this.#checking;
    if (open) ground.opens();
    if (grown) ground.grows();
    this.#roleArguments(variables.roles);
    for (const { nodes } of play.sections) this.#nodes(nodes, true);
    // Whether anything notifies them, only a run can tell; then all that the play sets may be there.
    this.#over = false;
    this.#nodes([...play.handlerNodes, ...this.#includedHandlers], false);
    ground.endPlay();
  }

  /** Arguments of roles against their specifications; what a task sets before is not there yet. */
  #roleArguments(roles: readonly RoleUse[]): void {
    const { ground, options, findings, hosts } = this.#checking;
    if (ground.members.length === 0) return;
    const source = sourceOf(options);
    for (const role of roles) {
      if (role.argumentSchema === undefined) continue;
      for (const diagnostic of roleProblems(source, ground.asHost(), this.#stage.variables, role, { early: true })) {
        findings.addOnHosts({ diagnostic, hosts: ground.members, of: hosts });
      }
    }
  }

  #nodes(nodes: readonly Node[], certain: boolean): void {
    for (const node of nodes) {
      if (this.#over) return;
      if (node.kind === 'task') {
        this.#task(node, certain);
      } else if (node.kind === 'include') {
        this.#include(node, certain);
      } else {
        const rescued = node.rescue.length > 0;
        this.#nodes(node.nodes, certain && !rescued);
        this.#nodes(node.rescue, false);
        this.#nodes(node.always, certain);
      }
    }
  }

  #task(task: Task, certain: boolean): Runs {
    const { options } = this.#checking;
    if (!selectedByTags(task.tags, options.tags, options.skipTags)) {
      // In a run it does nothing at all; whoever lints means every way to run it.
      return options.mode === 'run' ? false : checkTask(this.#checking, task, false) && 'perhaps';
    }
    const runs = checkTask(this.#checking, task, certain && this.#sure);
    if (task.module === 'meta' && runs !== false) this.#meta(task, runs === true);
    return runs;
  }

  #include(include: Include, certain: boolean): void {
    const runs = this.#task(include.task, certain);
    if (runs === false) return;
    const sure = certain && runs === true;
    const inclusions = this.#inclusionsOf(include, sure);
    // Of what cannot be named yet, anything may come.
    if (inclusions === null) {
      this.#checking.ground.opens();
      return;
    }
    for (const inclusion of inclusions) {
      const { ground } = this.#checking;
      ground.bring(inclusion.roles);
      this.#roleArguments(inclusion.roles);
      this.#includedHandlers.push(...inclusion.handlers);
      this.#nodes(inclusion.nodes, sure);
    }
  }

  /** What an include leads to, for each item of its loop; null where only a run can tell. */
  #inclusionsOf(include: Include, sure: boolean): readonly Inclusion[] | null {
    const { ground, play, findings } = this.#checking;
    const { task } = include;
    try {
      const scope = ground.scope(play, task);
      const items = expandLoop(task, scope);
      const loops: readonly LoopVariables[] = isUnknown(items)
        ? [{ [task.loop?.variable ?? 'item']: later }]
        : items.slice(0, includesLooked).map((item) => item?.variables ?? {});
      const found: Inclusion[] = [];
      for (const loop of loops) {
        const opening = openInclude(include, task.loop ? ground.scope(play, task, loop) : scope, loop);
        if (opening.kind === 'skip') continue;
        if (!opening.inclusion) return null;
        found.push(opening.inclusion);
      }
      return found;
    } catch (error) {
      if (error instanceof DiagnosticsError) {
        for (const one of error.diagnostics) findings.add(sure ? one : { ...one, severity: 'warning' });
        return null;
      }
      // What is wrong with the include itself has been told with its task.
      if (error instanceof VezaError) return null;
      throw error;
    }
  }

  #meta(task: Task, runs: boolean): void {
    const action = JSON.stringify(task.args.raw);
    if (action.includes('refresh_inventory')) this.#checking.ground.grows();
    if (!/end_(?:host|play|batch|role)/.test(action)) return;
    this.#sure = false;
    if (runs && !action.includes('end_role')) this.#over = true;
  }
}
