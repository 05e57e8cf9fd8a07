// How the commands talk: standard output for results, standard error for problems.
import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { formatDiagnostic, type Diagnostic } from '../lib/diagnostic.ts';
import { DiagnosticsError, messageOf, VezaError } from '../lib/errors.ts';
import { shownPath } from './paths.ts';
import { secrets } from './secrets.ts';

export function print(text: string): void {
  process.stdout.write(text);
}

/** A word beside the results: what is going on, not what came out. */
export function printNote(text: string): void {
  process.stderr.write(text);
}

/** Prints diagnostics with the lines that they are about, errors last so that they stay in view. */
export function printDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string> = new Map(),
): void {
  const ordered = diagnostics.toSorted((left, right) => rank(left) - rank(right));
  for (const diagnostic of ordered) {
    const file = diagnostic.where?.file;
    const text = formatDiagnostic(
      diagnostic.where
        ? { ...diagnostic, where: { ...diagnostic.where, file: shownPath(diagnostic.where.file) } }
        : diagnostic,
      file === undefined ? undefined : (sources.get(file) ?? sourceOf(file)),
    );
    const [first = '', ...rest] = text.split('\n');
    process.stderr.write(
      secrets.redact(
        `${(diagnostic.severity === 'error' ? pc.red : pc.yellow)(first)}\n${rest.map((line) => `${line}\n`).join('')}`,
      ),
    );
  }
}

/** Prints what went wrong: for people if it was meant for them, with its stack if it is our own mistake. */
export function printError(error: unknown): void {
  if (error instanceof DiagnosticsError) {
    printDiagnostics(error.diagnostics);
    return;
  }
  if (error instanceof VezaError) {
    printDiagnostics([
      {
        severity: 'error',
        code: error.code,
        message: error.message,
        ...(error.where ? { where: error.where } : {}),
        ...(error.hint ? { hint: error.hint } : {}),
      },
    ]);
    return;
  }
  process.stderr.write(
    `${pc.red('error: this is a mistake in veza-run, please report it')}\n${secrets.redact(error instanceof Error ? (error.stack ?? error.message) : messageOf(error))}\n`,
  );
}

function rank(diagnostic: Diagnostic): number {
  return diagnostic.severity === 'error' ? 1 : 0;
}

/** The text of a file that was read before and may be gone by now. */
export function sourceOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
