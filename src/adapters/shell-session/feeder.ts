// Brings the standard input of one step to the host: a second channel that fills the step's named pipe.
import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { VezaError, messageOf } from '../../lib/errors.ts';
import type { LocalFile } from '../../lib/shell.ts';
import type { StartedProgram } from './identity.ts';
import { newNonce } from './marks.ts';

const chunkBytes = 256 * 1024;

/** Can be opened ahead of the step, so that the channel is there when the step begins. */
export class Feeder {
  readonly pipeName = newNonce();
  readonly #input: Uint8Array | LocalFile;
  readonly #start: () => Promise<StartedProgram>;
  #program: Promise<StartedProgram> | undefined;
  #closed = false;

  constructor(input: Uint8Array | LocalFile, start: () => Promise<StartedProgram>) {
    this.#input = input;
    this.#start = start;
  }

  /** Opens the second channel; `feed` does so otherwise. */
  open(): Promise<StartedProgram> {
    if (!this.#program) {
      this.#program = this.#start();
      // Whoever feeds sees the error; a feeder whose step was skipped has no one to tell.
      this.#program.catch(() => undefined);
    }
    return this.#program;
  }

  /** Sends everything, or as much as the step wants to read. Rejects before the end of input is sent if the input is not whole. */
  async feed(stepPid: number): Promise<void> {
    const { channel } = await this.open();
    const { stdin } = channel;
    stdin.on('error', () => undefined);
    channel.stdout.resume();
    channel.stderr.resume();
    const over = new AbortController();
    const stop = (): void => over.abort();
    void channel.ended.then(stop);
    stdin.once('close', stop);
    stdin.write(`${stepPid} ${this.pipeName}\n`);
    for await (const chunk of chunksOf(this.#input)) {
      if (!(await writeChunk(stdin, chunk, over.signal))) return;
      if (this.#closed) return;
    }
    stdin.end();
  }

  /** Ends the second channel. Safe only when the step has ended: before, it could look like the end of input. */
  close(): void {
    this.#closed = true;
    void this.#program?.then(
      ({ channel }) => channel.close(),
      () => undefined,
    );
  }
}

/** Writes with backpressure; false when nobody reads any more. */
async function writeChunk(stdin: Writable, chunk: Uint8Array, over: AbortSignal): Promise<boolean> {
  if (over.aborted || stdin.destroyed) return false;
  if (stdin.write(chunk)) return true;
  try {
    await once(stdin, 'drain', { signal: over });
    return true;
  } catch {
    return false;
  }
}

async function* chunksOf(input: Uint8Array | LocalFile): AsyncGenerator<Uint8Array> {
  if (input instanceof Uint8Array) {
    for (let start = 0; start < input.length; start += chunkBytes) yield input.subarray(start, start + chunkBytes);
    return;
  }
  let readBytes = 0;
  try {
    for await (const chunk of createReadStream(input.path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
      readBytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw new VezaError('file-unreadable', `cannot read ${input.path}: ${messageOf(error)}`, { cause: error });
  }
  if (readBytes !== input.sizeBytes) {
    throw new VezaError(
      'file-changed',
      `${input.path} has ${readBytes} bytes, but had ${input.sizeBytes} when the run looked at it`,
      { hint: 'Do not change files while a run copies them; run again.' },
    );
  }
}
