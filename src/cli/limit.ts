// The value of --limit, which may be in a file.
import { resolve } from 'node:path';
import { diskFiles } from '../adapters/source-files.ts';
import { VezaError } from '../lib/errors.ts';

/** A pattern; `@FILE` has one a line, as Ansible's retry files. Throws VezaError `file-not-found`. */
export function limitOf({ limit }: { readonly limit?: string }): string | undefined {
  if (limit === undefined) return undefined;
  const terms = limit.split(',').map((term) => (term.startsWith('@') ? fromFile(term.slice(1)) : term));
  return terms.join(',');
}

function fromFile(path: string): string {
  const text = diskFiles().read(resolve(path));
  if (text === null) throw new VezaError('file-not-found', `there is no file "${path}" for --limit`);
  const patterns = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return patterns.filter((line) => line !== '').join(',');
}
