// Findings as SARIF 2.1.0, which code hosts and editors read. Rules are the codes of diagnostics.
import type { Diagnostic, Severity } from '../../lib/diagnostic.ts';
import { codes } from '../codes.ts';
import type { Report } from './report.ts';

export interface SarifOptions {
  readonly toolVersion: string;
}

const levels: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

/** Ends with a line feed. */
export function sarifReport({ diagnostics }: Report, { toolVersion }: SarifOptions): string {
  const used = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'veza-run', version: toolVersion, rules: used.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { PROJECT: { description: { text: 'The folder that veza-run was started in.' } } },
        results: diagnostics.map((diagnostic) => resultOf(diagnostic, used)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function ruleOf(code: string): object {
  const known = codes[code];
  return {
    id: code,
    ...(known && { shortDescription: { text: known.meaning }, help: { text: known.mend } }),
  };
}

function resultOf({ code, severity, message, hint, where, length }: Diagnostic, rules: readonly string[]): object {
  return {
    ruleId: code,
    ruleIndex: rules.indexOf(code),
    level: levels[severity],
    message: { text: hint === undefined ? message : `${message}\n${hint}` },
    ...(where && {
      locations: [
        {
          physicalLocation: {
            artifactLocation: artifactOf(where.file),
            region: { startLine: where.line, startColumn: where.column, endColumn: where.column + (length ?? 1) },
          },
        },
      ],
    }),
  };
}

/** Relative paths are below the folder the program was started in. */
function artifactOf(file: string): object {
  const uri = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? { uri: `file://${uri}` } : { uri, uriBaseId: 'PROJECT' };
}
