// What of a run people hold back: the tasks before `--start-at-task`, and with `--step` those that they say no to.
import { VezaError } from '../lib/errors.ts';
import { nearestName } from '../lib/suggest.ts';
import type { Playbook, Task } from '../playbook/ast.ts';
import type { TaskInfo } from './events.ts';
import { tasksOf } from '../playbook/walk.ts';
import type { EngineOptions } from './options.ts';

export interface Gate {
  /** All hosts meet at every task, since somebody is asked about it. */
  readonly asks: boolean;
  /** Whether the task shall be worked. Asked once for all hosts. */
  wants(task: TaskInfo): Promise<boolean>;
  /** Whether the task comes before the one to start at. */
  isBeforeStart(task: Task): boolean;
}

/** Throws VezaError `unknown-task` where nothing has the name of `startAtTask`. */
export function gateOf({ step, startAtTask, playbooks }: EngineOptions): Gate {
  const skipped = startAtTask === undefined ? new Set<Task>() : tasksBefore(startAtTask, playbooks);
  let asks = step !== undefined;
  return {
    get asks() {
      return asks;
    },
    async wants(task) {
      if (!step || !asks) return true;
      const answer = await step(task);
      if (answer === 'continue') asks = false;
      return answer !== 'no';
    },
    isBeforeStart: (task) => skipped.has(task),
  };
}

function tasksBefore(pattern: string, playbooks: readonly Playbook[]): Set<Task> {
  const all = playbooks.flatMap(({ plays }) =>
    plays.flatMap(({ sections }) => sections.flatMap(({ nodes }) => tasksOf(nodes))),
  );
  const fits = globOf(pattern);
  const start = all.findIndex((task) => namesOf(task).some((name) => fits.test(name)));
  if (start === -1) {
    const names = all.flatMap(namesOf);
    const near =
      nearestName(pattern, names) ?? names.find((name) => name.toLowerCase().includes(pattern.toLowerCase()));
    throw new VezaError('unknown-task', `there is no task "${pattern}" to start at`, {
      hint:
        near === undefined
          ? 'the names of tasks are shown by --list-tasks; * and ? stand for anything'
          : `did you mean "${near}"? Tasks that an include reads while the run goes on cannot be started at`,
    });
  }
  return new Set(all.slice(0, start));
}

/** `role : name` and the name alone, as written; without a name the module. */
function namesOf({ name, role, module }: Task): readonly string[] {
  const own = name === undefined ? module : String(name.raw);
  return role ? [own, `${role.name} : ${own}`] : [own];
}

/** `*`, `?` and `[abc]`, as in file names. */
function globOf(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[^\]]+\]|[*?]|[\\^$.|+(){}[\]]/g, (part) => {
    if (part === '*') return '[\\s\\S]*';
    if (part === '?') return '[\\s\\S]';
    if (part.length > 1) return `[${part.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}
