// `veza-run show PLAN`: what a saved plan says, for people or as JSON. Nothing is read but the plan.
import { counted } from '../../adapters/reporters/format.ts';
import pc from 'picocolors';
import { readPlanFile } from '../../adapters/plan-file.ts';
import type { PlannedChange, PlannedTask, SavedPlan } from '../../engine/plan/model.ts';
import { readPlan } from '../../engine/plan/schema.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';

export interface ShowFlags {
  readonly json?: boolean;
  readonly detailedExitcode?: boolean;
}

/** Returns the exit code. */
export function showCommand(file: string, flags: ShowFlags): number {
  const plan = readPlan(readPlanFile(file), file);
  print(flags.json ? `${JSON.stringify(plan, null, 2)}\n` : describePlan(plan));
  const { changedTasks, unknownTasks } = plan.summary;
  return flags.detailedExitcode && changedTasks + unknownTasks > 0 ? exitCodes.pending : exitCodes.ok;
}

/** The plan in words. */
function describePlan(plan: SavedPlan): string {
  const { inputs } = plan;
  const options = Object.entries(inputs.options).map(
    ([name, value]) => `${name}: ${typeof value === 'object' ? value.join(', ') : String(value)}`,
  );
  const variables = Object.keys(inputs.extraVars);
  const lines = [
    `Plan of ${plan.createdAt} for ${inputs.playbooks.join(' ')}`,
    ...(options.length > 0 ? [`  ${options.join('; ')}`] : []),
    ...(variables.length > 0 ? [`  extra variables: ${variables.join(', ')} (their values must be given again)`] : []),
    ...plan.hosts.flatMap(({ name, tasks }) => [
      '',
      pc.bold(name),
      ...(tasks.length === 0 ? ['  nothing to do'] : tasks.flatMap(describeTask)),
    ]),
    '',
    summary(plan),
  ];
  return `${lines.join('\n')}\n`;
}

const signs = { create: '+', update: '~', delete: '-', run: '>', 'no-op': ' ' } as const;

function describeTask(task: PlannedTask): readonly string[] {
  const handler = task.handler ? ' (handler)' : '';
  const delegated = task.delegatedBy === undefined ? '' : ` (delegated by ${task.delegatedBy})`;
  return [
    `  ${task.name}${handler}${delegated}  ${pc.dim(task.where)}`,
    ...task.changes.map((change) => `    ${colour(change)(`${signs[change.action]} ${describeChange(change)}`)}`),
    ...(task.unknown ?? []).map((reason) => `    ${pc.yellow(`? unknown: ${reason}`)}`),
    ...(task.assuming === undefined ? [] : [`    ${pc.dim(`assuming that "${task.assuming}" leaves it alone`)}`]),
  ];
}

function describeChange({ resource, action, after }: PlannedChange): string {
  const what = resource ?? (action === 'run' ? 'run a command' : `${action} what no_log hides`);
  const attributes = action === 'update' ? ` (${Object.keys(after ?? {}).join(', ')})` : '';
  return `${what}${attributes}`;
}

function colour({ action }: PlannedChange): (text: string) => string {
  return action === 'create' ? pc.green : action === 'delete' ? pc.red : pc.yellow;
}

function summary({ summary: { hosts, actions, changedTasks, unknownTasks } }: SavedPlan): string {
  const counts = `${actions.create} to create, ${actions.update} to update, ${actions.delete} to delete, ${actions.run} to run`;
  const unknown = unknownTasks > 0 ? `; ${unknownTasks} tasks unknown until they run` : '';
  return `${counted(hosts, 'host')}, ${counted(changedTasks, 'task')} with changes: ${counts}${unknown}`;
}
