// When a host works a task: alone, together with the others who come to it, in its turn, or not, since another does it for all.
import { type ChangeQueue, HostStopped } from './change-queue.ts';
import type { Converger, SectionContext } from './converge.ts';
import { pointAfter, type Point } from './meeting.ts';
import { overSignal } from './options.ts';
import { PlayEnded } from './orders.ts';
import type { TaskRecord } from './record.ts';
import { askForFacts } from './resolve.ts';
import { isOutOfReach, meets, planOf, type Plan } from './scheduling.ts';
import type { TaskRun } from './task-run.ts';

/** Too many other hosts were lost: the play ends for this one too. */
export class PlayStopped extends Error {}

export class Turns {
  readonly #converger: Converger;
  readonly #context: SectionContext;
  readonly #queue: ChangeQueue;
  readonly #tasks: TaskRun;
  readonly #over: AbortSignal;
  #changesBeside = 0;
  /** The play has ended; what is left is cleaning up. */
  #windsUp = false;

  constructor(converger: Converger, tasks: TaskRun) {
    const { context, queue } = converger;
    this.#converger = converger;
    this.#context = context;
    this.#queue = queue;
    this.#tasks = tasks;
    this.#over = overSignal(context.run.options);
  }

  /** Works the task when it is this host's turn. Returns the point where the host is then. Throws as Converger.section. */
  async take(record: TaskRecord): Promise<Point> {
    const { host, meeting } = this.#context;
    await askForFacts(this.#converger, record.task);
    const plan = planOf(record.task, this.#context);
    if (meets(record.task, this.#context)) {
      await this.#meet(record, plan);
      return pointAfter(record.point);
    }
    // What waits to be applied is not done yet.
    if (this.#queue.empty) meeting.pass(host.host.name, record.point);
    await this.#work(record, plan);
    return record.point;
  }

  /** Throws PlayEnded or PlayStopped where the play is over for this host before it comes to a point. */
  async goesOn(point: Point): Promise<void> {
    const { host, meeting } = this.#context;
    if (host.ended) throw new PlayEnded('host');
    const end = meeting.end;
    // Who is lost already only runs its handlers (`force_handlers`).
    if (this.#windsUp || host.lost !== null || end === null || !meeting.endsBefore(point)) return;
    this.#windsUp = true;
    // What comes after the task that ended the play was decided, but it shall not happen.
    this.#queue.drop(end);
    await this.#queue.flush();
    throw new PlayStopped();
  }

  /** All hosts come to the task before any works it, and nobody goes on before it is done. */
  async #meet(record: TaskRecord, plan: Plan): Promise<void> {
    const { run, host, meeting } = this.#context;
    const { task, point } = record;
    const signal = this.#over;
    const { name } = host.host;
    await this.#queue.flush();
    const works = plan.once
      ? await meeting.reachAndLead(name, point, task, signal)
      : await meeting.reach(name, point, signal).then(() => true);
    await this.goesOn(point);
    this.#seeAnew();
    if (await meeting.agreed(point, task, () => run.gate.wants(record.info))) {
      if (works && plan.once) await this.#workForAll(record, plan);
      else if (works) await this.#work(record, plan);
      await this.#queue.flush();
    }
    await meeting.reach(name, pointAfter(point), signal);
    if (!works) this.#follow(record);
  }

  async #workForAll(record: TaskRecord, plan: Plan): Promise<void> {
    const { run, play, meeting } = this.#context;
    const tell = (failed: boolean) => {
      // Ansible's: the lost ones too, so that `hostvars` has it.
      for (const name of plan.shares ? play.batchHosts : [])
        Object.assign(run.hosts.get(name)?.facts ?? {}, Object.fromEntries(record.facts));
      meeting.tell(record.point, record.task, { record, failed });
    };
    try {
      await this.#work(record, plan);
      await this.#queue.flush();
      tell(false);
    } catch (error) {
      if (error instanceof HostStopped) tell(true);
      throw error;
    }
  }

  /** Takes part in what another host did for all. */
  #follow({ point, task }: TaskRecord): void {
    const { meeting } = this.#context;
    if (meeting.refused(point, task)) return;
    const told = meeting.told(point, task);
    if (!told) throw new PlayStopped();
    if (told.failed) throw new HostStopped(told.record, true);
  }

  /** What others have changed in the meantime may matter here: shared storage, a cluster, a database. */
  #seeAnew(): void {
    const { run, host, meeting } = this.#context;
    const changes = meeting.changesBeside(host.host.name);
    if (changes !== this.#changesBeside && !run.options.checkMode) host.forget();
    this.#changesBeside = changes;
  }

  async #work(record: TaskRecord, plan: Plan): Promise<void> {
    const { meeting } = this.#context;
    const { throttle, ignoresUnreachable, problem } = plan;
    if (throttle === 0 && !ignoresUnreachable) return this.#tasks.work(record, problem);
    // What others may not do at the same time, and what may break off, is not mixed with the changes of other tasks.
    await this.#queue.flush();
    const work = async () => {
      await this.#tasks.work(record, problem);
      await this.#queue.flush();
    };
    try {
      await (throttle > 0 ? meeting.throttled(record.task, throttle, work) : work());
    } catch (error) {
      if (!ignoresUnreachable || !isOutOfReach(error)) throw error;
      await this.#tasks.outOfReach(record, error);
    }
  }
}
