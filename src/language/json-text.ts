// JSON as Python's json.dumps writes it: a space after commas and colons, other than ASCII escaped.
import { type Budget, checkTextLength, fail } from './budget.ts';
import { orderTexts } from './comparison.ts';
import { numberText } from './text.ts';
import type { Value, ValueMap } from './value.ts';
import { isList, isOmit, isUnknown, used } from './values.ts';

export interface JsonStyle {
  /** 0: everything on one line. */
  readonly indent: number;
  readonly sortKeys: boolean;
  readonly ascii: boolean;
}

/** Writes JSON. Unknown parts must be handled before. */
export function jsonText(value: Value, style: JsonStyle, budget: Budget): string {
  const text = write(value, style, budget, '\n');
  checkTextLength(text.length);
  return text;
}

function write(value: Value, style: JsonStyle, budget: Budget, lineStart: string): string {
  budget.spend(1);
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return jsonNumber(value);
  if (typeof value === 'string') return jsonString(value, style.ascii);
  used(value);
  if (isUnknown(value)) return fail(`a part of the value is unknown: ${value.reason}`);
  if (isOmit(value)) return fail("'omit' cannot be a part of a text");
  const inner = style.indent > 0 ? lineStart + ' '.repeat(Math.min(style.indent, 40)) : lineStart;
  if (isList(value)) {
    const parts = value.map((part) => write(part, style, budget, inner));
    return enclose('[', parts, ']', style, lineStart, inner);
  }
  const entries = Object.entries(value as ValueMap);
  if (style.sortKeys) entries.sort(([left], [right]) => orderTexts(left, right));
  const parts = entries.map(([key, part]) => `${jsonString(key, style.ascii)}: ${write(part, style, budget, inner)}`);
  return enclose('{', parts, '}', style, lineStart, inner);
}

function enclose(
  open: string,
  parts: readonly string[],
  close: string,
  style: JsonStyle,
  outer: string,
  inner: string,
): string {
  if (parts.length === 0) return open + close;
  checkTextLength(parts.reduce((sum, part) => sum + part.length, 0));
  return style.indent > 0
    ? `${open}${inner}${parts.join(`,${inner}`)}${outer}${close}`
    : `${open}${parts.join(', ')}${close}`;
}

function jsonNumber(value: number): string {
  if (Number.isFinite(value)) return numberText(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function jsonString(text: string, ascii: boolean): string {
  const written = JSON.stringify(text);
  if (!ascii) return written;
  return written.replace(/[\u007f-\uffff]/g, (character) =>
    character === '\u007f' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
