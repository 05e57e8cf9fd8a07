// The tasks of a play in the order in which they are written, blocks opened.
import type { Node, Play, Task } from '../playbook/ast.ts';

/** Tasks below these nodes; those of rescue and always too. */
export function* tasksOfNodes(nodes: readonly Node[]): Iterable<Task> {
  for (const node of nodes) {
    if (node.kind === 'task') {
      yield node;
      continue;
    }
    yield* tasksOfNodes(node.nodes);
    yield* tasksOfNodes(node.rescue);
    yield* tasksOfNodes(node.always);
  }
}

/** Those of all sections, then handlers. */
export function* tasksOfPlay(play: Play): Iterable<Task> {
  for (const { nodes } of play.sections) yield* tasksOfNodes(nodes);
  yield* play.handlers;
}
