// The entries of `vars_files` of a play: which file each is, for each host.
import { isUnknown } from '../core/unknown.ts';
import { createScope } from '../language/scope.ts';
import type { Scope, Templated, Value, Variables } from '../language/value.ts';
import { VezaError } from '../lib/errors.ts';
import { scopeOf, type PlayVariables, type ScopeRun, type VarsFile } from './variables.ts';

/** A name without templates is read at once; any other may be another file for each host, and may need its facts. */
export function varsFile(
  run: ScopeRun,
  base: PlayVariables,
  templated: Templated,
  read: (names: readonly string[]) => Variables,
): VarsFile {
  const asTexts = (names: Value) => (Array.isArray(names) ? names : [names]).map(String);
  if (templated.constant) return read(asTexts(templated.evaluate(createScope([]))));
  const known = new Map<string, Variables>();
  return (host) => {
    const names = nameFor(templated, scopeOf(run, host, base, null));
    if (names === null) return null;
    const key = JSON.stringify(names);
    const isNobody = !run.hosts.has(host.host.name);
    try {
      const variables = known.get(key) ?? read(asTexts(names));
      known.set(key, variables);
      return variables;
    } catch (error) {
      if (isNobody && error instanceof VezaError && error.code === 'file-not-found') return null;
      throw error;
    }
  };
}

/** Null where it cannot be told as yet: facts are missing, or what a task of the play will set. */
function nameFor(templated: Templated, scope: Scope): Value | null {
  try {
    const names = templated.evaluate(scope);
    return [names].flat().some(isUnknown) ? null : names;
  } catch (error) {
    if (error instanceof VezaError && error.code === 'undefined-variable') return null;
    throw error;
  }
}
