// The hosts file of this machine: read, edited as text, and replaced at once.
import { readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { writeAtomically } from '../../acme/files.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { ownEntries, withEntry, withoutEntry, type HostsEntry } from './hosts-text.ts';

const usualHostsFile = '/etc/hosts';

export class HostsFile {
  readonly #path: string;
  /** One edit after the other: each begins with what the one before it wrote. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string = usualHostsFile) {
    this.#path = path;
  }

  async entries(): Promise<readonly HostsEntry[]> {
    return ownEntries(await this.#read());
  }

  /** Resolves to whether anything had to be changed. Rejects with VezaError `hosts-conflict`, `hosts-file`. */
  async set(entry: HostsEntry): Promise<boolean> {
    return this.#edit((text) => withEntry(text, entry));
  }

  async remove(name: string): Promise<boolean> {
    return this.#edit((text) => withoutEntry(text, name));
  }

  #edit(change: (text: string) => string): Promise<boolean> {
    const done = this.#last.then(async () => {
      const before = await this.#read();
      const after = change(before);
      if (after === before) return false;
      await this.#write(after);
      return true;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** As latin1, which keeps every byte whatever the encoding. A file that is not there is empty. */
  async #read(): Promise<string> {
    try {
      return await readFile(this.#path, 'latin1');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return '';
      throw this.#problem('read', error);
    }
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text, 'latin1');
    try {
      // The link stays, and leads to the new file.
      const target = await realpath(this.#path).catch(() => this.#path);
      const before = await stat(target).catch(() => null);
      try {
        const owner = before && { uid: before.uid, gid: before.gid };
        await writeAtomically(target, bytes, before ? before.mode & 0o777 : 0o644, owner ?? undefined);
      } catch (error) {
        // A container's hosts file is a mount, which cannot be replaced, only written into.
        if (codeOf(error) !== 'EBUSY') throw error;
        await writeFile(target, bytes);
      }
    } catch (error) {
      throw this.#problem('write', error);
    }
  }

  #problem(doing: string, error: unknown): VezaError {
    const denied = ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error));
    return new VezaError('hosts-file', `cannot ${doing} ${this.#path}: ${messageOf(error)}`, {
      cause: error,
      ...(denied && { hint: 'Run it with sudo, or name another file with --hosts-file.' }),
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
