// Checks a role's arguments against its specification before the play touches a host.
import { isUnknown } from '../core/unknown.ts';
import { DiagnosticsError, VezaError } from '../lib/errors.ts';
import type { Diagnostic } from '../lib/diagnostic.ts';
import { isJsonObject } from '../lib/json.ts';
import type { Play, RoleUse } from '../playbook/ast.ts';
import type { HostRun } from './host.ts';
import { tasksOf } from './look-ahead.ts';
import { schemaMessages } from './schema-messages.ts';
import { scopeOf, type PlayVariables, type RunState } from './variables.ts';

/** Every role that a play uses, once, in the order of their first tasks. */
export function rolesOf(play: Play): readonly RoleUse[] {
  const tasks = [...play.sections.flatMap(({ nodes }) => tasksOf(nodes)), ...play.handlers];
  return [...new Set(tasks.flatMap(({ role }) => (role ? [...role.parents, role] : [])))];
}

/** Throws DiagnosticsError with everything that is wrong with the arguments of the play's roles on this host. */
export function checkRoleArguments(run: RunState, host: HostRun, variables: PlayVariables): void {
  const diagnostics: Diagnostic[] = [];
  for (const role of variables.roles) {
    const schema = role.argumentSchema;
    const properties = schema?.['properties'];
    if (!schema || !isJsonObject(properties)) continue;
    const scope = scopeOf(
      run,
      host,
      { ...variables, roles: [...variables.roles.filter((one) => one !== role), role] },
      null,
    );
    const given: Record<string, unknown> = {};
    for (const name of Object.keys(properties)) {
      try {
        const value = role.params.get(name)?.evaluate(scope) ?? scope.get(name);
        if (value !== undefined && !isUnknown(value)) given[name] = value;
      } catch (error) {
        if (!(error instanceof VezaError)) throw error;
        diagnostics.push({
          severity: 'error',
          code: error.code,
          message: `role "${role.name}" on ${host.host.name}: ${error.message}`,
          where: error.where ?? role.where,
          ...(error.hint ? { hint: error.hint } : {}),
        });
      }
    }
    for (const violation of schemaMessages(schema, given)) {
      diagnostics.push({
        severity: 'error',
        code: 'invalid-role-argument',
        message: `role "${role.name}" on ${host.host.name}: ${violation.message}`,
        where: role.where,
        hint: violation.hint ?? `see ${role.path}/README.md for its variables`,
      });
    }
  }
  if (diagnostics.length > 0) throw new DiagnosticsError(diagnostics);
}
