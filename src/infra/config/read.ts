// Text of infra.yaml -> the model, or every mistake of it at once, each with its place. Reads no file itself.
import { homedir } from 'node:os';
import type { Diagnostic } from '../../lib/diagnostic.ts';
import { parseYaml } from '../../lib/yaml.ts';
import type { Infra } from './model.ts';
import { referenceProblems } from './references.ts';
import { resolveInfra } from './resolve.ts';
import { schemaDiagnostics } from './schema-diagnostics.ts';
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
  const problems = schemaDiagnostics(infraSchema, root);
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

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const line = ({ where }: Diagnostic) => where?.line ?? 0;
  const column = ({ where }: Diagnostic) => where?.column ?? 0;
  return diagnostics.toSorted((one, other) => line(one) - line(other) || column(one) - column(other));
}
