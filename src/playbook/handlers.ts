// Names that tasks notify must be those of handlers, or of what handlers listen to.
import { suggestion } from '../lib/suggest.ts';
import type { Node, Play, Task } from './ast.ts';
import { isTemplate } from './reader.ts';
import type { Reader } from './reader.ts';
import { includesOf, notifiable, tasksOf } from './walk.ts';

/** Reports every constant `notify` that no handler of the play answers. */
export function checkNotifications(reader: Reader, play: Play): void {
  const nodes: readonly Node[] = [...play.sections.flatMap((section) => section.nodes), ...play.handlerNodes];
  const includes = includesOf(nodes);
  // What is read only later may bring the handler.
  if (includes.some(({ known, task }) => !known && task.module === 'include_role')) return;
  const handlers = [...play.handlers, ...includes.flatMap(({ known }) => notifiable(known?.handlers ?? []))];
  const answers = handlerNames(handlers);
  for (const task of tasksOf(nodes)) checkTask(reader, task, answers);
}

interface HandlerNames {
  readonly names: ReadonlySet<string>;
  /** Of names with templates. */
  readonly patterns: readonly RegExp[];
}

function handlerNames(handlers: readonly Task[]): HandlerNames {
  const all = handlers.flatMap(namesOf);
  return { names: new Set(all.filter((name) => !isTemplate(name))), patterns: all.filter(isTemplate).map(patternOf) };
}

function checkTask(reader: Reader, task: Task, { names, patterns }: HandlerNames): void {
  for (const { raw, where } of task.notify) {
    if (typeof raw !== 'string' || isTemplate(raw)) continue;
    if (names.has(raw) || patterns.some((pattern) => pattern.test(raw))) continue;
    const hint = suggestion(raw, names) ?? 'Define it under `handlers:` of the play or in a role that it uses.';
    const message = `no handler is named "${raw}" or listens to it`;
    reader.error('unknown-handler', message, { where, length: raw.length }, hint);
  }
}

/** A handler's own name, the same with its role's before it, and what it listens to. */
function namesOf(handler: Task): readonly string[] {
  const name = handler.name?.raw;
  if (typeof name !== 'string') return handler.listen;
  return handler.role ? [name, `${handler.role.name} : ${name}`, ...handler.listen] : [name, ...handler.listen];
}

/** What a name with templates may become. */
function patternOf(name: string): RegExp {
  const fixed = name.split(/\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}/s);
  return new RegExp(`^${fixed.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')}$`, 's');
}
