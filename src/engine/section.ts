// One section of a play on one host: its tasks, then the handlers that they notified; and what becomes of a host that cannot go on.
import { VezaError } from '../lib/errors.ts';
import type { Play, Section, Task } from '../playbook/ast.ts';
import type { Scope } from '../language/value.ts';
import { selectedByTags } from '../playbook/tags.ts';
import { Converger, PlayStopped } from './converge.ts';
import { HostStopped } from './change-queue.ts';
import type { TaskInfo, TaskResult } from './events.ts';
import type { HostRun } from './host.ts';
import { tasksOf } from './look-ahead.ts';
import type { Meeting } from './meeting.ts';
import { PlayEnded } from './perform.ts';
import { isOver } from './options.ts';
import { connectionCodes } from './ports.ts';
import { problemOf } from './record.ts';
import { roleArgumentProblems, rolesBeginningIn } from './role-arguments.ts';
import { toBoolean } from './identity.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

export interface TaskInfos {
  of(task: Task): TaskInfo;
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
  for (const task of play.handlers) add(task, true);
  const of = (task: Task): TaskInfo =>
    infos.get(task) ?? { id: 0, name: task.module, module: task.module, where: task.where, handler: false };
  return { of, selected: (section) => tasksOf(section.nodes).map(of) };
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
  readonly meeting: Meeting;
  /** Judges whether the play goes on, now that the host is lost. */
  readonly onLost: () => boolean;
}

/** How often handlers may notify handlers before that is taken for a circle. */
const handlerRounds = 20;

export class SectionRun {
  readonly #options: SectionRunOptions;
  readonly #converger: Converger;

  constructor(options: SectionRunOptions) {
    this.#options = options;
    const { run, host, variables, infos, meeting } = options;
    const { tags, skipTags } = run.options;
    this.#converger = new Converger({
      run,
      host,
      play: variables,
      meeting,
      infoOf: (task) => infos.of(task),
      // Who is notified runs, whatever tags were asked for.
      selected: (task) =>
        infos.of(task).handler || (selectedByTags(task.tags, tags, skipTags) && !run.gate.isBeforeStart(task)),
      flushHandlers: () => this.#handlers(),
      clearErrors: () => this.#clearErrors(),
    });
  }

  /** Never rejects for what is the host's own trouble: that is in its `lost` and in the events. */
  async converge(): Promise<void> {
    const { host, run, section, play } = this.#options;
    // A run acts on what it sees now; what a dry run foresees is nowhere else.
    if (!run.options.checkMode) host.forget();
    const place = play.sections.indexOf(section);
    try {
      this.#checkRoles();
      await this.#converger.section(section.nodes, { base: [place] });
      this.#converger.atEnd(place);
      await this.#handlers();
    } catch (error) {
      this.#converger.atEnd(place);
      await this.#trouble(error, play.forceHandlers);
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
    const { play } = this.#options;
    const due = this.#takeNotified();
    const base = this.#converger.point;
    const order = (handler: Task) => play.handlers.indexOf(handler);
    // Hosts meet at the same handler, whatever else each of them was notified of.
    let pass = 0;
    let last = -1;
    const limit = handlerRounds + play.handlers.length;
    for (let round = 0; due.size > 0; round += 1) {
      const ordered = play.handlers.filter((handler) => due.has(handler));
      if (round === limit) {
        const names = ordered.map(({ name }) => String(name?.raw)).join(', ');
        throw new VezaError('handler-circle', `handlers notify each other without end: ${names}`);
      }
      // One that notifies others may put some of them before those that follow.
      const notifier = ordered.findIndex(({ notify }) => notify.length > 0);
      const now = notifier === -1 ? ordered : ordered.slice(0, notifier + 1);
      for (const handler of now) due.delete(handler);
      const [first] = now;
      if (first && order(first) <= last) pass += 1;
      last = Math.max(...now.map(order));
      await this.#converger.section(now, { base: [...base, pass], order });
      for (const handler of this.#takeNotified()) due.add(handler);
    }
  }

  #takeNotified(): Set<Task> {
    const { host, play, infos } = this.#options;
    const notified = new Set(host.notified);
    host.notified.clear();
    const answers = (handler: Task) => {
      const { name } = infos.of(handler);
      // `role : name` and the name alone; names with templates are known by now.
      const own = handler.role ? [name, name.slice(handler.role.name.length + 3), handler.name?.raw] : [name];
      return [...own, ...handler.listen].some((one) => typeof one === 'string' && notified.has(one));
    };
    return new Set(play.handlers.filter(answers));
  }

  async #trouble(error: unknown, forceHandlers: boolean): Promise<void> {
    const { host, run } = this.#options;
    if (error instanceof PlayEnded) {
      this.#end(error);
      return;
    }
    if (error instanceof HostStopped || error instanceof PlayStopped) {
      host.lost = 'failed';
      if (error instanceof HostStopped) this.#fail(error);
      if (!forceHandlers) return;
      try {
        await this.#handlers();
      } catch (again) {
        if (!(again instanceof HostStopped || again instanceof PlayStopped)) return this.#trouble(again, false);
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

  #fail({ record, shared }: HostStopped): void {
    const { host, meeting, onLost } = this.#options;
    host.fatal ||= shared || this.#isFatal(record.task);
    if (onLost()) meeting.endAfter(record.point);
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

  #end({ everywhere }: PlayEnded): void {
    const { host, run, variables } = this.#options;
    host.ended = true;
    if (!everywhere) return;
    for (const name of variables.playHosts) {
      const other = run.hosts.get(name);
      if (other) other.ended = true;
    }
  }

  #lose(error: VezaError): void {
    const { host, run, section, meeting, onLost } = this.#options;
    const connection = connectionCodes.has(error.code);
    host.lost = connection ? 'unreachable' : 'failed';
    if (onLost()) meeting.endAfter(this.#converger.point);
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
