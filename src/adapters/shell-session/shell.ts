// One persistent /bin/sh of one identity on one connection. Runs one message at a time.
import { constants } from 'node:os';
import type { StepResult } from '../../engine/ports.ts';
import type { Channel, ChannelEnd } from './channel.ts';
import type { StartedProgram } from './identity.ts';
import type { BatchReader } from './batch-reader.ts';
import { MarkReader } from './marks.ts';
import { setUp } from './program.ts';

/** What became of a message: all done, the shell ended (in a step or between two), or the connection was lost. */
export type MessageEnd =
  { readonly kind: 'done' } | { readonly kind: 'ended'; readonly end: ChannelEnd } | { readonly kind: 'lost' };

export class PersistentShell {
  readonly pid: number;
  readonly nonce: string;
  readonly #channel: Channel;
  #reader: BatchReader | null = null;
  readonly #closed = Promise.withResolvers<MessageEnd>();
  #isFresh = true;
  #isOver = false;

  constructor({ channel, pid }: StartedProgram, nonce: string) {
    this.pid = pid;
    this.nonce = nonce;
    this.#channel = channel;
    // Both streams are always read: an unread one would fill its window and stop the step.
    for (const stream of ['stdout', 'stderr'] as const) {
      const marks = new MarkReader(
        nonce,
        (chunk) => this.#reader?.data(stream, chunk),
        (mark) => this.#reader?.mark(stream, mark),
      );
      channel[stream].on('data', (chunk: Buffer) => marks.push(chunk));
    }
    channel.stdin.on('error', () => undefined);
    void channel.ended.then(() => {
      this.#isOver = true;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends one message and waits for its end. `done` is what the reader's `done` event settles. */
  async send(message: string, reader: BatchReader, done: Promise<unknown>): Promise<MessageEnd> {
    this.#reader = reader;
    this.#channel.stdin.write((this.#isFresh ? setUp(this.nonce) : '') + message);
    this.#isFresh = false;
    try {
      return await Promise.race([
        this.#closed.promise,
        done.then((): MessageEnd => ({ kind: 'done' })),
        this.#channel.ended.then((end): MessageEnd => (end ? { kind: 'ended', end } : { kind: 'lost' })),
      ]);
    } finally {
      this.#reader = null;
    }
  }

  close(): void {
    this.#isOver = true;
    this.#closed.resolve({ kind: 'lost' });
    this.#channel.stdin.end();
    this.#channel.close();
  }
}

/** The exit code that a shell gives for an ended command: 128 + n for signal n. */
export function exitCodeOf({ code, signal }: ChannelEnd): StepResult['exitCode'] {
  if (code !== null) return code;
  const name = signal?.startsWith('SIG') ? signal : `SIG${signal ?? ''}`;
  const number = Object.entries(constants.signals).find(([known]) => known === name)?.[1];
  return 128 + (number ?? 127);
}
