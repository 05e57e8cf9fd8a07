// Keywords that are read and that the engine does not act on yet: said before anything is touched, never ignored.
import type { Diagnostic } from '../lib/diagnostic.ts';
import type { Playbook, Task } from '../playbook/ast.ts';
import { tasksOf } from '../playbook/walk.ts';

const keywords = {
  delegateTo: 'delegate_to',
  runOnce: 'run_once',
  throttle: 'throttle',
  ignoreUnreachable: 'ignore_unreachable',
} as const;

/** One diagnostic for each use of a keyword that would not be honoured. */
export function unsupportedKeywords(playbook: Playbook): readonly Diagnostic[] {
  const tasks = playbook.plays.flatMap((play) => [
    ...play.sections.flatMap(({ nodes }) => tasksOf(nodes)),
    ...tasksOf(play.handlerNodes),
  ]);
  return tasks.flatMap((task: Task) =>
    Object.entries(keywords).flatMap(([property, keyword]): Diagnostic[] => {
      const templated = task[property as keyof typeof keywords];
      if (templated === undefined || templated.raw === false) return [];
      return [
        {
          severity: 'error',
          code: 'unsupported-keyword',
          message: `\`${keyword}\` is not supported yet`,
          where: templated.where,
          hint: 'the task would run on every host of the play; remove the keyword, or use a play of its own',
        },
      ];
    }),
  );
}
