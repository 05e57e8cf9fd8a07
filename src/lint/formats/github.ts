// Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.
import type { Diagnostic, Severity } from '../../lib/diagnostic.ts';
import type { Report } from './report.ts';

const commands: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };

/** One command a line; empty where nothing was found. */
export function githubReport({ diagnostics }: Report): string {
  return diagnostics.map((diagnostic) => `${commandOf(diagnostic)}\n`).join('');
}

function commandOf({ severity, code, message, hint, where, length }: Diagnostic): string {
  const properties = {
    ...(where && {
      file: where.file,
      line: String(where.line),
      col: String(where.column),
      endColumn: String(where.column + (length ?? 1)),
    }),
    title: code,
  };
  const given = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(value)}`);
  const text = hint === undefined ? message : `${message}\n${hint}`;
  return `::${commands[severity]} ${given.join(',')}::${escapeData(text)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
