// What tasks order the run itself to do: `meta`, and `pause`.
import type { MetaAction, PauseOrder } from '../core/orders.ts';
import { VezaError } from '../lib/errors.ts';
import type { Task } from '../playbook/ast.ts';
import type { Converger, SectionContext } from './converge.ts';
import type { HostRun } from './host.ts';
import { overSignal } from './options.ts';
import type { ItemRecord, TaskRecord } from './record.ts';
import type { RunState } from './variables.ts';

/** `meta: end_host`, `end_batch` and `end_play`. */
export class PlayEnded extends Error {
  readonly reach: 'host' | 'batch' | 'play';
  constructor(reach: PlayEnded['reach']) {
    super('the play ended');
    this.reach = reach;
  }
}

/** Does what `meta` says, after all that was decided before it; `connected` is whose connections it means. Throws PlayEnded, VezaError. */
export async function obeyMeta(
  converger: Converger,
  task: Task,
  action: MetaAction,
  connected: HostRun,
): Promise<void> {
  const { run, host, play, flushHandlers, clearErrors } = converger.context;
  await converger.queue.flush();
  switch (action) {
    case 'noop':
      return;
    case 'flush_handlers':
      return flushHandlers();
    case 'reset_connection':
      return connected.reset();
    case 'clear_host_errors':
      return clearErrors();
    case 'clear_facts':
      for (const name of play.playHosts) run.hosts.get(name)?.gathered.clear();
      return;
    case 'refresh_inventory':
      if (run.options.rereadInventory) run.inventory.refresh(run.options.rereadInventory());
      run.admit(run.inventory.hosts.values());
      return;
    case 'end_role':
      if (!task.role)
        throw new VezaError('not-in-a-role', '`meta: end_role` is for tasks of roles', { where: task.where });
      host.endedRoles.add(task.role);
      return;
    case 'end_host':
      throw new PlayEnded('host');
    case 'end_batch':
      throw new PlayEnded('batch');
    case 'end_play':
      throw new PlayEnded('play');
    default:
      action satisfies never;
  }
}

/** Its role was ended for the host (`meta: end_role`). */
export function isOfEndedRole({ host, infoOf }: SectionContext, task: Task): boolean {
  const { role } = task;
  return role !== undefined && !infoOf(task).handler && [role, ...role.parents].some((one) => host.endedRoles.has(one));
}

/** Answers by run and question. */
const asked = new WeakMap<RunState, Map<string, Promise<string>>>();

/** Every host waits its own time; a question is asked once for all hosts of a batch. */
export async function obeyPause(
  converger: Converger,
  record: TaskRecord,
  item: ItemRecord,
  order: PauseOrder,
): Promise<void> {
  const { run, play } = converger.context;
  if (await converger.queue.flushFor(record)) return;
  const signal = overSignal(run.options);
  if (order.kind === 'sleep') {
    await run.options.clock.sleep(order.milliseconds, signal);
    return;
  }
  const { ask } = run.options;
  if (!ask) {
    item.message = 'nobody was asked: there is no terminal';
    return;
  }
  const answers = asked.get(run) ?? new Map<string, Promise<string>>();
  asked.set(run, answers);
  const key = JSON.stringify([record.task.where, play.batchHosts, item.index]);
  const answer = answers.get(key) ?? ask(order.prompt, { echo: order.echo, signal });
  answers.set(key, answer);
  const input = await answer;
  const own = item.result(item);
  item.result = () => ({ ...own, user_input: input });
}
