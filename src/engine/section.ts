// One section of a play on one host: its tasks, then the handlers that they notified; and what becomes of a host that cannot go on.
import { VezaError } from '../lib/errors.ts';
import type { Node, Play, Section, Task } from '../playbook/ast.ts';
import type { Scope } from '../language/value.ts';
import { selectedByTags } from '../playbook/tags.ts';
import { tasksOf } from '../playbook/walk.ts';
import { Converger } from './converge.ts';
import { HostStopped } from './change-queue.ts';
import type { TaskInfo, TaskResult } from './events.ts';
import { dueNode, handlerEntries, handlersNotified, type HandlerEntry } from './handlers.ts';
import type { HostRun } from './host.ts';
import { PlayEnded } from './orders.ts';
import { isOver } from './options.ts';
import { connectionCodes } from './ports.ts';
import { problemOf } from './record.ts';
import { roleArgumentProblems, rolesBeginningIn } from './role-arguments.ts';
import { toBoolean } from './identity.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

export interface TaskInfos {
  of(task: Task): TaskInfo;
  /** Names the tasks that an include brought. */
  adopt(nodes: readonly Node[], handlers: boolean): void;
  selected(section: Section): readonly TaskInfo[];
}

let lastId = 0;

/** Names every task of a play, for people: `role : name`. Names with templates are evaluated for the play's first host. */
export function taskInfos(play: Play, scopeFor: (task: Task) => Scope): TaskInfos {
  const infos = new Map<Task, TaskInfo>();
  const add = (task: Task, handler: boolean) => {
    lastId += 1;
    infos.set(task, { id: lastId, name: nameOf(task, scopeFor), module: task.module, where: task.where, handler });
  };
  for (const section of play.sections) for (const task of tasksOf(section.nodes)) add(task, false);
  for (const task of tasksOf(play.handlerNodes)) add(task, true);
  const of = (task: Task): TaskInfo =>
    infos.get(task) ?? { id: 0, name: task.module, module: task.module, where: task.where, handler: false };
  return {
    of,
    adopt: (nodes, handlers) => {
      for (const task of tasksOf(nodes)) if (!infos.has(task)) add(task, handlers);
    },
    selected: (section) => tasksOf(section.nodes).map(of),
  };
}

function nameOf(task: Task, scopeFor: (task: Task) => Scope): string {
  const prefix = task.role ? `${task.role.name} : ` : '';
  if (!task.name) return `${prefix}${task.module}`;
  try {
    const name = task.name.constant ? task.name.raw : task.name.evaluate(scopeFor(task));
    return `${prefix}${typeof name === 'string' ? name : String(task.name.raw)}`;
  } catch (error) {
    if (error instanceof VezaError) return `${prefix}${String(task.name.raw)}`;
    throw error;
  }
}

interface SectionRunOptions {
  readonly run: RunState;
  readonly play: Play;
  readonly variables: PlayVariables;
  readonly infos: TaskInfos;
  readonly section: Section;
  readonly host: HostRun;
}

/** How often handlers may notify handlers before that is taken for a circle. */
const handlerRounds = 20;

export class SectionRun {
  readonly #options: SectionRunOptions;
  readonly #converger: Converger;

