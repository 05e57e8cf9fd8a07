// Which handlers the notified names mean, and what has to be converged for them.
import type { Node, Task } from '../playbook/ast.ts';

/** A handler, or a block of them whose rescue and always are for all its handlers. */
export interface HandlerEntry {
  readonly node: Node;
  /** Those that can be notified. */
  readonly handlers: readonly Task[];
}

/** In definition order; blocks that only group are opened. */
export function handlerEntries(nodes: readonly Node[]): HandlerEntry[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'task') return [{ node, handlers: [node] }];
    if (node.kind === 'include') return [{ node, handlers: [node.task] }];
    const inner = handlerEntries(node.nodes);
    if (node.rescue.length === 0 && node.always.length === 0) return inner;
    return [{ node, handlers: inner.flatMap(({ handlers }) => handlers) }];
  });
}

/** The handlers that answer: of several with the same name the last one, and all that listen. `namesOf` gives names as people see them. */
export function handlersNotified(
  names: ReadonlySet<string>,
  handlers: readonly Task[],
  nameOf: (handler: Task) => string,
): Set<Task> {
  const notified = new Set<Task>();
  for (const name of names) {
    const named = handlers.findLast((handler) => ownNames(handler, nameOf(handler)).includes(name));
    if (named) notified.add(named);
    for (const handler of handlers) if (handler.listen.includes(name)) notified.add(handler);
  }
  return notified;
}

/** `role : name` and the name alone; names with templates are known by now. */
function ownNames(handler: Task, name: string): readonly unknown[] {
  if (!handler.name) return [];
  return handler.role ? [name, name.slice(handler.role.name.length + 3), handler.name.raw] : [name, handler.name.raw];
}

/** What to converge for an entry: of a block only the handlers that are due, with its rescue and always. */
export function dueNode(node: Node, due: ReadonlySet<Task>): Node {
  if (node.kind !== 'block') return node;
  const nodes = node.nodes.filter((inner) =>
    handlerEntries([inner]).some(({ handlers }) => handlers.some((one) => due.has(one))),
  );
  return { ...node, nodes: nodes.map((inner) => dueNode(inner, due)) };
}
