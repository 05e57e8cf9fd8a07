// From YAML with places to compiled templates: one value, or a map of variables.
import type { Diagnostic } from '../lib/diagnostic.ts';
import { dataOf, isNull, kindInWords, nodeAt } from '../lib/yaml-node.ts';
import type { YamlMap, YamlNode, YamlPath, YamlScalar } from '../lib/yaml-node.ts';
import { parseYaml, type Reveal } from '../lib/yaml.ts';
import { compileTemplated } from './templated.ts';
import type { Templated, Variables } from './value.ts';

export type Report = (diagnostic: Diagnostic) => void;

export const noVariables: Variables = new Map();

/** Compiles a value whose strings may hold templates; what is wrong in them is reported with its own place. */
export function compileNode(node: YamlNode, report: Report): Templated {
  const place = (part: YamlNode) => (part.kind === 'scalar' ? part.textWhere : part.where);
  const compiled = compileTemplated(
    dataOf(node),
    place(node),
    (path) => place(nodeAt(node, path)),
    (path) => scalarAt(node, path),
  );
  compiled.diagnostics.forEach(report);
  return compiled.templated;
}

function scalarAt(node: YamlNode, path: YamlPath): YamlScalar | undefined {
  const found = nodeAt(node, path);
  return found.kind === 'scalar' ? found : undefined;
}

/** Compiles a map of variables (`vars:`, a variable file). Anything but a map is reported, an empty one is fine. */
export function compileVariables(node: YamlNode | undefined, report: Report): Variables {
  if (!node || isNull(node)) return noVariables;
  if (node.kind !== 'map') {
    report({
      severity: 'error',
      code: 'wrong-type',
      message: `variables must be a map of names to values, not ${kindInWords(node)}`,
      where: node.where,
      length: node.length,
      hint: 'Write one `name: value` a line.',
    });
    return noVariables;
  }
  return compileEntries(node, report);
}

export interface VariableFile {
  readonly variables: Variables;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles the text of a file of variables (`vars_files`, `include_vars`, `--extra-vars @file`). */
export function parseVariableFile(text: string, path: string, reveal?: Reveal): VariableFile {
  const { root, diagnostics } = parseYaml(text, path, reveal);
  const said = [...diagnostics];
  const variables = compileVariables(root ?? undefined, (diagnostic) => said.push(diagnostic));
  return { variables, diagnostics: said };
}

/** Whether a variable can have this name. */
function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** Reports a name that no variable can have. */
export function checkVariableName(name: string, where: Diagnostic['where'], report: Report): void {
  if (isVariableName(name)) return;
  const mended = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_');
  report({
    severity: 'error',
    code: 'variable-name',
    message: `"${name}" cannot be the name of a variable`,
    ...(where && { where }),
    length: name.length,
    hint: `Use letters, digits and _, not beginning with a digit: "${mended}".`,
  });
}

function compileEntries(map: YamlMap, report: Report): Variables {
  const variables = new Map<string, Templated>();
  for (const entry of map.entries.values()) {
    checkVariableName(entry.key, entry.where, report);
    variables.set(entry.key, compileNode(entry.value, report));
  }
  return variables;
}
