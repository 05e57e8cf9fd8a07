// Before the first host is touched: what includes with templates in their names would read by the variables of the play
// and the inventory is read already, so that its mistakes are told with all others. What is not known yet says nothing.
import type { Diagnostic } from '../lib/diagnostic.ts';
import { VezaError } from '../lib/errors.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Include, Inclusion, Play } from '../playbook/ast.ts';
import { includesOf } from '../playbook/walk.ts';
import { unknownIn } from './arguments.ts';
import { conditionsHold } from './decide.ts';
import type { HostRun } from './host.ts';
import { expandLoop } from './loop.ts';
import { isUnknown } from '../core/unknown.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

/** Mistakes in the files that includes of the play lead to on these hosts, each once. Files that are missing may be made yet. */
export function earlyIncludeProblems(
  run: RunState,
  play: Play,
  variables: PlayVariables,
  hosts: readonly HostRun[],
): readonly Diagnostic[] {
  const nodes = [...play.sections.flatMap((section) => section.nodes), ...play.handlerNodes];
  const found = new Set<Inclusion>();
  for (const include of includesOf(nodes).filter(({ known }) => !known)) {
    for (const host of hosts) for (const inclusion of inclusionsOf(run, host, variables, include)) found.add(inclusion);
  }
  const problems = [...found].flatMap(({ diagnostics }) => diagnostics.filter(isCertain));
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** What another value of a variable would not mend. */
function isCertain({ severity, code }: Diagnostic): boolean {
  return severity === 'error' && code !== 'file-not-found' && code !== 'unknown-role' && code !== 'include-depth';
}

function inclusionsOf(run: RunState, host: HostRun, play: PlayVariables, include: Include): readonly Inclusion[] {
  const { task } = include;
  try {
    const items = expandLoop(task, scopeOf(run, host, play, task));
    if (isUnknown(items)) return [];
    return items.flatMap((item) => {
      const scope = scopeOf(run, host, play, task, item?.variables);
      if (conditionsHold(task.when, scope) !== true) return [];
      const args = task.args.evaluate(scope);
      return unknownIn(args) || !isJsonObject(args) ? [] : [include.read(args)];
    });
  } catch (error) {
    // What it needs may be set by then.
    if (error instanceof VezaError) return [];
    throw error;
  }
}
