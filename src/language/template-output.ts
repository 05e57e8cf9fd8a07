// What a template prints, and how its statements end.
import type { Position } from '../lib/diagnostic.ts';
import { checkTextLength, located } from './budget.ts';
import type { Frame } from './compile.ts';
import type { Unknown } from './values.ts';

/** What a template has printed; it stops where something printed or decided upon is unknown. */
export class Output {
  readonly #parts: string[] = [];
  #length = 0;
  unknown: Unknown | null = null;
  /** Nothing is printed, and what would be is not evaluated: the text of a template that extends another one. */
  muted: boolean;

  constructor(muted = false) {
    this.muted = muted;
  }

  print(text: string): void {
    if (this.muted) return;
    this.#length += text.length;
    checkTextLength(this.#length);
    this.#parts.push(text);
  }

  /** What was printed, or why it is unknown. */
  get result(): string | Unknown {
    return this.unknown ?? this.#parts.join('');
  }
}

/** How a statement ended. */
export type Signal = 'next' | 'break' | 'continue' | 'stop';
export type Print = (frame: Frame, output: Output) => Signal;

export function stop(output: Output, doubt: Unknown | null): Signal {
  output.unknown = doubt;
  return 'stop';
}

/** Runs statements into an output of their own. */
export function captured(print: Print, frame: Frame): string | Unknown {
  const output = new Output();
  print(frame, output);
  return output.result;
}

/** Adds the place to whatever `print` throws. */
export function placed(where: Position, print: Print): Print {
  return (frame, output) => {
    try {
      return print(frame, output);
    } catch (error) {
      throw located(error, where);
    }
  };
}
