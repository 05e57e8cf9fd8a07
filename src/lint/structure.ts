// What is wrong with how a play is put together: handlers nobody notifies, names that hide others, keywords without
// effect, tags that select nothing. Nothing is evaluated here.
import type { Inventory } from '../inventory/model.ts';
import type { Position } from '../lib/diagnostic.ts';
import { nearestName } from '../lib/suggest.ts';
import type { Play, Task } from '../playbook/ast.ts';
import { selectedByTags } from '../playbook/tags.ts';
import type { Findings } from './findings.ts';
import type { LintOptions } from './options.ts';
import { tasksOfPlay } from './tasks-of.ts';

/** Checks plays one by one, and the tags that were asked for over all of them. */
export function checkStructure(options: LintOptions, findings: Findings): void {
  for (const { file, plays } of options.playbooks) {
    for (const play of plays) {
      checkHandlers(play, file, options, findings);
      for (const task of new Set(tasksOfPlay(play))) {
        checkBecome(task, options, findings);
        checkRegister(task, play, options, findings);
        if (options.mode === 'lint') checkNever(task, findings);
      }
    }
  }
  checkTags(options, findings);
}

/** Handlers of the play itself; those of roles are there for whoever uses the role. */
function checkHandlers(play: Play, file: string, options: LintOptions, findings: Findings): void {
  if (options.incomplete) return;
  const notified = new Set<string>();
  const patterns: RegExp[] = [];
  for (const task of tasksOfPlay(play)) {
    for (const { raw } of task.notify) {
      if (typeof raw !== 'string') return;
      if (raw.includes('{{')) patterns.push(patternOf(raw));
      else notified.add(raw);
    }
  }
  for (const handler of play.handlers) {
    const name = handler.name?.raw;
    if (handler.role || handler.where.file !== file || typeof name !== 'string' || name.includes('{{')) continue;
    const names = [name, ...handler.listen];
    if (names.some((one) => notified.has(one) || patterns.some((pattern) => pattern.test(one)))) continue;
    findings.add({
      severity: 'warning',
      code: 'unused-handler',
      message: `nothing notifies the handler "${name}"`,
      where: handler.name?.where ?? handler.where,
      length: name.length,
      hint: `Add \`notify: ${name}\` to the tasks after whose changes it is to run, or remove it.`,
    });
  }
}

function patternOf(text: string): RegExp {
  const fixed = text.split(/\{\{.*?\}\}/s);
  return new RegExp(`^${fixed.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')}$`, 's');
}

/** `become_user` says who to become, not that anything is to become somebody. */
function checkBecome(task: Task, options: LintOptions, findings: Findings): void {
  const { become, becomeUser } = task;
  if (!becomeUser || become || options.become || inventoryHas(options.inventory, 'ansible_become')) return;
  findings.add({
    severity: 'warning',
    code: 'become-user-alone',
    message: '"become_user" does nothing without "become"',
    where: becomeUser.where,
    length: typeof becomeUser.raw === 'string' ? becomeUser.raw.length : 1,
    hint: 'Add `become: true` beside it.',
  });
}

function inventoryHas(inventory: Inventory | null, name: string): boolean {
  if (!inventory) return false;
  return [...inventory.hosts.values()].some(({ layers }) => layers.some(({ variables }) => variables.has(name)));
}

/** A result under the name of a variable hides the variable from then on. */
function checkRegister(task: Task, play: Play, { inventory, sources }: LintOptions, findings: Findings): void {
  const name = task.register;
  if (name === undefined) return;
  const roles = task.role ? [task.role, ...task.role.parents] : [];
  const holder = roles.find(({ vars, defaults }) => vars.has(name) || defaults.has(name));
  const variable: Position | undefined = holder
    ? (holder.vars.get(name) ?? holder.defaults.get(name))?.where
    : (play.vars.get(name)?.where ?? placeInInventory(inventory, name));
  if (!variable) return;
  findings.add({
    severity: 'warning',
    code: 'shadowed-variable',
    message: `the result of this task hides the variable ${name} from every later task`,
    ...placeOfWord(sources, task.where, 'register', name),
    hint: `The variable is at ${variable.file}:${variable.line}; register the result under another name.`,
  });
}

/** Where a task's text says `register: NAME`, of which the tree keeps no place. */
function placeOfWord(
  sources: ReadonlyMap<string, string>,
  where: Position,
  keyword: string,
  value: string,
): { readonly where: Position; readonly length: number } {
  const lines = sources.get(where.file)?.split('\n') ?? [];
  const pattern = new RegExp(`\\b${keyword}:\\s*["']?(?=${value}\\b)`);
  for (let line = where.line; line < where.line + 60 && line <= lines.length; line += 1) {
    const match = pattern.exec(lines[line - 1] ?? '');
    if (match) return { where: { ...where, line, column: match.index + match[0].length + 1 }, length: value.length };
  }
  return { where, length: 1 };
}

function placeInInventory(inventory: Inventory | null, name: string): Position | undefined {
  for (const { layers } of inventory?.hosts.values() ?? []) {
    for (const { variables } of layers) {
      const found = variables.get(name);
      if (found) return found.where;
    }
  }
  return undefined;
}

/** `never` beside no other tag: only `--tags never`, which runs all of its kind, can select the task. */
function checkNever(task: Task, findings: Findings): void {
  if (!task.tags.includes('never') || task.tags.some((tag) => tag !== 'never')) return;
  findings.add({
    severity: 'info',
    code: 'unreachable-task',
    message: 'no tag but "never" selects this task',
    where: task.where,
    hint: 'Give it a tag of its own beside `never`, and run it with --tags.',
  });
}

const specialTags = ['all', 'tagged', 'untagged', 'always', 'never'];

/** Tags of the command line that no task has. */
function checkTags({ playbooks, tags, skipTags, incomplete }: LintOptions, findings: Findings): void {
  if (incomplete || tags.length + skipTags.length === 0) return;
  const tasks = playbooks.flatMap(({ plays }) => plays.flatMap((play) => [...tasksOfPlay(play)]));
  const existing = new Set(tasks.flatMap((task) => task.tags));
  let unknown = 0;
  for (const [option, given] of [
    ['--tags', tags],
    ['--skip-tags', skipTags],
  ] as const) {
    for (const tag of given) {
      if (existing.has(tag) || specialTags.includes(tag)) continue;
      unknown += 1;
      const near = nearestName(tag, existing);
      const all = [...existing].filter((one) => !specialTags.includes(one)).sort();
      const list =
        all.length === 0
          ? 'No task has a tag.'
          : `Tags are ${all.slice(0, 12).join(', ')}${all.length > 12 ? ', ...' : ''}.`;
      findings.add({
        severity: 'warning',
        code: 'unknown-tag',
        message: `no task has the tag "${tag}" of ${option}`,
        hint: near === null ? list : `Did you mean "${near}"?`,
      });
    }
  }
  if (unknown > 0) return;
  if (tags.length > 0 && tasks.length > 0 && !tasks.some((task) => selectedByTags(task.tags, tags, skipTags))) {
    const hint = 'Run with --list-tags to see what there is.';
    findings.add({
      severity: 'warning',
      code: 'nothing-selected',
      message: '--tags and --skip-tags leave no task',
      hint,
    });
  }
}
