// What all formats are made from: findings in a fixed order, with how many there are of each severity.
import type { Diagnostic, Severity } from '../../lib/diagnostic.ts';

export interface Report {
  /** By file, line and column; those without a place first. */
  readonly diagnostics: readonly Diagnostic[];
  readonly counts: Readonly<Record<Severity, number>>;
  /** Files that were read. */
  readonly files: number;
}

export interface ReportOptions {
  readonly files: number;
  /** Warnings count as errors. */
  readonly strict: boolean;
}

export function reportOf(found: readonly Diagnostic[], { files, strict }: ReportOptions): Report {
  const judged = strict ? found.map(strictly) : found;
  const once = new Map(judged.map((one) => [keyOf(one), one]));
  const diagnostics = [...once.values()].sort(
    (left, right) =>
      compare(left.where?.file ?? '', right.where?.file ?? '') ||
      (left.where?.line ?? 0) - (right.where?.line ?? 0) ||
      (left.where?.column ?? 0) - (right.where?.column ?? 0) ||
      compare(left.code, right.code),
  );
  const count = (severity: Severity) => diagnostics.filter((one) => one.severity === severity).length;
  return { diagnostics, counts: { error: count('error'), warning: count('warning'), info: count('info') }, files };
}

function strictly(diagnostic: Diagnostic): Diagnostic {
  return diagnostic.severity === 'warning' ? { ...diagnostic, severity: 'error' } : diagnostic;
}

function keyOf({ where, code, message }: Diagnostic): string {
  return JSON.stringify([where, code, message]);
}

/** By code unit, so that the order is the same everywhere. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The place of a finding as it is in the file: never beyond the end of its line. */
export function withinFile(diagnostic: Diagnostic, source: string | undefined): Diagnostic {
  const { where, length = 1 } = diagnostic;
  if (!where || source === undefined) return diagnostic;
  const lines = source.split('\n');
  const line = Math.min(where.line, lines.length);
  const width = (lines[line - 1] ?? '').replace(/\r$/, '').length;
  const column = Math.max(1, Math.min(where.column, width + 1));
  return {
    ...diagnostic,
    where: { ...where, line, column },
    length: Math.max(1, Math.min(length, width - column + 1)),
  };
}
