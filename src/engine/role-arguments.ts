// Checks a role's arguments against its specification before the play touches a host.
import { isUnknown } from '../core/unknown.ts';
import { VezaError } from '../lib/errors.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Include, Play, RoleUse, Section, Task } from '../playbook/ast.ts';
import { flattened } from '../playbook/walk.ts';
import type { HostRun } from './host.ts';
import { schemaMessages } from './schema-messages.ts';
import { ownerOf, scopeOf, type PlayVariables, type RunState } from './variables.ts';

/** The roles whose first task is in this section of the play. Those that an include brings are checked when it is opened. */
export function rolesBeginningIn(play: Play, section: Section): readonly RoleUse[] {
  const before = play.sections.slice(0, play.sections.indexOf(section));
  const known = new Set(before.flatMap(({ nodes }) => rolesOfSteps(flattened(nodes))));
  return rolesOfSteps(flattened(section.nodes)).filter((role) => !known.has(role));
}

function rolesOfSteps(steps: readonly (Task | Include)[]): readonly RoleUse[] {
  const roles = steps
    .map((step) => (step.kind === 'task' ? step : step.task).role)
    .filter((role) => role !== undefined);
  return [...new Set(roles.flatMap((role) => [...role.parents, role]))];
}

/**
 * Everything that is wrong with the arguments of the play's roles on this host. `early`: before the run, when
 * what earlier plays will set is not there yet, so that a missing variable says nothing.
 */
export function roleArgumentProblems(
  run: RunState,
  host: HostRun,
  variables: PlayVariables,
  options: { readonly early: boolean; readonly roles?: readonly RoleUse[] },
): readonly Diagnostic[] {
  return (options.roles ?? variables.roles).flatMap((role) => roleProblems(run, host, variables, role, options));
}

/** As roleArgumentProblems, for one role. */
export function roleProblems(
  run: RunState,
  host: HostRun,
  variables: PlayVariables,
  role: RoleUse,
  { early }: { readonly early: boolean },
): Diagnostic[] {
  const schema = role.argumentSchema;
  const properties = schema?.['properties'];
  if (!schema || !isJsonObject(properties)) return [];
  const scope = scopeOf(run, host, variables, ownerOf(role));
  const diagnostics: Diagnostic[] = [];
  const given: Record<string, unknown> = {};
  const owner = `role "${role.name}"`;
  for (const name of Object.keys(properties)) {
    try {
      const value = scope.get(name);
      if (value !== undefined && !isUnknown(value)) given[name] = value;
    } catch (error) {
      if (!(error instanceof VezaError)) throw error;
      if (early && error.code === 'undefined-variable') continue;
      const hint = error.hint ? { hint: error.hint } : {};
      diagnostics.push({
        severity: 'error',
        code: error.code,
        message: `${owner}: ${error.message}`,
        where: error.where ?? role.where,
        ...hint,
      });
    }
  }
  for (const { property, message, hint, value } of schemaMessages(schema, given, { missing: !early })) {
    diagnostics.push({
      severity: 'error',
      code: 'invalid-role-argument',
      message: `${owner}: ${message}`,
      where: givenAt(role, property) ?? role.where,
      hint: hint ?? (isNumberAsText(value) ? textHint : `see ${role.path}/README.md for its variables`),
    });
  }
  return diagnostics;
}

/** Where the use of the role gives this argument. */
function givenAt(role: RoleUse, name: string): Diagnostic['where'] {
  const given = [role.entryVars, ...role.aroundVars, role.params, ...role.includeParams];
  return given.findLast((variables) => variables.has(name))?.get(name)?.where;
}

/** One diagnostic for the same mistake on several hosts. */
export function mergedProblems(found: ReadonlyMap<string, readonly Diagnostic[]>): readonly Diagnostic[] {
  const all = [...found].flatMap(([host, problems]) => problems.map((problem) => ({ host, problem })));
  const groups = Map.groupBy(all, ({ problem }) => JSON.stringify(problem));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const hosts = group.map(({ host }) => host).join(', ');
    return first ? [{ ...first.problem, message: `${first.problem.message} (on ${hosts})` }] : [];
  });
}

const textHint =
  'without the quotes it is a number; the values of `-e key=value` are always text: use -e \'{"key": 1}\'';

function isNumberAsText(value: unknown): boolean {
  return typeof value === 'string' && /^(?:\d+|true|false)$/.test(value);
}
