// Names that tasks notify must be those of handlers, or of what handlers listen to.
import type { Node, Play, Task } from './ast.ts';
import { isTemplate, suggestion } from './reader.ts';
import type { Reader } from './reader.ts';

/** Reports every constant `notify` that no handler of the play answers. */
export function checkNotifications(reader: Reader, play: Play): void {
  const names = new Set<string>();
  const patterns: RegExp[] = [];
  for (const handler of play.handlers) {
    for (const name of namesOf(handler)) {
      if (isTemplate(name)) patterns.push(patternOf(name));
      else names.add(name);
    }
  }
  const check = (task: Task) => {
    for (const { raw, where } of task.notify) {
      if (typeof raw !== 'string' || isTemplate(raw)) continue;
      if (names.has(raw) || patterns.some((pattern) => pattern.test(raw))) continue;
      const hint = suggestion(raw, names) ?? 'Define it under `handlers:` of the play or in a role that it uses.';
      reader.error(
        'unknown-handler',
        `no handler is named "${raw}" or listens to it`,
        { where, length: raw.length },
        hint,
      );
    }
  };
  for (const section of play.sections) eachTask(section.nodes, check);
  play.handlers.forEach(check);
}

/** Calls `use` with every task, those in blocks too. */
export function eachTask(nodes: readonly Node[], use: (task: Task) => void): void {
  for (const node of nodes) {
    if (node.kind === 'task') {
      use(node);
    } else {
      eachTask(node.nodes, use);
      eachTask(node.rescue, use);
      eachTask(node.always, use);
    }
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
