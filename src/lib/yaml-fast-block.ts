// Block texts (`|` and `>`) for yaml-fast.ts.
import { Bail } from './yaml-fast-flow.ts';

export interface BlockText {
  readonly value: string;
  /** Column (from 0) of its text. */
  readonly indent: number;
  /** Blank lines before its first one. */
  readonly blankLines: number;
  /** Lines behind the header that belong to it, blank ones at the end too. */
  readonly lines: number;
  /** Offset of the line feed of the last of them. */
  readonly end: number;
}

/** Reads the block whose header is at `offset`; its lines are indented by more than `parent`. */
export function blockText(text: string, offset: number, headerEnd: number, parent: number): BlockText {
  const header = text.slice(offset, headerEnd).trimEnd();
  if (!/^[|>][-+]?$/.test(header)) throw new Bail();
  const lines: string[] = [];
  let indent = -1;
  let blankLines = 0;
  let at = headerEnd;
  while (at + 1 < text.length) {
    const start = at + 1;
    const stop = text.indexOf('\n', start);
    // A last line without a line feed is rare, and has rules of its own.
    if (stop === -1) throw new Bail();
    let first = start;
    while (text.charCodeAt(first) === 32) first += 1;
    const blank = first >= stop;
    if (!blank && first - start <= parent) break;
    if (indent === -1 && !blank) {
      indent = first - start;
      blankLines = lines.length;
    }
    // Spaces beyond the indentation are text.
    if (blank ? first > start && (indent === -1 || first - start > indent) : first - start < indent) throw new Bail();
    lines.push(blank ? '' : text.slice(start + indent, stop));
    at = stop;
  }
  if (indent === -1) throw new Bail();
  return { value: valueOf(lines, header), indent, blankLines, lines: lines.length, end: at };
}

function valueOf(lines: readonly string[], header: string): string {
  let last = lines.length;
  while (last > 0 && lines[last - 1] === '') last -= 1;
  const body = lines.slice(0, last);
  const text = header.startsWith('|') ? body.join('\n') : folded(body);
  if (header.endsWith('-')) return text;
  return header.endsWith('+') ? text + '\n'.repeat(1 + lines.length - last) : `${text}\n`;
}

/** Line feeds between lines become spaces, blank lines line feeds. */
function folded(lines: readonly string[]): string {
  let text = '';
  let blanks = 0;
  for (const line of lines) {
    if (line === '') {
      blanks += 1;
      continue;
    }
    // Lines that are indented further keep their line feeds.
    if (line.startsWith(' ')) throw new Bail();
    const join = text === '' ? '\n'.repeat(blanks) : blanks === 0 ? ' ' : '\n'.repeat(blanks);
    text += join + line;
    blanks = 0;
  }
  return text;
}
