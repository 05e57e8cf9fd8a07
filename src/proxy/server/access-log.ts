// Writes access log lines in large pieces, so that logging costs little; drops and counts when the disk is too slow.
import { closeSync, openSync, write } from 'node:fs';
import { messageOf } from '../../lib/errors.ts';

/** Written at this size, or after the interval. */
const flushBytes = 65_536;
const flushIntervalMs = 100;
/** Beyond this what is not written yet is dropped: memory matters more than lines. */
const maxBufferedBytes = 8 * 1024 * 1024;

export class AccessLog {
  enabled = false;
  dropped = 0;
  #text = '';
  #fd = -1;
  #path = '';
  #writing = false;
  #timer: NodeJS.Timeout | undefined;

  /** `off`, `stdout` or a file, which is opened (again). If that fails all stays as it was: traffic matters more. */
  open(target: string): void {
    let opened = -1;
    try {
      if (target !== 'off') opened = target === 'stdout' ? 1 : openSync(target, 'a', 0o640);
    } catch (error) {
      process.stderr.write(`cannot open the access log: ${messageOf(error)}\n`);
      return;
    }
    this.#flush();
    if (this.#fd > 2 && !this.#writing) closeSync(this.#fd);
    this.enabled = target !== 'off';
    this.#path = target;
    this.#fd = opened;
    if (this.enabled) this.#timer ??= setInterval(() => this.#flush(), flushIntervalMs).unref();
  }

  /** Opens the file again, after it was rotated. */
  reopen(): void {
    if (this.#path.startsWith('/')) this.open(this.#path);
  }

  line(text: string): void {
    if (this.#text.length > maxBufferedBytes) {
      this.dropped += 1;
      return;
    }
    this.#text += text;
    if (this.#text.length >= flushBytes) this.#flush();
  }

  /** Writes what is left; resolves when it is written or failed. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (let tries = 0; tries < 20 && (this.#text !== '' || this.#writing); tries += 1) {
      this.#flush();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #flush(): void {
    if (this.#text === '' || this.#writing || this.#fd < 0) return;
    const bytes = Buffer.from(this.#text, 'latin1');
    this.#text = '';
    this.#writing = true;
    this.#write(this.#fd, bytes);
  }

  #write(fd: number, bytes: Buffer): void {
    write(fd, bytes, (error, written) => {
      if (!error && written < bytes.length) {
        this.#write(fd, bytes.subarray(written));
        return;
      }
      this.#writing = false;
      if (error) this.dropped += 1;
      if (fd !== this.#fd && fd > 2) closeSync(fd);
    });
  }
}
