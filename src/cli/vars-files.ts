// Reads the entries of `vars_files` whose names are known only during a run.
import { resolve } from 'node:path';
import type { SourceFiles } from '../core/source-files.ts';
import type { Variables } from '../language/value.ts';
import { parseVariableFile } from '../language/yaml-variables.ts';
import { DiagnosticsError, VezaError } from '../lib/errors.ts';

/** The variables of the first of `names` that exists. Throws VezaError `file-not-found`, DiagnosticsError. */
export function readVarsFile(files: SourceFiles, names: readonly string[], directory: string): Variables {
  const paths = names.flatMap((name) => [resolve(directory, name), resolve(directory, 'vars', name)]);
  for (const path of paths) {
    const text = files.read(path);
    if (text === null) continue;
    const { variables, diagnostics } = parseVariableFile(text, path, files.reveal);
    if (diagnostics.some(({ severity }) => severity === 'error')) throw new DiagnosticsError(diagnostics);
    return variables;
  }
  throw new VezaError('file-not-found', `there is no file of variables "${names.join('", "')}"`, {
    hint: `looked for ${paths.join(', ')}`,
  });
}
