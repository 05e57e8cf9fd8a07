// Values on one line for yaml-fast.ts: plain and quoted texts, `{ a: b }`, `[a, b]`.
import type { Diagnostic, Position } from './diagnostic.ts';
import type { YamlEntry, YamlNode } from './yaml-node.ts';
import { scalarValue } from './yaml-scalar.ts';

/** Thrown where the full parser is needed. */
export class Bail extends Error {}

export interface Scanner {
  readonly text: string;
  readonly lineEnd: number;
  readonly diagnostics: Diagnostic[];
  at(offset: number): Position;
}

interface Read {
  readonly node: YamlNode;
  /** Behind its last character. */
  readonly end: number;
}

/** Reads the value at `offset`; `inside` is the bracket around it. */
export function flowValue(scanner: Scanner, offset: number, key: string | undefined, inside: '{' | '[' | null): Read {
  switch (scanner.text[offset]) {
    case '"':
    case "'":
      return quoted(scanner, offset);
    case '{':
      return map(scanner, offset);
    case '[':
      return list(scanner, offset);
    default:
      return plain(scanner, offset, key, inside);
  }
}

function quoted(scanner: Scanner, offset: number): Read {
  const { text, lineEnd } = scanner;
  const quote = text.charAt(offset);
  let end = offset + 1;
  for (; end < lineEnd; end += 1) {
    const character = text[end];
    if (character === '\\' && quote === '"') end += 1;
    else if (character === quote) {
      if (quote === "'" && text[end + 1] === "'") end += 1;
      else break;
    }
  }
  if (end >= lineEnd) throw new Bail();
  const body = text.slice(offset + 1, end);
  const where = scanner.at(offset);
  const textWhere = { ...where, column: where.column + 1 };
  const value = quote === '"' ? unescaped(body) : body.replaceAll("''", "'");
  return { node: { kind: 'scalar', value, where, length: end + 1 - offset, textWhere }, end: end + 1 };
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
  r: '\r',
  ' ': ' ',
};

function unescaped(body: string): string {
  if (!body.includes('\\')) return body;
  return body.replace(/\\(.)/gs, (_whole, character: string) => {
    const meant = Object.hasOwn(escapes, character) ? escapes[character] : undefined;
    if (meant === undefined) throw new Bail();
    return meant;
  });
}

// What ends a plain text: in a block only a colon or a comment, in a flow its punctuation too.
const blockEnd = /:(?= |$)| #|$/gm;
const flowEnd = /:(?=[ ,[\]{}]|$)| #|[,[\]{}]|$/gm;
const indicator = /^[\s,[\]{}#&*!|>'"%@`]|^[-?:](?=[\s,[\]{}]|$)/;
const spaces = / *$/;

function plain(scanner: Scanner, offset: number, key: string | undefined, inside: '{' | '[' | null): Read {
  const { text, lineEnd } = scanner;
  if (offset >= lineEnd || indicator.test(text.slice(offset, offset + 2))) throw new Bail();
  const pattern = inside ? flowEnd : blockEnd;
  pattern.lastIndex = offset;
  const stop = pattern.exec(text)?.index ?? lineEnd;
  // A colon here would begin a map inside of the value.
  if (text[stop] === ':') throw new Bail();
  const source = text.slice(offset, Math.min(stop, lineEnd)).replace(spaces, '');
  const where = scanner.at(offset);
  const { value, diagnostic } = scalarValue({ type: 'PLAIN', source, value: resolved(source) }, key);
  if (diagnostic) scanner.diagnostics.push({ ...diagnostic, where, length: source.length });
  return {
    node: { kind: 'scalar', value, where, length: source.length, textWhere: where },
    end: offset + source.length,
  };
}

/** The core schema of YAML 1.2. */
function resolved(source: string): string | number | boolean | null {
  // Most texts begin with a letter that begins no number, boolean or null.
  if (/^[^-+.0-9~nNtTfF]/.test(source)) return source;
  switch (source) {
    case 'true':
    case 'True':
    case 'TRUE':
      return true;
    case 'false':
    case 'False':
    case 'FALSE':
      return false;
    case '~':
    case 'null':
    case 'Null':
    case 'NULL':
      return null;
    default:
  }
  if (/^[-+]?[0-9]+$/.test(source)) return Number.parseInt(source, 10);
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(source)) return Number.parseFloat(source);
  if (/^0[ox]|^[-+]?\.(?:inf|nan)/i.test(source)) throw new Bail();
  return source;
}

function map(scanner: Scanner, offset: number): Read {
  const { text } = scanner;
  const entries = new Map<string, YamlEntry>();
  let at = skip(scanner, offset + 1);
  while (text[at] !== '}') {
    const { key, end } = keyAt(scanner, at);
    if (key === '<<' || entries.has(key) || text[end] !== ':') throw new Bail();
    if (text[end + 1] !== ' ') throw new Bail();
    const start = skip(scanner, end + 1);
    const { node, end: behind } = flowValue(scanner, start, key, '{');
    entries.set(key, { key, where: scanner.at(at), value: node });
    at = separated(scanner, behind, '}');
  }
  return { node: { kind: 'map', where: scanner.at(offset), length: at + 1 - offset, entries }, end: at + 1 };
}

function list(scanner: Scanner, offset: number): Read {
  const { text } = scanner;
  const items: YamlNode[] = [];
  let at = skip(scanner, offset + 1);
  while (text[at] !== ']') {
    const { node, end } = flowValue(scanner, at, undefined, '[');
    items.push(node);
    at = separated(scanner, end, ']');
  }
  return { node: { kind: 'list', where: scanner.at(offset), length: at + 1 - offset, items }, end: at + 1 };
}

/** Goes over a comma to the next part, or to the closing bracket. */
function separated(scanner: Scanner, offset: number, close: '}' | ']'): number {
  const at = skip(scanner, offset);
  if (scanner.text[at] === close) return at;
  if (scanner.text[at] !== ',') throw new Bail();
  const next = skip(scanner, at + 1);
  if (scanner.text[next] === close) throw new Bail();
  return next;
}

function keyAt(scanner: Scanner, offset: number): { readonly key: string; readonly end: number } {
  const { text } = scanner;
  if (text[offset] === '"' || text[offset] === "'") {
    const { node, end } = quoted(scanner, offset);
    return { key: node.kind === 'scalar' ? String(node.value) : '', end };
  }
  const end = text.indexOf(':', offset);
  const key = text.slice(offset, end);
  if (end === -1 || end >= scanner.lineEnd || !/^[A-Za-z_][\w.-]*$/.test(key) || /^null$/i.test(key)) throw new Bail();
  return { key, end };
}

function skip(scanner: Scanner, offset: number): number {
  let at = offset;
  while (scanner.text.charCodeAt(at) === 32) at += 1;
  if (at >= scanner.lineEnd || scanner.text[at] === '#') throw new Bail();
  return at;
}
