// `veza-run schema`: JSON Schema for the files that people write, so that editors complete and check them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { VezaError } from '../../lib/errors.ts';
import { nearestName } from '../../lib/suggest.ts';
import { modules } from '../../modules/index.ts';
import { editorSchema, filePatterns, isSchemaName, schemaNames, type SchemaName } from '../editor-schema/schemas.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { shownPath } from '../paths.ts';

export interface SchemaFlags {
  readonly write?: string;
}

/** Resolves to the exit code. Throws VezaError `unknown-schema`. */
export function schemaCommand(name: string | undefined, flags: SchemaFlags): number {
  if (flags.write !== undefined) writeAll(flags.write);
  else print(`${JSON.stringify(editorSchema(known(name ?? 'playbook'), modules), null, 2)}\n`);
  return exitCodes.ok;
}

function known(name: string): SchemaName {
  if (isSchemaName(name)) return name;
  const near = nearestName(name, schemaNames);
  throw new VezaError('unknown-schema', `there is no schema "${name}"`, {
    hint: `${near === null ? '' : `did you mean "${near}"? `}there are: ${schemaNames.join(', ')}`,
  });
}

function writeAll(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of schemaNames)
    writeFileSync(join(directory, fileOf(name)), `${JSON.stringify(editorSchema(name, modules), null, 2)}\n`);
  const path = shownPath(resolve(directory));
  const shown = isAbsolute(path) ? path : `./${path}`;
  const settings = Object.fromEntries(schemaNames.map((name) => [`${shown}/${fileOf(name)}`, [...filePatterns[name]]]));
  print(`${schemaNames.length} schemas are in ${shown}.

VS Code (with the extension YAML) and other editors with yaml-language-server: put this into their settings
(.vscode/settings.json), and change the patterns to where your files are.

${JSON.stringify({ 'yaml.schemas': settings }, null, 2)}

Or begin a file with the line:

# yaml-language-server: $schema=${shown}/${fileOf('playbook')}
`);
}

function fileOf(name: SchemaName): string {
  return `veza-run-${name}.schema.json`;
}
