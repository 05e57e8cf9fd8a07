// Sees that files were replaced on disk which a configuration names and somebody else renews: certificates, keys, plugins, maps.
// Looks from time to time, and calls back when what changed is at rest.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';

/** What changes between two looks is not at rest: a certificate and its key are two files. */
const lookMs = 1000;

export class FileWatcher {
  readonly #files: () => readonly string[];
  readonly #changed: () => void;
  readonly #timer: NodeJS.Timeout;
  #names = '';
  #seen = '';
  #moving: string | undefined;

  /** `files`: those of the configuration that runs now, folders too. */
  constructor(files: () => readonly string[], changed: () => void) {
    this.#files = files;
    this.#changed = changed;
    this.#look();
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const files = this.#files();
    const names = files.join('\n');
    const now = files.map(stampIfReadable).join('\n');
    // Another configuration was read with its files.
    if (names !== this.#names) this.#seen = now;
    this.#names = names;
    const isAtRest = now === this.#moving;
    this.#moving = now === this.#seen || isAtRest ? undefined : now;
    if (now === this.#seen || !isAtRest) return;
    this.#seen = now;
    this.#changed();
  }
}

function stampIfReadable(path: string): string {
  try {
    return stampOf(path);
  } catch (error) {
    return messageOf(error);
  }
}

/** Another text for other content; for a folder, of all its files. Links are followed: certificates are often behind one. */
function stampOf(path: string): string {
  const own = fileStamp(path);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return own;
  const inside = readdirSync(path).sort();
  return [own, ...inside.map((name) => `${name} ${fileStamp(join(path, name))}`)].join(', ');
}

function fileStamp(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : 'none';
}