  constructor(options: SectionRunOptions) {
    this.#options = options;
    const { run, host, variables, infos } = options;
    const { tags, skipTags } = run.options;
    this.#converger = new Converger({
      run,
      host,
      play: variables,
      infoOf: (task) => infos.of(task),
      adopt: ({ nodes, handlers }, include) => {
        infos.adopt(nodes, infos.of(include).handler);
        infos.adopt(handlers, true);
      },
      // Who is notified runs, whatever tags were asked for.
      selected: (task) => infos.of(task).handler || selectedByTags(task.tags, tags, skipTags),
      flushHandlers: () => this.#handlers(),
      clearErrors: () => this.#clearErrors(),
    });
  }

  /** Never rejects for what is the host's own trouble: that is in its `lost` and in the events. */
  async converge(): Promise<void> {
    const { host, run, section, play } = this.#options;
    // A run acts on what it sees now; what a dry run foresees is nowhere else.
    if (!run.options.checkMode) host.state.forget();
    try {
      this.#checkRoles();
      await this.#converger.section(section.nodes);
      await this.#handlers();
    } catch (error) {
      await this.#trouble(error, play.forceHandlers);
    } finally {
      run.options.emit({ type: 'host-section-end', host: host.host.name });
    }
  }

  /** Throws VezaError `invalid-role-argument` with all that is wrong, now that all before it has set what it sets. */
  #checkRoles(): void {
    const { run, host, variables, play, section } = this.#options;
    const roles = rolesBeginningIn(play, section);
    const problems = roleArgumentProblems(run, host, variables, { early: false, roles });
    const [first] = problems;
    if (!first) return;
    throw new VezaError('invalid-role-argument', problems.map(({ message }) => message).join('\n'), {
      ...(first.where ? { where: first.where } : {}),
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    });
  }

  /** Runs what was notified in the order of definition, and then what that notified. */
  async #handlers(): Promise<void> {
    const { play, host } = this.#options;
    const due = this.#takeNotified();
    const limit = handlerRounds + play.handlers.length + host.includedHandlers.length;
    for (let round = 0; due.size > 0; round += 1) {
      const ordered = this.#handlerEntries().filter(({ handlers }) => handlers.some((handler) => due.has(handler)));
      if (round === limit) {
        const names = ordered.flatMap(({ handlers }) => handlers.map(({ name }) => String(name?.raw))).join(', ');
        throw new VezaError('handler-circle', `handlers notify each other without end: ${names}`);
      }
      // One that may notify others may put some of them before those that follow.
      const notifier = ordered.findIndex(({ node }) => node.kind !== 'task' || node.notify.length > 0);
      const now = notifier === -1 ? ordered : ordered.slice(0, notifier + 1);
      const nodes = now.map(({ node }) => dueNode(node, due));
      for (const { handlers } of now) for (const handler of handlers) due.delete(handler);
      await this.#converger.section(nodes);
      for (const handler of this.#takeNotified()) due.add(handler);
    }
  }

  #handlerEntries(): readonly HandlerEntry[] {
    const { host, play } = this.#options;
    // Of a role that is used again, the handlers are there once: the last use counts.
    const nodes = [...play.handlerNodes, ...host.includedHandlers];
    const last = new Map(nodes.map((node) => [JSON.stringify(node.where), node]));
    return handlerEntries(nodes.filter((node) => last.get(JSON.stringify(node.where)) === node));
  }

  #takeNotified(): Set<Task> {
    const { host, infos } = this.#options;
    const names = new Set(host.notified);
    host.notified.clear();
    const handlers = this.#handlerEntries().flatMap((entry) => entry.handlers);
    return handlersNotified(names, handlers, (handler) => infos.of(handler).name);
  }

  async #trouble(error: unknown, forceHandlers: boolean): Promise<void> {
    const { host, run } = this.#options;
    if (error instanceof PlayEnded) {
      this.#end(error);
      return;
    }
    if (error instanceof HostStopped) {
      host.lost = 'failed';
      host.fatal ||= this.#isFatal(error.record.task);
      if (!forceHandlers) return;
      try {
        await this.#handlers();
      } catch (again) {
        if (!(again instanceof HostStopped)) return this.#trouble(again, false);
      }
      return;
    }
    if (isOver(run.options)) {
      host.lost = 'interrupted';
      return;
    }
    if (!(error instanceof VezaError)) throw error;
    this.#lose(error);
  }

  #isFatal(task: Task): boolean {
    const { run, host, variables } = this.#options;
    if (!task.anyErrorsFatal) return false;
    return toBoolean(task.anyErrorsFatal.evaluate(scopeOf(run, host, variables, task)), 'any_errors_fatal');
  }

  async #clearErrors(): Promise<void> {
    const { run, variables } = this.#options;
    for (const name of variables.playHosts) {
      const other = run.hosts.get(name);
      if (!other || other.lost === null || other.lost === 'interrupted') continue;
      await other.reset();
      other.lost = null;
      other.fatal = false;
    }
  }

  #end({ reach }: PlayEnded): void {
    const { host, run, variables } = this.#options;
    host.ended = true;
    if (reach === 'host') return;
    for (const name of reach === 'play' ? variables.playHosts : variables.batchHosts) {
      const other = run.hosts.get(name);
      if (other) other.ended = true;
    }
  }

  #lose(error: VezaError): void {
    const { host, run, section } = this.#options;
    const connection = connectionCodes.has(error.code);
    host.lost = connection ? 'unreachable' : 'failed';
    const where = tasksOf(section.nodes)[0]?.where ?? { file: '', line: 1, column: 1 };
    const task: TaskInfo = connection
      ? { id: 0, name: 'Connect', module: 'connect', where, handler: false }
      : { id: -1, name: 'Prepare', module: 'prepare', where, handler: false };
    const result: TaskResult = {
      host: host.host.name,
      task: host.working ?? task,
      status: host.lost,
      changes: [],
      ...problemOf(error),
    };
    host.count(result);
    run.options.emit({ type: 'task-end', result });
  }
}
