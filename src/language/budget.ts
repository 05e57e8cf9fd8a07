// The step budget of one evaluation, and the errors of evaluation before they have a place.
import { DiagnosticsError, VezaError } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import type { Position } from '../lib/diagnostic.ts';

/** Counts the work of one evaluation; whoever loops over data spends. */
export class Budget {
  #left: number = limits.evaluationSteps;
  #depth = 0;

  /** Throws VezaError `evaluation-limit` when the budget is used up. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) {
      throw new VezaError('evaluation-limit', `the expression takes more than ${limits.evaluationSteps} steps`, {
        hint: 'it loops over too much data, or does not end',
      });
    }
  }

  /** Counts calls of macros, blocks and loops within each other. Throws VezaError `evaluation-limit`. */
  deeper<T>(run: () => T): T {
    if (this.#depth >= limits.evaluationDepth) {
      throw new VezaError('evaluation-limit', `calls are nested more than ${limits.evaluationDepth} deep`, {
        hint: 'does a macro call itself without end?',
      });
    }
    this.#depth += 1;
    try {
      return run();
    } finally {
      this.#depth -= 1;
    }
  }
}

/** Throws VezaError `evaluation-limit` for a text that is too long. */
export function checkTextLength(length: number): void {
  if (length > limits.evaluatedTextLength) {
    throw new VezaError('evaluation-limit', `the text is longer than ${limits.evaluatedTextLength} characters`);
  }
}

/** Throws an `evaluation-failed` error; the place is added by whoever knows it: see `located`. */
export function fail(message: string, hint?: string): never {
  throw new VezaError('evaluation-failed', message, hint === undefined ? {} : { hint });
}

/** The error with a place, if it has none yet; stack overflows become `evaluation-limit`. */
export function located(error: unknown, where: Position): unknown {
  if (error instanceof VezaError) {
    if (error.where !== undefined || error instanceof DiagnosticsError) return error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return new VezaError(error.code, error.message, { where, ...hint, cause: error });
  }
  if (error instanceof RangeError) {
    return new VezaError('evaluation-limit', `the expression is nested too deeply or too large`, {
      where,
      cause: error,
    });
  }
  return error;
}
