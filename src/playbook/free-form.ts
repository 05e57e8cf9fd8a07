// `command: ls -l creates=/x`: one text that holds a module's main argument and, among its words, others.
import type { Position } from '../lib/diagnostic.ts';
import type { YamlEntry, YamlScalar } from '../lib/yaml-node.ts';

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Splits the text; `names` are the arguments that may be given as `name=value`. */
export function freeFormArguments(node: YamlScalar, main: string, names: readonly string[]): Map<string, YamlEntry> {
  const text = String(node.value);
  const entries = new Map<string, YamlEntry>();
  let rest = '';
  let from = 0;
  for (const word of wordsOf(text)) {
    const [, name = '', value = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word.text) ?? [];
    if (name === '' || name === main || !names.includes(name)) continue;
    rest += text.slice(from, word.start);
    from = word.end;
    const where = placeOf(text, word.start, node.textWhere);
    const valueWhere = placeOf(text, word.start + name.length + 1, node.textWhere);
    entries.set(name, entryOf(name, unquoted(value), where, valueWhere, value.length));
  }
  rest = (rest + text.slice(from)).trim();
  if (rest !== '') {
    // Positions in the rest are right as long as nothing was taken out before them.
    const lead = text.length - text.trimStart().length;
    entries.set(main, entryOf(main, rest, node.where, placeOf(text, lead, node.textWhere), node.length));
  }
  return entries;
}

/** `src=a dest="b c"`: nothing but arguments; null where there is anything else. */
export function keyValueArguments(node: YamlScalar): Map<string, YamlEntry> | null {
  const text = String(node.value);
  const entries = new Map<string, YamlEntry>();
  for (const word of wordsOf(text)) {
    const [, name = '', value = ''] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word.text) ?? [];
    if (name === '') return null;
    const valueWhere = placeOf(text, word.start + name.length + 1, node.textWhere);
    entries.set(
      name,
      entryOf(name, unquoted(value), placeOf(text, word.start, node.textWhere), valueWhere, value.length),
    );
  }
  return entries;
}

/** `copy src=a dest=b`: the name of a module, and its arguments as one text. */
export function moduleAndArguments(node: YamlScalar): { readonly module: string; readonly rest: YamlScalar } {
  const text = String(node.value);
  const [, lead = '', module = '', gap = ''] = /^(\s*)(\S+)(\s*)/.exec(text) ?? [];
  const start = lead.length + module.length + gap.length;
  const value = text.slice(start);
  const textWhere = placeOf(text, start, node.textWhere);
  return { module, rest: { ...node, value: value === '' ? null : value, textWhere } };
}

/** Words as a shell sees them, quotes kept; `{{ }}` and `{% %}` hold words together. */
function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  const pattern = /(?:"(?:\\.|[^"\\])*"|'[^']*'|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\\.|[^\s"'])+|["']/g;
  for (const match of text.matchAll(pattern)) {
    words.push({ text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return words;
}

function unquoted(text: string): string {
  const quoted = /^(["'])([\s\S]*)\1$/.exec(text);
  return quoted?.[2] ?? text;
}

function entryOf(key: string, value: string, where: Position, textWhere: Position, length: number): YamlEntry {
  return { key, where, value: { kind: 'scalar', value, where: textWhere, textWhere, length: Math.max(1, length) } };
}

function placeOf(text: string, offset: number, start: Position): Position {
  const before = text.slice(0, offset);
  const lines = before.split('\n');
  const last = lines.at(-1)?.length ?? 0;
  return lines.length === 1
    ? { ...start, column: start.column + last }
    : { ...start, line: start.line + lines.length - 1, column: start.column + last };
}
