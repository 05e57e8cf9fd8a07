// Sees that a configuration changed on disk: folders are watched and not files, because editors rename and clusters swap
// symbolic links. Calls back only when what the files hold is something else than before, and at rest.
import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { loadConfig, readFiles } from './config-source.ts';

/** An editor makes several changes in a row. */
const debounceMs = 300;
/** A file that is being written is read again until it is whole. */
const reads = 5;
const pauseMs = 80;
/** Network and overlay file systems tell nothing, and a folder may be replaced. */
const pollMs = 2000;

export class ConfigWatcher {
  readonly #path: string;
  readonly #changed: () => void;
  readonly #poll: NodeJS.Timeout;
  #watchers: FSWatcher[] = [];
  #watched = '';
  #seen: string;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(path: string, changed: () => void) {
    this.#path = path;
    this.#changed = changed;
    this.#seen = contentOf(path);
    this.#watch();
    this.#poll = setInterval(() => this.#look(), pollMs).unref();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }

  #look(): void {
    this.#watch();
    if (contentOf(this.#path) !== this.#seen) this.#soon();
  }

  /** The folder in which the name is, and the one in which the file really is. */
  #watch(): void {
    const folders = foldersOf(this.#path);
    if (folders.join('\n') === this.#watched) return;
    this.#watched = folders.join('\n');
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = folders.flatMap((folder) => {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#soon());
        watcher.on('error', () => (this.#watched = ''));
        return [watcher];
      } catch {
        this.#watched = '';
        return [];
      }
    });
  }

  #soon(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#settle(), debounceMs).unref();
  }

  async #settle(): Promise<void> {
    let content = contentOf(this.#path);
    for (let read = 1; read < reads; read += 1) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const next = contentOf(this.#path);
      const rests = next === content;
      content = next;
      if (rests && this.#isValid()) break;
    }
    this.#watch();
    if (this.#closed || content === this.#seen) return;
    this.#seen = content;
    this.#changed();
  }

  #isValid(): boolean {
    try {
      loadConfig(this.#path, 'run');
      return true;
    } catch {
      return false;
    }
  }
}

/** All that the files hold; of what cannot be read, why. */
function contentOf(path: string): string {
  try {
    return JSON.stringify(readFiles(path));
  } catch (error) {
    return String(error);
  }
}

function foldersOf(path: string): string[] {
  const folders = new Set([dirname(path)]);
  try {
    const real = realpathSync(path);
    folders.add(statSync(real).isDirectory() ? real : dirname(real));
    // `..data` of a mounted ConfigMap is swapped beside the links that point through it.
    if (statSync(path).isDirectory()) folders.add(path);
  } catch {
    // Gone for now: the folder of its name tells when it is there again.
  }
  return [...folders].filter((folder) => basename(folder) !== '' || folder === '/');
}
