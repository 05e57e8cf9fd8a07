// The marks that frame steps in a stream of arbitrary bytes, and the reader that takes them out again.
// A mark is RS, a random nonce, a kind, a step, a number, RS: nothing that a step prints by chance.
import { randomBytes } from 'node:crypto';

/** ready (value: pid of the shell), begin (pid of the step), end (exit code), done (the whole message). */
export type MarkKind = 'ready' | 'begin' | 'end' | 'done';

export interface Mark {
  readonly kind: MarkKind;
  readonly step: number;
  readonly value: number;
}

const separator = 0x1e;
const longestMark = 96;

export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** A shell command that prints a mark; `step` and `value` are shell words. */
export function printMark(nonce: string, kind: MarkKind, step: string, value: string): string {
  return `printf "\\036${nonce}:${kind}:%s:%s\\036" ${step} ${value}`;
}

/** Splits a stream into output and marks, whatever the borders of its chunks are. */
export class MarkReader {
  readonly #prefix: Buffer;
  readonly #onData: (chunk: Buffer) => void;
  readonly #onMark: (mark: Mark) => void;
  #held: Buffer | null = null;

  constructor(nonce: string, onData: (chunk: Buffer) => void, onMark: (mark: Mark) => void) {
    this.#prefix = Buffer.from(`\x1e${nonce}:`);
    this.#onData = onData;
    this.#onMark = onMark;
  }

  push(chunk: Buffer): void {
    let rest = this.#held ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = null;
    while (rest.length > 0) {
      const start = rest.indexOf(this.#prefix);
      if (start === -1) {
        this.#keepPossibleStart(rest);
        return;
      }
      this.#data(rest.subarray(0, start));
      rest = rest.subarray(start);
      const stop = rest.indexOf(separator, this.#prefix.length);
      if (stop === -1 && rest.length < longestMark) {
        this.#held = rest;
        return;
      }
      const mark = stop === -1 ? null : parseMark(rest.subarray(this.#prefix.length, stop).toString('latin1'));
      if (mark) this.#onMark(mark);
      else this.#data(rest.subarray(0, this.#prefix.length));
      rest = rest.subarray(mark ? stop + 1 : this.#prefix.length);
    }
  }

  #keepPossibleStart(rest: Buffer): void {
    const start = rest.lastIndexOf(separator);
    const tail = start === -1 ? null : rest.subarray(start);
    if (tail && tail.length < this.#prefix.length && this.#prefix.subarray(0, tail.length).equals(tail)) {
      this.#data(rest.subarray(0, start));
      this.#held = tail;
    } else this.#data(rest);
  }

  #data(chunk: Buffer): void {
    if (chunk.length > 0) this.#onData(chunk);
  }
}

function parseMark(text: string): Mark | null {
  const match = /^(ready|begin|end|done):(\d{1,9}):(\d{1,10})$/.exec(text);
  if (!match) return null;
  return { kind: match[1] as MarkKind, step: Number(match[2]), value: Number(match[3]) };
}
