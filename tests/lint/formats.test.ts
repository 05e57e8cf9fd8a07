// The formats of `veza-run lint` for programs: exact where the format is strict about it.
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/lib/diagnostic.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { githubReport } from '../../src/lint/formats/github.ts';
import { jsonReport } from '../../src/lint/formats/json.ts';
import { reportOf, withinFile } from '../../src/lint/formats/report.ts';
import { sarifReport } from '../../src/lint/formats/sarif.ts';
import { textReport } from '../../src/lint/formats/text.ts';

const found: readonly Diagnostic[] = [
  {
    severity: 'warning',
    code: 'yaml-boolean',
    message: 'no is read as false',
    where: { file: 'site.yml', line: 9, column: 3 },
    length: 2,
  },
  {
    severity: 'error',
    code: 'unknown-module',
    message: 'there is no module "co:pi", 100% sure\nreally',
    where: { file: 'a, b/site 1:2.yml', line: 2, column: 7 },
    length: 4,
    hint: 'Did you mean "copy"?',
  },
  { severity: 'info', code: 'unknown-tag', message: 'no task has the tag "x"' },
];
const report = reportOf(found, { files: 2, strict: false });

describe('a report', () => {
  it('is in the order of files and lines, each finding once', () => {
    const twice = reportOf([...found, ...found], { files: 2, strict: false });
    expect(twice).toEqual(report);
    expect(report.diagnostics.map(({ code }) => code)).toEqual(['unknown-tag', 'unknown-module', 'yaml-boolean']);
    expect(report.counts).toEqual({ error: 1, warning: 1, info: 1 });
  });

  it('makes errors of warnings where it is strict', () => {
    expect(reportOf(found, { files: 2, strict: true }).counts).toEqual({ error: 2, warning: 0, info: 1 });
  });

  it('keeps places within their lines', () => {
    const wide: Diagnostic = {
      severity: 'error',
      code: 'x',
      message: 'm',
      where: { file: 'f', line: 1, column: 3 },
      length: 99,
    };
    expect(withinFile(wide, 'abcd\nefgh\n')).toMatchObject({ where: { line: 1, column: 3 }, length: 2 });
    expect(withinFile({ ...wide, where: { file: 'f', line: 9, column: 9 } }, 'ab\ncd')).toMatchObject({
      where: { line: 2, column: 3 },
      length: 1,
    });
  });
});

