// Reads the output of a probe from front to back. What a probe prints is known, so anything else is an error.
import { VezaError } from '../../lib/errors.ts';

export class Cursor {
  readonly #text: string;
  readonly #what: string;
  #position = 0;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  /** Steps over `literal` if it comes next. */
  take(literal: string): boolean {
    if (!this.#text.startsWith(literal, this.#position)) return false;
    this.#position += literal.length;
    return true;
  }

  expect(literal: string): void {
    if (!this.take(literal)) this.fail(`"${literal.trim()}"`);
  }

  /** Steps over a match of a sticky expression that comes next and is followed by `literal`. */
  takeBefore(pattern: RegExp, literal: string): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (!match || !this.#text.startsWith(literal, pattern.lastIndex)) return null;
    this.#position = pattern.lastIndex + literal.length;
    return match;
  }

  /** Text up to `end`, which is stepped over. */
  until(end: string): string {
    const at = this.#text.indexOf(end, this.#position);
    if (at < 0) this.fail(`"${end.trim()}"`);
    const found = this.#text.slice(this.#position, at);
    this.#position = at + end.length;
    return found;
  }

  rest(): string {
    const found = this.#text.slice(this.#position);
    this.#position = this.#text.length;
    return found;
  }

  fail(wanted: string): never {
    const found = this.#text.slice(this.#position, this.#position + 80);
    throw new VezaError('probe-output', `the look at ${this.#what} printed ${JSON.stringify(found)}, not ${wanted}`, {
      hint: 'Something on the host (a start-up file of the shell?) prints into the output.',
    });
  }
}
