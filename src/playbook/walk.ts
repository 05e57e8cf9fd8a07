// Ways through a playbook's nodes.
import type { Include, Node, Task } from './ast.ts';

/** All tasks in order, those of blocks too; an include is its own task, then what it is known to lead to. */
export function tasksOf(nodes: readonly Node[]): Task[] {
  return flattened(nodes).flatMap((step) =>
    step.kind === 'task' ? [step] : [step.task, ...tasksOf(step.known?.nodes ?? [])],
  );
}

/** As tasksOf, but includes stay closed. */
export function flattened(nodes: readonly Node[]): (Task | Include)[] {
  return nodes.flatMap((node) =>
    node.kind === 'block' ? [...flattened(node.nodes), ...flattened(node.rescue), ...flattened(node.always)] : [node],
  );
}

/** All includes in order, those within what others are known to lead to as well. */
export function includesOf(nodes: readonly Node[]): Include[] {
  return flattened(nodes).flatMap((step) =>
    step.kind === 'task' ? [] : [step, ...includesOf(step.known?.nodes ?? [])],
  );
}

/** What can be notified: an include among handlers is one, what it leads to is not; rescue and always are not either. */
export function notifiable(nodes: readonly Node[]): Task[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'task') return [node];
    return node.kind === 'include' ? [node.task] : notifiable(node.nodes);
  });
}