describe('text', () => {
  it('sums up at the end', () => {
    const text = textReport(report, { sourceOf: () => undefined });
    expect(text.endsWith('\n2 files: 1 error, 1 warning, 1 for information\n')).toBe(true);
    expect(textReport(reportOf([], { files: 1, strict: false }), { sourceOf: () => undefined })).toBe(
      '1 file: no errors, no warnings\n',
    );
  });

  const marked = (line: string, column: number, length: number, width?: number) =>
    formatDiagnostic(
      { severity: 'error', code: 'x', message: 'm', where: { file: 'f', line: 1, column }, length },
      line,
      width === undefined ? {} : { width },
    )
      .split('\n')
      .slice(1);

  it.each([
    ['plain', 'msg: here', 6, ['  1 | msg: here', '    |      ^^^^']],
    ['after wide characters', '日本: here', 5, ['  1 | 日本: here', '    |       ^^^^']],
    ['after an emoji of several parts', '👩‍👩‍👧 here', 10, ['  1 | 👩‍👩‍👧 here', '    |    ^^^^']],
    ['after a combining accent', 'e\u0301 here', 4, ['  1 | e\u0301 here', '    |   ^^^^']],
    ['after a tab', '\there', 2, ['  1 |     here', '    |     ^^^^']],
  ])('puts the carets below what is wrong: %s', (_name, line, column, expected) => {
    expect(marked(line, column, 4)).toEqual(expected);
  });

  it('cuts long lines around what is wrong', () => {
    const line = `${'a'.repeat(300)} here ${'b'.repeat(300)}`;
    const [shown = '', carets = ''] = marked(line, 302, 4, 60);
    expect(shown.length).toBeLessThanOrEqual(60);
    expect(shown.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('here');
  });

  it('lets no escape sequence of a file reach the terminal', () => {
    expect(marked('a\u001b[31mb', 1, 1)[0]).toBe('  1 | a[31mb');
  });
});

describe('json', () => {
  it('has a shape of its own version', () => {
    expect(JSON.parse(jsonReport(report))).toEqual({
      version: 1,
      files: 2,
      counts: { error: 1, warning: 1, info: 1 },
      diagnostics: [
        {
          severity: 'info',
          code: 'unknown-tag',
          message: 'no task has the tag "x"',
          hint: null,
          file: null,
          line: null,
          column: null,
          endColumn: null,
        },
        {
          severity: 'error',
          code: 'unknown-module',
          message: 'there is no module "co:pi", 100% sure\nreally',
          hint: 'Did you mean "copy"?',
          file: 'a, b/site 1:2.yml',
          line: 2,
          column: 7,
          endColumn: 11,
        },
        {
          severity: 'warning',
          code: 'yaml-boolean',
          message: 'no is read as false',
          hint: null,
          file: 'site.yml',
          line: 9,
          column: 3,
          endColumn: 5,
        },
      ],
    });
  });
});

describe('github', () => {
  it('escapes what separates properties and lines', () => {
    expect(githubReport(report).split('\n')).toEqual([
      '::notice title=unknown-tag::no task has the tag "x"',
      '::error file=a%2C b/site 1%3A2.yml,line=2,col=7,endColumn=11,title=unknown-module::there is no module "co:pi", 100%25 sure%0Areally%0ADid you mean "copy"?',
      '::warning file=site.yml,line=9,col=3,endColumn=5,title=yaml-boolean::no is read as false',
      '',
    ]);
  });
});

/** The parts of the schema of SARIF 2.1.0 that are used here, with what it demands of them. */
const text = { type: 'object', required: ['text'], properties: { text: { type: 'string', minLength: 1 } } };
const sarifSchema = {
  type: 'object',
  required: ['version', 'runs'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string', format: 'uri' },
    version: { enum: ['2.1.0'] },
    runs: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['tool', 'results'],
        additionalProperties: false,
        properties: {
          tool: {
            type: 'object',
            required: ['driver'],
            properties: {
              driver: {
                type: 'object',
                required: ['name'],
                additionalProperties: false,
                properties: {
                  name: { type: 'string' },
                  version: { type: 'string' },
                  rules: {
                    type: 'array',
                    uniqueItems: true,
                    items: {
                      type: 'object',
                      required: ['id'],
                      additionalProperties: false,
                      properties: { id: { type: 'string' }, shortDescription: text, help: text },
                    },
                  },
                },
              },
            },
          },
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
          originalUriBaseIds: { type: 'object' },
          results: {
            type: 'array',
            items: {
              type: 'object',
              required: ['message'],
              additionalProperties: false,
              properties: {
                ruleId: { type: 'string' },
                ruleIndex: { type: 'integer', minimum: -1 },
                level: { enum: ['none', 'note', 'warning', 'error'] },
                message: text,
                locations: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['physicalLocation'],
                    properties: {
                      physicalLocation: {
                        type: 'object',
                        required: ['artifactLocation'],
                        properties: {
                          artifactLocation: {
                            type: 'object',
                            required: ['uri'],
                            properties: {
                              uri: { type: 'string', pattern: '^[A-Za-z0-9%/._~!$&()*+;=@:-]*$' },
                              uriBaseId: { type: 'string' },
                            },
                          },
                          region: {
                            type: 'object',
                            properties: {
                              startLine: { type: 'integer', minimum: 1 },
                              startColumn: { type: 'integer', minimum: 1 },
                              endColumn: { type: 'integer', minimum: 1 },
                            },
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

describe('sarif', () => {
  interface Sarif {
    readonly runs: readonly {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly results: readonly { readonly ruleId: string; readonly ruleIndex: number }[];
    }[];
  }
  const log = JSON.parse(sarifReport(report, { toolVersion: '1.2.3' })) as Sarif;

  it('is what the standard demands', () => {
    const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(sarifSchema);
    expect(validate(log) ? [] : validate.errors).toEqual([]);
  });

  it('names the rule of every result, with what it means', () => {
    const [run] = log.runs;
    expect(run?.results).toHaveLength(3);
    for (const { ruleId, ruleIndex } of run?.results ?? []) {
      expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    }
    expect(run?.tool.driver.rules[0]).toHaveProperty('shortDescription.text');
  });

  it('writes paths as addresses', () => {
    expect(JSON.stringify(log)).toContain('"uri":"a%2C%20b/site%201%3A2.yml","uriBaseId":"PROJECT"');
  });
});
