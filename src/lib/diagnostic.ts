// A problem in a user's file, with its place. Parsers return these; they never throw for bad input.
// Formatting for people is pure: the text of the file is handed in.

/** A place in a user's file. Lines and columns start at 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Stable, kebab-case; for instance `unknown-module`. */
  readonly code: string;
  readonly message: string;
  readonly where?: Position;
  /** Length in characters of what is wrong, for the caret line; 1 when left out. */
  readonly length?: number;
  /** What to do next, as a sentence. */
  readonly hint?: string;
}

/** Formats a diagnostic as `file:line:column: error: message`, the source line, a caret, and the hint. */
export function formatDiagnostic(diagnostic: Diagnostic, source?: string): string {
  const { where, severity, message, code, hint } = diagnostic;
  const place = where ? `${where.file}:${where.line}:${where.column}: ` : '';
  const lines = [`${place}${severity}: ${message} [${code}]`];
  if (where && source !== undefined) lines.push(...excerpt(where, source, diagnostic.length));
  if (hint) lines.push(`  help: ${hint}`);
  return lines.join('\n');
}

/** The line of a place, and a caret below it; nothing where the text has no such line. */
export function excerpt(where: Position, source: string, length = 1): readonly string[] {
  const line = source.split('\n')[where.line - 1]?.replace(/\r$/, '');
  if (line === undefined) return [];
  const shown = line.replaceAll('\t', ' ');
  const caret = '^'.repeat(Math.max(1, Math.min(length, shown.length - where.column + 1)));
  const gutter = String(where.line);
  return [`  ${gutter} | ${shown}`, `  ${' '.repeat(gutter.length)} | ${' '.repeat(where.column - 1)}${caret}`];
}
