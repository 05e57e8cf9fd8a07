// The files that a configuration names, each read once: who judges the configuration again gets what was read then.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import type { NamedFile, NamedFiles } from '../core/config/named-files.ts';

export class ReadFiles {
  readonly #read = new Map<string, NamedFile | string>();

  /** Absolute, of those that were asked for. */
  get names(): readonly string[] {
    return [...this.#read.keys()];
  }

  /** Those of a relative path are beside the file that names them. */
  readonly named: NamedFiles = (path, from) => {
    const file = resolve(dirname(from), path);
    let found = this.#read.get(file);
    if (found === undefined) {
      found = namedFiles(path, from);
      this.#read.set(file, found);
    }
    return found;
  };

  /** Undefined if it cannot be read. */
  text(path: string, from: string): string | undefined {
    const found = this.named(path, from);
    return typeof found === 'string' ? undefined : found.text;
  }
}

/** Files that a configuration names: those of a relative path are beside the file that says so. */
export const namedFiles: NamedFiles = (path, from) => {
  const file = resolve(dirname(from), path);
  try {
    const bytes = readFileSync(file);
    return { file, text: bytes.toString('utf8'), hash: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
  } catch (error) {
    return messageOf(error);
  }
};
