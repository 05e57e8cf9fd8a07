// `lookup('env', ...)` and `lookup('file', ...)`: what templates may read on the controller.
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { VezaError } from '../lib/errors.ts';
import { nearestName } from '../lib/suggest.ts';
import type { Value } from '../language/value.ts';

const plugins: Readonly<Record<string, (term: string, directory: string) => Value>> = {
  env: (name) => process.env[name] ?? '',
  file: (path, directory) => {
    const places = isAbsolute(path) ? [path] : [resolve(directory, 'files', path), resolve(directory, path)];
    const found = places.find((place) => existsSync(place));
    if (found === undefined)
      throw new VezaError('file-not-found', `lookup: there is no file "${path}"`, {
        hint: `looked for ${places.join(', ')}`,
      });
    return readFileSync(found, 'utf8').trimEnd();
  },
};

/** The names of all lookups. */
export const lookupNames: readonly string[] = Object.keys(plugins);

/** Throws VezaError `unknown-lookup` or `file-not-found`. Several terms give a list. */
export function lookup(plugin: string, terms: readonly Value[], directory: string): Value {
  const read = plugins[plugin];
  if (!read) {
    const suggestion = nearestName(plugin, Object.keys(plugins));
    throw new VezaError('unknown-lookup', `unknown lookup "${plugin}"`, {
      hint: suggestion ? `did you mean "${suggestion}"?` : `known are: ${Object.keys(plugins).join(', ')}`,
    });
  }
  const values = terms.map((term) => read(wordOf(plugin, term), directory));
  return values.length === 1 ? (values[0] ?? null) : values;
}

function wordOf(plugin: string, term: Value): string {
  if (typeof term === 'string' || typeof term === 'number') return String(term);
  throw new VezaError('wrong-arguments', `lookup("${plugin}") needs text, not ${JSON.stringify(term)}`);
}
