// One item of an include on one host: opened, its roles' arguments checked, its handlers and roles made known.
import { DiagnosticsError } from '../lib/errors.ts';
import type { Include, Inclusion } from '../playbook/ast.ts';
import type { Converger } from './converge.ts';
import { openInclude } from './includes.ts';
import type { ItemRecord } from './record.ts';
import { roleProblems } from './role-arguments.ts';

/** Finds what the item leads to (`item.inclusion`). Throws VezaError for mistakes in it and in what it names. */
export async function openItem(
  converger: Converger,
  include: Include,
  item: ItemRecord,
  scope: () => ItemRecord['scope'],
): Promise<void> {
  const { adopt } = converger.context;
  const opening = await converger.resolved(
    () => openInclude(include, scope(), item.loopVariables),
    ({ kind }) => kind === 'unknown',
  );
  if (opening.kind === 'skip') {
    item.status = 'skipped';
    return;
  }
  const { inclusion } = opening;
  if (inclusion) adopt(inclusion, include.task);
  if (opening.kind === 'unknown') {
    item.status = 'unknown';
    item.message = opening.unknown.reason;
  } else {
    bring(converger, opening.inclusion);
    item.result = () => ({ include: opening.inclusion.name, include_args: {} });
  }
  if (inclusion) item.inclusion = inclusion;
}

/** Throws DiagnosticsError with all that is wrong with the arguments of its roles. */
function bring({ context }: Converger, inclusion: Inclusion): void {
  const { run, host, play } = context;
  const problems = inclusion.roles.flatMap((role) => roleProblems(run, host, play, role, { early: false }));
  if (problems.length > 0) throw new DiagnosticsError(problems);
  host.includedHandlers.push(...inclusion.handlers);
  host.includedRoles.push(...inclusion.roles);
}
