// Findings for people: each with its source line, then a line that sums up.
import { formatDiagnostic, type FormatOptions } from '../../lib/diagnostic.ts';
import type { Report } from './report.ts';

export interface TextOptions extends FormatOptions {
  /** The text of a file, for the excerpt. */
  readonly sourceOf: (file: string) => string | undefined;
}

/** Ends with a line feed. */
export function textReport({ diagnostics, counts, files }: Report, options: TextOptions): string {
  const shown = diagnostics.map((diagnostic) => {
    const source = diagnostic.where && options.sourceOf(diagnostic.where.file);
    return `${formatDiagnostic(diagnostic, source, options)}\n`;
  });
  const parts = [
    counted(counts.error, 'error'),
    counted(counts.warning, 'warning'),
    ...(counts.info > 0 ? [`${counts.info} for information`] : []),
  ];
  return `${shown.map((one) => `${one}\n`).join('')}${counted(files, 'file')}: ${parts.join(', ')}\n`;
}

function counted(count: number, what: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`;
}
