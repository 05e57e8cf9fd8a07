// Text of infra.yaml -> the model, or every mistake of it at once, each with its place. Reads no file itself.
import { homedir } from 'node:os';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { parseYaml } from '../../lib/yaml.ts';
import type { Infra } from './model.ts';
import { referenceProblems } from './references.ts';
import { resolveInfra } from './resolve.ts';
import { diagnosticOf, schemaProblems } from './schema-diagnostics.ts';
import { infraSchema } from './schema.ts';
import { stands } from './soundness.ts';

export interface ReadInfra {
  /** `null` where a diagnostic is an error. */
  readonly infra: Infra | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the text of a file; `file` is its name in messages. */
export function readInfra(text: string, file: string): ReadInfra {
  const { root, diagnostics } = parseYaml(text, file);
  if (!root) return { infra: null, diagnostics };
  const mistakes = schemaProblems(infraSchema, root);
  const infra = resolveInfra(root, file, homedir());
  const references = referenceProblems(infra, root)
    // Where there are no hosts at all, that is the mistake.
    .filter((problem) => infra.hosts.size > 0 || problem.diagnostic.code !== 'unknown-host')
    .filter((problem) => stands(problem, mistakes))
    .map(({ diagnostic }) => diagnostic);
  const all = [...diagnostics, ...mistakes.map((mistake) => diagnosticOf(mistake, root)), ...references];
  const failed = all.some(({ severity }) => severity === 'error');
  return { infra: failed ? null : infra, diagnostics: inOrder(all) };
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const line = ({ where }: Diagnostic) => where?.line ?? 0;
  const column = ({ where }: Diagnostic) => where?.column ?? 0;
  return diagnostics.toSorted((one, other) => line(one) - line(other) || column(one) - column(other));
}
