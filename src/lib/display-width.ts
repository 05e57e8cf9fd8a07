// How many columns of a terminal a text takes: wide characters two, combining ones none, tabs up to the next stop.

const tabStop = 4;
const wide =
  /^(?:[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;
// Only printable ASCII: every character is one column.
const plain = /^[ -~]*$/;

let segmenter: Intl.Segmenter | undefined;

/** One thing that a reader sees as one character. */
export interface Glyph {
  readonly text: string;
  /** Of its first UTF-16 unit in the line. */
  readonly index: number;
  readonly width: number;
}

/** The characters of a line as they are shown; tabs become spaces, other control characters nothing that harms. */
export function glyphsOf(line: string): readonly Glyph[] {
  if (plain.test(line)) return Array.from(line, (text, index) => ({ text, index, width: 1 }));
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  const glyphs: Glyph[] = [];
  let column = 0;
  for (const { segment, index } of segmenter.segment(line)) {
    const glyph = segment === '\t' ? tab(column, index) : { text: harmless(segment), index, width: widthOf(segment) };
    glyphs.push(glyph);
    column += glyph.width;
  }
  return glyphs;
}

/** Columns of a whole text on one line. */
export function displayWidth(text: string): number {
  return plain.test(text) ? text.length : glyphsOf(text).reduce((sum, { width }) => sum + width, 0);
}

function tab(column: number, index: number): Glyph {
  const width = tabStop - (column % tabStop);
  return { text: ' '.repeat(width), index, width };
}

function widthOf(segment: string): number {
  if (segment.includes('\ufe0f') || wide.test(segment)) return 2;
  return invisible.test(segment) ? 0 : 1;
}

/** An escape sequence in a file must not colour or move anything on the reader's terminal. */
function harmless(segment: string): string {
  return /^\p{Cc}/u.test(segment) ? '' : segment;
}
