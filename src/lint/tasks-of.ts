// The tasks of a play in the order in which they are written, with all that includes are known to lead to.
import type { Play, Task } from '../playbook/ast.ts';
import { tasksOf } from '../playbook/walk.ts';

/** Those of all sections, then handlers. */
export function tasksOfPlay(play: Play): readonly Task[] {
  return [...play.sections.flatMap(({ nodes }) => tasksOf(nodes)), ...tasksOf(play.handlerNodes)];
}
