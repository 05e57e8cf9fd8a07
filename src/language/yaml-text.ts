// YAML as PyYAML writes it for Ansible's to_yaml and to_nice_yaml: keys sorted, lists not indented below their key.
import { stringify } from 'yaml';
import { type Budget, checkTextLength, fail } from './budget.ts';
import { numberText } from './text.ts';
import { orderTexts } from './comparison.ts';
import type { Value } from './value.ts';
import { isList, isOmit, isUnknown, used } from './values.ts';

export interface YamlStyle {
  readonly indent: number;
  readonly width: number;
  readonly sortKeys: boolean;
  /** Lists and maps that hold only scalars are written on one line. */
  readonly flowLeaves: boolean;
}

/** Writes YAML, with a line feed at the end. Unknown parts must be handled before. */
export function yamlText(value: Value, style: YamlStyle, budget: Budget): string {
  const lines = write(value, style, budget, 0);
  const text = `${(isScalar(value) ? hang('', ' '.repeat(style.indent), lines, true) : lines).join('\n')}\n`;
  checkTextLength(text.length);
  return text;
}

/** The lines of a value that begins at column 0 of its own line. */
function write(value: Value, style: YamlStyle, budget: Budget, depth: number): readonly string[] {
  budget.spend(1);
  if (isScalar(value)) return scalarText(value, style, depth).split('\n');
  used(value);
  if (isUnknown(value)) return fail(`a part of the value is unknown: ${value.reason}`);
  if (isOmit(value)) return fail("'omit' cannot be a part of a text");
  const parts = isList(value) ? value : Object.values(value);
  if (parts.length === 0) return [isList(value) ? '[]' : '{}'];
  if (style.flowLeaves && parts.every(isScalar)) return [flow(value, style, budget)];
  const indent = ' '.repeat(style.indent);
  const lines: string[] = [];
  let length = 0;
  const push = (added: readonly string[]): void => {
    for (const line of added) {
      lines.push(line);
      length += line.length + 1;
    }
    checkTextLength(length);
  };
  if (isList(value)) {
    const lead = `-${' '.repeat(Math.max(1, style.indent - 1))}`;
    for (const part of value) {
      const below = write(part, style, budget, depth + 1);
      push(hang(isInline(part, below) ? '- ' : lead, indent, below, isScalar(part)));
    }
    return lines;
  }
  for (const [key, part] of sorted(value as Readonly<Record<string, Value>>, style)) {
    const name = scalarText(key, { ...style, width: 0 }, depth);
    const below = write(part, style, budget, depth + 1);
    if (isInline(part, below)) push(hang(`${name}: `, indent, below, true));
    else push([`${name}:`, ...below.map((line) => (isList(part) || line === '' ? line : indent + line))]);
  }
  return lines;
}

/** The first line behind `lead`, the others indented. */
function hang(lead: string, indent: string, lines: readonly string[], isText: boolean): readonly string[] {
  const [first = '', ...rest] = lines;
  const shift = isText ? indent : ' '.repeat(lead.length);
  return [(lead + first).replace(/ $/, ''), ...rest.map((line) => (line === '' ? line : shift + line))];
}

function flow(value: Value, style: YamlStyle, budget: Budget): string {
  budget.spend(1);
  if (isScalar(value)) return scalarText(value, { ...style, width: 0 }, 0, true);
  if (isList(value)) return `[${value.map((part) => flow(part, style, budget)).join(', ')}]`;
  const entries = sorted(value as Readonly<Record<string, Value>>, style);
  return `{${entries.map(([key, part]) => `${flow(key, style, budget)}: ${flow(part, style, budget)}`).join(', ')}}`;
}

function sorted(map: Readonly<Record<string, Value>>, style: YamlStyle): readonly (readonly [string, Value])[] {
  const entries = Object.entries(map);
  return style.sortKeys ? entries.sort(([left], [right]) => orderTexts(left, right)) : entries;
}

/** Scalars, and what is written with brackets, follow on the line of their key or dash. */
function isInline(value: Value, lines: readonly string[]): boolean {
  return isScalar(value) || (lines.length === 1 && /^[[{]/.test(lines[0] ?? ''));
}

function isScalar(value: Value): value is null | boolean | number | string {
  return value === null || typeof value !== 'object';
}

function scalarText(value: null | boolean | number | string, style: YamlStyle, depth: number, inFlow = false): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : numberSpecial(value);
  if (value === '') return "''";
  const lineWidth = style.width === 0 ? 0 : Math.max(20, style.width - depth * style.indent);
  const hasLines = value.includes('\n');
  const written = stringify(inFlow ? [value] : value, {
    version: '1.1',
    lineWidth: hasLines ? 0 : lineWidth,
    singleQuote: !/[^\x20-\x7e\n\u00a0-\ud7ff\ue000-\ufffd]/.test(value),
    blockQuote: false,
    indent: style.indent,
    collectionStyle: inFlow ? 'flow' : 'any',
    flowCollectionPadding: false,
    defaultStringType: hasLines ? 'QUOTE_SINGLE' : 'PLAIN',
  }).replace(/\n$/, '');
  return inFlow ? written.slice(1, -1) : written;
}

function numberSpecial(value: number): string {
  return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
}
