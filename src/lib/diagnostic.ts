// A problem in a user's file, with its place. Parsers return these; they never throw for bad input.
// Formatting for people is pure: the text of the file is handed in.
import { displayWidth, glyphsOf, type Glyph } from './display-width.ts';
import { terminalText } from './terminal-text.ts';

/** A place in a user's file. Lines and columns start at 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `error` stops a run; `warning` does not; `info` is only said by `veza-run lint`. */
export type Severity = 'error' | 'warning' | 'info';

export interface Diagnostic {
  readonly severity: Severity;
  /** Stable, kebab-case; for instance `unknown-module`. */
  readonly code: string;
  readonly message: string;
  readonly where?: Position;
  /** Length in characters of what is wrong, for the caret line; 1 when left out. */
  readonly length?: number;
  /** What to do next, as a sentence. */
  readonly hint?: string;
}

type Paint = (text: string) => string;

/** Colours of the parts; each hands its text back unchanged where there are none. */
export interface DiagnosticColors {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

export interface FormatOptions {
  readonly colors?: DiagnosticColors;
  /** Columns of the terminal: longer source lines are cut around what is wrong. */
  readonly width?: number;
}

/** Formats a diagnostic as `file:line:column: error: message`, the source line, a caret, and the hint. */
export function formatDiagnostic(diagnostic: Diagnostic, source?: string, options: FormatOptions = {}): string {
  const { where, severity, message, code, hint } = diagnostic;
  const { colors } = options;
  const paint = (name: keyof DiagnosticColors, text: string) => colors?.[name](text) ?? text;
  const tone = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'cyan';
  const place = where ? `${terminalText(where.file)}:${where.line}:${where.column}: ` : '';
  const lines = [
    `${paint('bold', place)}${paint(tone, `${severity}:`)} ${terminalText(message)} ${paint('dim', `[${code}]`)}`,
  ];
  if (where && source !== undefined) {
    lines.push(...excerpt(where, source, diagnostic.length, { ...options, paint: (text) => paint(tone, text) }));
  }
  if (hint) lines.push(`  ${paint('cyan', 'help:')} ${terminalText(sentence(hint))}`);
  return lines.join('\n');
}

/** Begins with a capital letter, unless it begins with something to type. */
function sentence(hint: string): string {
  return /^[a-z]+[ ,:]/.test(hint) ? hint.charAt(0).toUpperCase() + hint.slice(1) : hint;
}

/** The line of a place, and a caret below it; nothing where the text has no such line. */
export function excerpt(
  where: Position,
  source: string,
  length = 1,
  options: FormatOptions & { readonly paint?: Paint } = {},
): readonly string[] {
  const line = source.split('\n', where.line)[where.line - 1]?.replace(/\r$/, '');
  if (line === undefined) return [];
  const { colors, width, paint = (text: string) => text } = options;
  const dim = (text: string) => colors?.dim(text) ?? text;
  const gutter = String(where.line);
  const room = width === undefined ? undefined : Math.max(20, width - gutter.length - 5);
  const { shown, before, carets } = cut(line, where.column - 1, length, room);
  return [
    `  ${dim(`${gutter} |`)} ${shown}`,
    `  ${dim(`${' '.repeat(gutter.length)} |`)} ${' '.repeat(before)}${paint('^'.repeat(carets))}`,
  ];
}

interface Excerpt {
  readonly shown: string;
  /** Columns before the carets, and of them. */
  readonly before: number;
  readonly carets: number;
}

/** The line as shown, cut to `room` columns so that what is wrong stays in view. `start` is a UTF-16 offset. */
function cut(line: string, start: number, length: number, room: number | undefined): Excerpt {
  const glyphs = glyphsOf(line);
  const end = start + Math.max(1, length);
  const before = widthOf(glyphs.filter(({ index }) => index < start));
  const marked = widthOf(glyphs.filter(({ index, text }) => index >= start && index < end && text !== ''));
  const total = widthOf(glyphs);
  const carets = Math.max(1, marked);
  if (room === undefined || total <= room) return { shown: textOf(glyphs), before, carets };
  return clipped(glyphs, before, carets, room);
}

function clipped(glyphs: readonly Glyph[], before: number, carets: number, room: number): Excerpt {
  const context = Math.max(8, Math.floor((room - Math.min(carets, room)) / 2));
  const from = Math.max(0, Math.min(before - context, widthOf(glyphs) - room));
  const kept: Glyph[] = [];
  let column = 0;
  let skipped = 0;
  for (const glyph of glyphs) {
    if (column < from) skipped = column + glyph.width;
    else if (column + glyph.width - skipped <= room - 2) kept.push(glyph);
    else break;
    column += glyph.width;
  }
  const cutsEnd = column < widthOf(glyphs);
  const head = skipped > 0 ? '…' : '';
  const shown = `${head}${textOf(kept)}${cutsEnd ? '…' : ''}`;
  const at = before - skipped + head.length;
  return { shown, before: at, carets: Math.max(1, Math.min(carets, displayWidth(shown) - at)) };
}

function widthOf(glyphs: readonly Glyph[]): number {
  return glyphs.reduce((sum, { width }) => sum + width, 0);
}

function textOf(glyphs: readonly Glyph[]): string {
  return glyphs.map(({ text }) => text).join('');
}
