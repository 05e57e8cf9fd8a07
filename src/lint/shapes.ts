// Finds conditions that can never be true or false by their shape, in every task of every play.
import type { Expression } from '../language/value.ts';
import type { Task } from '../playbook/ast.ts';
import { shapeProblem } from './conditions.ts';
import type { Findings } from './findings.ts';
import type { LintOptions } from './options.ts';
import { tasksOfPlay } from './tasks-of.ts';

/** The conditions that are wrong in themselves: evaluating them would tell the same again. */
export function checkShapes(options: LintOptions, findings: Findings): ReadonlySet<Expression> {
  const seen = new Set<Expression>();
  const wrong = new Set<Expression>();
  for (const { plays } of options.playbooks) {
    for (const play of plays) {
      for (const task of tasksOfPlay(play)) {
        for (const [keyword, expressions] of conditionsOf(task)) {
          for (const expression of expressions) {
            if (seen.has(expression)) continue;
            seen.add(expression);
            const problem = shapeProblem(expression, keyword);
            if (!problem) continue;
            wrong.add(expression);
            findings.add(problem);
          }
        }
      }
    }
  }
  return wrong;
}

function conditionsOf(task: Task): readonly (readonly [string, readonly Expression[]])[] {
  const { when, until, changedWhen, failedWhen, expressions } = task;
  return [
    ['when', when],
    ['until', until ?? []],
    ['changed_when', changedWhen ?? []],
    ['failed_when', failedWhen ?? []],
    ['that', expressions ?? []],
  ];
}
