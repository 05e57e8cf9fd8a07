// Configuration files -> configuration or diagnostics, all problems at once, each with its place.
// Never throws for bad input and never reads a file itself.
import type { FromSchema } from 'json-schema-to-ts';
import type { Diagnostic, Position } from '../../../lib/diagnostic.ts';
import { checkDocument } from './check.ts';
import { diagnosticsOf } from './explain.ts';
import type { ProxyConfig } from './model.ts';
import { replaceOldNames } from './old-names.ts';
import { applyOverrides } from './overrides.ts';
import { type NamedFiles, readNamedFiles } from './named-files.ts';
import type { Path } from './places.ts';
import { resolveConfig } from './resolve.ts';
import { configSchema } from './schema.ts';
import { schemaErrors } from './judge-schema.ts';
import { prune } from './prune.ts';
import { type ConfigTree, readTree, type Source } from './tree.ts';
import type { Environment } from './variables.ts';

export type { Path } from './places.ts';
export type ConfigDocument = FromSchema<typeof configSchema>;

interface Read {
  readonly diagnostics: readonly Diagnostic[];
  /** Texts by the name that positions have, for showing lines. */
  readonly texts: ReadonlyMap<string, string>;
}

export type ReadConfigResult =
  | (Read & {
      readonly ok: true;
      readonly config: ProxyConfig;
      /** What was read, variables filled in, before defaults: enough to read it again without its files. */
      readonly document: Readonly<Record<string, unknown>>;
      /** The place of a value, for problems that only its reader finds: of files that it names. */
      readonly where: (path: Path) => Position;
    })
  | (Read & { readonly ok: false });

/** Reads YAML or JSON (which is YAML). `file` is used in messages only. */
export function readConfig(text: string, file: string, environment: Environment = {}): ReadConfigResult {
  return readSources([{ file, text }], environment);
}

/** Reads several files as one configuration. */
export function readSources(
  sources: readonly Source[],
  environment: Environment = {},
  files?: NamedFiles,
): ReadConfigResult {
  return judgeTree(readTree(sources, environment), environment, files);
}

/** Judges what was read from files, or converted from another format. */
export function judgeTree(tree: ConfigTree, environment: Environment = {}, files?: NamedFiles): ReadConfigResult {
  const { root, places, texts, diagnostics } = tree;
  diagnostics.push(...replaceOldNames(root, places));
  applyOverrides(tree, environment);
  const document = structuredClone(root);
  const where = (path: Path, key?: string): Position => places.where(root, path, key);
  const all = schemaErrors(tree);
  // What is missing may be in the file that could not be read.
  const errors = tree.broken
    ? all.filter(({ keyword, instancePath }) => keyword !== 'required' || instancePath !== '')
    : all;
  const unset = diagnostics.filter(({ code }) => code === 'unset-variable');
  const found = diagnosticsOf(errors, where);
  diagnostics.push(...found.filter((problem) => !unset.some((cause) => isAtOnce(problem, cause))));
  if (tree.broken) return { ok: false, diagnostics: inOrder(diagnostics), texts };
  const { isJudged, isConsequence } = prune(tree, errors);
  if (isJudged) {
    const more = checkDocument(root as ConfigDocument, where, environment);
    if (files) more.push(...readNamedFiles(root as ConfigDocument, document, where, files));
    diagnostics.push(...more.filter((problem) => !isConsequence(problem)));
  }
  const told = inOrder(diagnostics);
  if (told.some((problem) => problem.severity === 'error')) return { ok: false, diagnostics: told, texts };
  const config = resolveConfig(root as ConfigDocument, environment);
  return { ok: true, config, diagnostics: told, texts, document, where };
}

/** Is the value wrong only because the variable that it begins with is not set? Its quote may stand before it. */
function isAtOnce({ where: value }: Diagnostic, { where: variable }: Diagnostic): boolean {
  if (!value || !variable || value.file !== variable.file || value.line !== variable.line) return false;
  return variable.column - value.column === 0 || variable.column - value.column === 1;
}

/** Files in the order of their names, each from top to bottom. */
export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted(byPlace);
}

function byPlace(one: Diagnostic, other: Diagnostic): number {
  if (!one.where || !other.where) return 0;
  if (one.where.file !== other.where.file) return one.where.file < other.where.file ? -1 : 1;
  return one.where.line - other.where.line || one.where.column - other.where.column;
}
