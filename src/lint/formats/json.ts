// Findings for programs. The shape is stable: keys are added, none changes its meaning without a new `version`.
import type { Severity } from '../../lib/diagnostic.ts';
import type { Report } from './report.ts';

export interface JsonReport {
  readonly version: 1;
  readonly files: number;
  readonly counts: Readonly<Record<Severity, number>>;
  readonly diagnostics: readonly JsonDiagnostic[];
}

export interface JsonDiagnostic {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** Null for what has no place, such as a tag of the command line. */
  readonly file: string | null;
  /** From 1; columns in UTF-16 units, as editors count. */
  readonly line: number | null;
  readonly column: number | null;
  readonly endColumn: number | null;
}

/** Ends with a line feed. */
export function jsonReport({ diagnostics, counts, files }: Report): string {
  const report: JsonReport = {
    version: 1,
    files,
    counts,
    diagnostics: diagnostics.map(({ severity, code, message, hint, where, length }) => ({
      severity,
      code,
      message,
      hint: hint ?? null,
      file: where?.file ?? null,
      line: where?.line ?? null,
      column: where?.column ?? null,
      endColumn: where ? where.column + (length ?? 1) : null,
    })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
