// Puts log files aside. The master does it for all workers, which append to the same files: it renames, lets everybody open
// the file again, and compresses only when nobody writes to the old one any more, so that no line is lost or waits.
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { builtins } from '../../lib/builtins.ts';
import { messageOf } from '../../lib/errors.ts';
import type { LogConfig } from '../core/config/model.ts';
import {
  isRotationDue,
  rotatedFiles,
  rotatedName,
  type RotationConfig,
  surplusFiles,
} from '../core/logging/rotation.ts';

/** A file may be larger than its limit by what is logged meanwhile. */
const lookMs = 1000;
/** What failed is tried again after this time. */
const pauseMs = 60_000;
/** A worker that has just started may not answer yet. */
const askAgainMs = 5000;
/** Also a file that nothing is written to any more grows too old. */
const tidyMs = 3_600_000;

export interface RotationPorts {
  /** Resolves with true when every process has let go of files that were renamed. */
  reopen(): Promise<boolean>;
  problem(text: string): void;
}

export class LogRotation {
  readonly #ports: RotationPorts;
  readonly #stop = new AbortController();
  #config: RotationConfig | undefined;
  #paths: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;
  #pausedUntilMs = 0;
  /** Where old files may wait to be compressed or removed. */
  readonly #untidy = new Set<string>();
  #tidiedMs = 0;
  #tidyAgainMs = 0;
  /** Where the file system does not know when a file was begun: when it was seen first, by inode. */
  readonly #seenFirst = new Map<number, number>();

  readonly #stopped: Promise<false>;

  constructor(ports: RotationPorts) {
    this.#ports = ports;
    this.#stopped = new Promise((resolve) => this.#stop.signal.addEventListener('abort', () => resolve(false)));
  }

  configure({ access, outputs, rotate }: LogConfig): void {
    const paths = [...access, ...outputs].flatMap((target) => (target.kind === 'file' ? [target.path] : []));
    this.#config = rotate;
    this.#paths = rotate ? [...new Set(paths)] : [];
    this.#untidy.clear();
    this.#tidiedMs = 0;
    this.#pausedUntilMs = 0;
    if (this.#paths.length > 0) this.#timer ??= setInterval(() => this.look(), lookMs).unref();
  }

  /** Looks once; while it is at work already, nothing. */
  look(): void {
    const config = this.#config;
    if (!config || this.#isLooking || Date.now() < this.#pausedUntilMs) return;
    this.#isLooking = true;
    this.#looking = this.#lookAtAll(config)
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted) return;
        this.#pausedUntilMs = Date.now() + pauseMs;
        this.#ports.problem(`log files are not rotated, tried again in a minute: ${messageOf(error)}`);
      })
      .finally(() => (this.#isLooking = false));
  }

  /** Ends what is under way; a file that was to be compressed is found again at the next start. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#config = undefined;
    this.#stop.abort();
    await this.#looking;
  }

  async #lookAtAll(config: RotationConfig): Promise<void> {
    let renamed = false;
    for (const path of this.#paths) {
      if (!(await this.#isDue(path, config))) continue;
      const folder = dirname(path);
      const name = rotatedName(basename(path), Date.now(), new Set(await readdir(folder)));
      await rename(path, join(folder, name));
      this.#untidy.add(path);
      renamed = true;
    }
    if (Date.now() - this.#tidiedMs >= tidyMs) for (const path of this.#paths) this.#untidy.add(path);
    if (!renamed && (this.#untidy.size === 0 || Date.now() < this.#tidyAgainMs)) return;
    // Somebody who did not answer may still write to a file that was renamed: it is left as it is until he does.
    if (!(await Promise.race([this.#ports.reopen(), this.#stopped]))) {
      this.#tidyAgainMs = Date.now() + askAgainMs;
      return;
    }
    for (const path of [...this.#untidy]) {
      await this.#tidy(path, config);
      this.#untidy.delete(path);
    }
    this.#tidiedMs = Date.now();
  }

  async #isDue(path: string, config: RotationConfig): Promise<boolean> {
    const facts = await stat(path).catch(() => undefined);
    // A pipe or a terminal is nobody's to rename.
    if (facts?.isFile() !== true) return false;
    const seenMs = this.#seenFirst.get(facts.ino) ?? Date.now();
    this.#seenFirst.set(facts.ino, seenMs);
    if (this.#seenFirst.size > this.#paths.length * 2) {
      this.#seenFirst.clear();
      this.#seenFirst.set(facts.ino, seenMs);
    }
    const begunMs = facts.birthtimeMs > 0 ? Math.min(facts.birthtimeMs, seenMs) : seenMs;
    return isRotationDue({ sizeBytes: facts.size, begunMs }, config, Date.now());
  }

  async #tidy(path: string, config: RotationConfig): Promise<void> {
    const folder = dirname(path);
    const found = rotatedFiles(basename(path), await readdir(folder));
    const surplus = new Set(surplusFiles(found, config, Date.now()));
    for (const file of surplus) await unlink(join(folder, file));
    if (!config.compress) return;
    for (const { file, isCompressed } of found) {
      if (!isCompressed && !surplus.has(file)) await this.#compress(join(folder, file));
    }
  }

  /** Under another name first: a file named .gz is whole. */
  async #compress(file: string): Promise<void> {
    const { mode } = await stat(file);
    const part = `${file}.gz.part`;
    try {
      const into = createWriteStream(part, { mode: mode & 0o777, flush: true });
      await pipeline(createReadStream(file), builtins.zlib.createGzip(), into, { signal: this.#stop.signal });
      await rename(part, `${file}.gz`);
    } catch (error) {
      await unlink(part).catch(() => undefined);
      throw error;
    }
    await unlink(file);
  }
}
