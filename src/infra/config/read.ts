// Text of infra.yaml -> the model, or every mistake of it at once, each with its place. Reads no file itself.
import { homedir } from 'node:os';
import type { Diagnostic, Position } from '../../lib/diagnostic.ts';
import { suggestion } from '../../lib/suggest.ts';
import { validatorFor, type SchemaProblem } from '../../lib/validate.ts';
import { dataOf, nodeAt, type YamlNode } from '../../lib/yaml-node.ts';
import { parseYaml } from '../../lib/yaml.ts';
import type { Infra } from './model.ts';
import { referenceProblems } from './references.ts';
import { resolveInfra } from './resolve.ts';
import { infraSchema } from './schema.ts';

export interface ReadInfra {
  /** `null` where a diagnostic is an error. */
  readonly infra: Infra | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the text of a file; `file` is its name in messages. */
export function readInfra(text: string, file: string): ReadInfra {
  const { root, diagnostics } = parseYaml(text, file);
  if (!root) return { infra: null, diagnostics };
  const problems = validatorFor(infraSchema)(dataOf(root)).map((problem) => diagnosticOf(problem, root));
  const all = [...diagnostics, ...problems];
  const infra = resolveInfra(root, file, homedir());
  if (all.some(({ severity }) => severity === 'error')) {
    // What a broken part makes of the rest would only confuse; addresses stand for themselves.
    const addresses = referenceProblems(infra, root).filter(({ code }) => independent.has(code));
    return { infra: null, diagnostics: inOrder([...all, ...addresses]) };
  }
  const references = referenceProblems(infra, root);
  const failed = references.some(({ severity }) => severity === 'error');
  return { infra: failed ? null : infra, diagnostics: inOrder([...all, ...references]) };
}

const independent: ReadonlySet<string> = new Set(['bad-address', 'duplicate-address', 'bad-cidr']);

function diagnosticOf(problem: SchemaProblem, root: YamlNode): Diagnostic {
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

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const line = ({ where }: Diagnostic) => where?.line ?? 0;
  const column = ({ where }: Diagnostic) => where?.column ?? 0;
  return diagnostics.toSorted((one, other) => line(one) - line(other) || column(one) - column(other));
}
