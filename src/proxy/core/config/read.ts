// Text of a configuration file -> configuration or diagnostics, all problems at once, each with its place.
// Never throws for bad input and never reads a file itself.
import { Ajv } from 'ajv';
import type { FromSchema } from 'json-schema-to-ts';
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import { checkDocument } from './check.ts';
import { diagnosticOf } from './explain.ts';
import type { ProxyConfig } from './model.ts';
import { resolveConfig } from './resolve.ts';
import { configSchema } from './schema.ts';

export type ConfigDocument = FromSchema<typeof configSchema>;
export type Path = readonly (string | number)[];

export type ReadConfigResult =
  | {
      readonly ok: true;
      readonly config: ProxyConfig;
      readonly diagnostics: readonly Diagnostic[];
      /** The place of a value, for problems that only its reader finds: of files that it names. */
      readonly where: (path: Path) => Position;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const validate = new Ajv({
  allErrors: true,
  useDefaults: true,
  strict: true,
  allowUnionTypes: true,
  verbose: true,
}).compile<ConfigDocument>(configSchema);

/** Reads YAML or JSON (which is YAML). `file` is used in messages only. */
export function readConfig(text: string, file: string): ReadConfigResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    return {
      ok: false,
      diagnostics: document.errors.map((error) => ({
        severity: 'error',
        code: 'bad-yaml',
        message: error.message,
        where: at(error.pos[0]),
        hint: 'Mind the indentation, and quote values that contain ": " or begin with a special character.',
      })),
    };
  }
  const where = (path: Path, key?: string): Position => at(offsetOf(document, path, key));
  const value: unknown = document.toJS();
  if (!validate(value)) {
    return { ok: false, diagnostics: (validate.errors ?? []).flatMap((error) => diagnosticOf(error, where)) };
  }
  const problems = checkDocument(value, where);
  if (problems.some((problem) => problem.severity === 'error')) return { ok: false, diagnostics: problems };
  return { ok: true, config: resolveConfig(value), diagnostics: problems, where };
}

/** Offset of the value at a path, or of a key in the mapping there; of the nearest parent that exists. */
function offsetOf(document: Document, path: Path, key?: string): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node)) continue;
    return (length === path.length && key !== undefined ? keyOffset(node, key) : undefined) ?? node.range?.[0] ?? 0;
  }
  return 0;
}

function keyOffset(node: Node, key: string): number | undefined {
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
  return pair && isScalar(pair.key) ? pair.key.range?.[0] : undefined;
}
