// The configuration that last worked, kept in the state folder: a proxy whose file is broken or gone starts with it.
import { mkdirSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import { judgeTree } from '../core/config/read.ts';
import { treeOf } from '../core/config/tree.ts';
import { describe } from './config-facts.ts';
import { hashOf, loadConfig, type LoadedConfig, sound, withFiles } from './config-source.ts';
import { ofThisMachine } from './local-peer.ts';
import { namedFiles } from './read-files.ts';

interface Snapshot {
  readonly version: 1;
  readonly savedAt: string;
  readonly name: string;
  readonly hash: string;
  readonly document: Record<string, unknown>;
}

export class LastGood {
  readonly #file: string | undefined;

  /** Without a folder nothing is kept. */
  constructor(folder: string | undefined) {
    if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#file = folder === undefined ? undefined : join(folder, 'last-good.json');
  }

  /** Whole or not at all: a power cut leaves the one before. It may hold secrets, so nobody else may read it. */
  async save({ document, hash, name }: LoadedConfig, now: Date): Promise<void> {
    if (this.#file === undefined) return;
    const snapshot = { version: 1, savedAt: now.toISOString(), name, hash, document };
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      const file = await open(temporary, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(snapshot));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Saves it; a folder that cannot be written is a warning, since traffic goes on. */
  async keep(config: LoadedConfig, now: Date, log: (line: string) => void): Promise<void> {
    try {
      await this.save(config, now);
    } catch (error) {
      log(`warning: cannot keep the configuration for a bad day: ${messageOf(error)}`);
    }
  }

  /** What is kept, and since when; undefined where there is nothing that is whole and still valid. */
  load(): { readonly config: LoadedConfig; readonly savedAt: string } | undefined {
    if (this.#file === undefined) return undefined;
    try {
      const snapshot = JSON.parse(readFileSync(this.#file, 'utf8')) as Snapshot;
      if (hashOf(snapshot.document) !== snapshot.hash) return undefined;
      const read = sound(judgeTree(treeOf(snapshot.document, this.#file), ofThisMachine(), namedFiles), snapshot.name);
      const config = withFiles(read, 'run');
      return { config, savedAt: snapshot.savedAt };
    } catch {
      return undefined;
    }
  }
}

/** The configuration of a file, or where that is not good, the one that last worked. Throws if there is neither. */
export function loadOrLastGood(file: string, lastGood: LastGood, log: (line: string) => void): LoadedConfig {
  try {
    return loadConfig(file, 'run');
  } catch (error) {
    const kept = lastGood.load();
    if (!kept) throw error;
    log(describe(error));
    log(`ERROR: ${file} cannot be used; starting with the last good configuration, of ${kept.savedAt}`);
    return kept.config;
  }
}
