// What a JSON Schema says against a YAML file, with places and suggestions.
import type { Diagnostic, Position } from '../../lib/diagnostic.ts';
import { suggestion } from '../../lib/suggest.ts';
import { validatorFor, type SchemaProblem } from '../../lib/validate.ts';
import { dataOf, nodeAt, type YamlNode } from '../../lib/yaml-node.ts';

/** All mistakes at once. */
export function schemaDiagnostics(schema: object, root: YamlNode): readonly Diagnostic[] {
  return schemaProblems(schema, root).map((problem) => diagnosticOf(problem, root));
}

export function schemaProblems(schema: object, root: YamlNode): readonly SchemaProblem[] {
  return validatorFor(schema)(dataOf(root));
}

/** A problem with its place in the file. */
export function diagnosticOf(problem: SchemaProblem, root: YamlNode): Diagnostic {
  const node = nodeAt(root, problem.path);
  const place = problem.path.length === 0 ? 'the file' : `"${problem.path.join('.')}"`;
  const error = (code: string, message: string, where: Position, length: number, hint?: string): Diagnostic => ({
    severity: 'error',
    code,
    message,
    where,
    length,
    ...(hint !== undefined && { hint }),
  });
  switch (problem.kind) {
    case 'unknown': {
      const entry = node.kind === 'map' ? node.entries.get(problem.name) : undefined;
      const known = problem.candidates.join(', ');
      const hint = suggestion(problem.name, problem.candidates) ?? `Known here: ${known}.`;
      return error(
        'unknown-key',
        `${place} has no key "${problem.name}"`,
        entry?.where ?? node.where,
        problem.name.length,
        hint,
      );
    }
    case 'missing':
      return error('missing-key', `${place} needs "${problem.name}"`, node.where, 1);
    case 'wrong': {
      const given = node.kind === 'scalar' ? JSON.stringify(node.value) : node.kind === 'list' ? 'a list' : 'a map';
      const hint = suggestion(node.kind === 'scalar' ? String(node.value) : '', problem.candidates) ?? problem.hint;
      return error('wrong-value', `${place} must be ${problem.wanted}, not ${given}`, node.where, node.length, hint);
    }
    default:
      return problem.kind satisfies never;
  }
}
