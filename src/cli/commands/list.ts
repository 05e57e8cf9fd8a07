// `--list-hosts`, `--list-tasks`, `--list-tags`, `--syntax-check`: what a run would be about, in Ansible's form or as JSON.
import { tasksOf } from '../../playbook/walk.ts';
import { createScope } from '../../language/scope.ts';
import type { Templated } from '../../language/value.ts';
import { VezaError } from '../../lib/errors.ts';
import type { Play, Task } from '../../playbook/ast.ts';
import { selectedByTags } from '../../playbook/tags.ts';
import { hostsOf, type LoadedRun } from '../load-run.ts';
import { print } from '../output.ts';
import { shownPath } from '../paths.ts';
import type { RunFlags } from '../run-flags.ts';

type ListFlags = Pick<RunFlags, 'json' | 'listHosts' | 'listTags' | 'listTasks' | 'skipTags' | 'tags'>;

interface ListedPlay {
  readonly name: string;
  readonly pattern: readonly string[];
  readonly tags: readonly string[];
  readonly hosts?: readonly string[];
  readonly tasks?: readonly ListedTask[];
  readonly taskTags?: readonly string[];
}

interface ListedTask {
  readonly name: string;
  readonly module: string;
  readonly tags: readonly string[];
  readonly file: string;
  readonly line: number;
}

/** Prints what the flags ask for; with none of the list flags, that the playbooks could be read. */
export function list(run: LoadedRun, flags: ListFlags): void {
  const playbooks = run.playbooks.map((playbook) => ({
    playbook: shownPath(playbook.file),
    plays: isListing(flags) ? playbook.plays.map((play) => listPlay(run, play, flags)) : [],
  }));
  if (flags.json) print(`${JSON.stringify({ playbooks }, null, 2)}\n`);
  else for (const { playbook, plays } of playbooks) print(`\nplaybook: ${playbook}\n${plays.map(playText).join('')}`);
}

function isListing({ listHosts, listTasks, listTags }: ListFlags): boolean {
  return listHosts === true || listTasks === true || listTags === true;
}

function listPlay(run: LoadedRun, play: Play, flags: ListFlags): ListedPlay {
  const pattern = patternOf(run, play);
  const tasks = play.sections
    .flatMap(({ nodes }) => tasksOf(nodes))
    .filter((task) => selectedByTags(task.tags, flags.tags ?? [], flags.skipTags ?? []));
  return {
    name: textOf(run, play, play.name) ?? pattern.join(','),
    pattern,
    tags: sorted(play.tags),
    ...(flags.listHosts ? { hosts: hostsOf(run, pattern.join(',')) } : {}),
    ...(flags.listTasks ? { tasks: tasks.map(listTask) } : {}),
    ...(flags.listTags ? { taskTags: sorted(tasks.flatMap((task) => task.tags)) } : {}),
  };
}

function listTask(task: Task): ListedTask {
  const own = typeof task.name?.raw === 'string' ? task.name.raw : task.module;
  const { file, line } = task.where;
  return {
    name: task.role ? `${task.role.name} : ${own}` : own,
    module: task.module,
    tags: sorted(task.tags),
    file: shownPath(file),
    line,
  };
}

function patternOf(run: LoadedRun, play: Play): readonly string[] {
  return (textOf(run, play, play.hosts) ?? '').split(',').map((term) => term.trim());
}

/** A text as far as it can be told before anything runs; as it is written where it cannot. */
function textOf(run: LoadedRun, play: Play, templated: Templated | undefined): string | null {
  if (!templated) return null;
  const scope = createScope([
    { kind: 'templated', variables: play.vars },
    { kind: 'templated', variables: run.loaded.extraVars },
  ]);
  try {
    const value = templated.evaluate(scope);
    return typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : String(templated.raw);
  } catch (error) {
    if (error instanceof VezaError) return String(templated.raw);
    throw error;
  }
}

function playText(play: ListedPlay, index: number): string {
  const lines = [
    `\n  play #${index + 1} (${play.pattern.join(',')}): ${play.name}\tTAGS: [${play.tags.join(', ')}]`,
    ...(play.hosts
      ? [
          `    pattern: [${play.pattern.map((term) => `'${term}'`).join(', ')}]`,
          `    hosts (${play.hosts.length}):`,
          ...play.hosts.map((host) => `      ${host}`),
        ]
      : []),
    ...(play.tasks
      ? ['    tasks:', ...play.tasks.map(({ name, tags }) => `      ${name}\tTAGS: [${tags.join(', ')}]`)]
      : []),
    ...(play.taskTags ? [`      TASK TAGS: [${play.taskTags.join(', ')}]`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
