// Errors as a designed product: a stable code, what happened, where, what to do next.
// Problems in users' files are diagnostics (diagnostic.ts), not these.
import type { Diagnostic, Position } from './diagnostic.ts';

export interface ErrorDetails {
  readonly where?: Position;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error meant for the user. `code` is stable and kebab-case. */
export class VezaError extends Error {
  override readonly name: string = 'VezaError';
  readonly code: string;
  readonly where: Position | undefined;
  readonly hint: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
  }
}

/** All problems found in the user's files at once. */
export class DiagnosticsError extends VezaError {
  override readonly name = 'DiagnosticsError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super('invalid-files', diagnostics.map((diagnostic) => diagnostic.message).join('\n'));
    this.diagnostics = diagnostics;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
