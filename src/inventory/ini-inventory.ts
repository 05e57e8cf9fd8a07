// Inventories in INI form: `[group]`, `[group:vars]`, `[group:children]`, and lines of hosts with `name=value`.
import { nearestName } from '../lib/suggest.ts';
import type { Templated } from '../language/value.ts';
import { checkVariableName, compileNode } from '../language/yaml-variables.ts';
import type { Position } from '../lib/diagnostic.ts';
import { groupNamed, merged } from './graph.ts';
import { iniValue } from './ini-value.ts';
import type { InventoryReader } from './inventory-reader.ts';

type Section = { readonly group: string; readonly kind: 'hosts' | 'vars' | 'children' } | null;

/** `[2001:db8::1]` or `[2001:db8::1]:22` is a host, not a section. */
const bracketedAddress = /^\[([0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\](?=[:\s]|$)/;

const kinds = ['hosts', 'vars', 'children'] as const;

/** Reads one file into the graph. */
export function readIniInventory(reader: InventoryReader, text: string, file: string): void {
  let section: Section = { group: 'ungrouped', kind: 'hosts' };
  const declared = new Map<string, number>();
  text.split('\n').forEach((raw, index) => {
    const line = raw.trimEnd();
    const start = line.length - line.trimStart().length;
    const content = line.slice(start);
    if (content === '' || content.startsWith('#') || content.startsWith(';')) return;
    const where = { file, line: index + 1, column: start + 1 };
    if (content.startsWith('[') && !bracketedAddress.test(content))
      section = readHeader(reader, content, where, declared);
    else if (section) readLine(reader, section, content, where);
  });
}

function readHeader(reader: InventoryReader, content: string, where: Position, declared: Map<string, number>): Section {
  const match = /^\[([^\]:]+)(?::([^\]]*))?\]\s*(?:[#;].*)?$/.exec(content);
  const [, group = '', kindText = 'hosts'] = match ?? [];
  const kind = kinds.find((one) => one === kindText);
  if (!match || !kind) {
    const near = match ? nearestName(kindText, kinds) : null;
    const hint = near === null ? 'Write [group], [group:vars] or [group:children].' : `Did you mean "${near}"?`;
    reader.error('inventory-section', 'this is not the head of a section', where, content.length, hint);
    return null;
  }
  const before = declared.get(`${group}:${kind}`);
  if (before !== undefined) {
    const hint = `The other is on line ${before}; both are read.`;
    reader.warning('duplicate-group', `the section ${content} is there twice`, where, content.length, hint);
  }
  declared.set(`${group}:${kind}`, where.line);
  groupNamed(reader.graph, group, { ...where, column: where.column + 1 });
  return { group, kind };
}

function readLine(reader: InventoryReader, section: NonNullable<Section>, content: string, where: Position): void {
  switch (section.kind) {
    case 'hosts':
      readHostLine(reader, section.group, content, where);
      return;
    case 'children': {
      const [name = ''] = content.split(/\s+[#;]|\s+/);
      groupNamed(reader.graph, section.group, where).children.set(name, where);
      groupNamed(reader.graph, name, where);
      return;
    }
    case 'vars': {
      const [, name = '', gap = '', value = ''] = /^([^=\s]+)(\s*=\s*)(.*)$/.exec(content) ?? [];
      if (name === '') {
        reader.error('inventory-line', 'this line is not `name = value`', where, content.length);
        return;
      }
      const variable = readVariable(reader, name, value, where, name.length + gap.length);
      const group = groupNamed(reader.graph, section.group, where);
      group.vars = merged(group.vars, new Map([[name, variable]]));
      return;
    }
    default:
      section.kind satisfies never;
  }
}

/** `host name=value name="two words"`; `host:port` sets ansible_port. */
function readHostLine(reader: InventoryReader, group: string, content: string, where: Position): void {
  const words = wordsOf(content);
  const [first, ...others] = words;
  if (!first) return;
  const address = bracketedAddress.exec(first.text);
  const [, plain = first.text, port] = /^([^:]*|.*\]):(\d+)$/.exec(first.text) ?? [];
  const name = address?.[1] ?? plain;
  const vars = new Map<string, Templated>();
  if (port !== undefined) vars.set('ansible_port', readVariable(reader, 'ansible_port', port, where, plain.length + 1));
  for (const word of others) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(word.text) ?? [];
    const place = { ...where, column: where.column + word.start };
    if (key === '') {
      const hint = 'Write one host a line, then name=value pairs.';
      reader.error('inventory-line', `"${word.text}" is not name=value`, place, word.text.length, hint);
      continue;
    }
    vars.set(key, readVariable(reader, key, value, place, key.length + 1));
  }
  for (const host of reader.addHosts(name, group, where)) host.vars = merged(host.vars, vars);
}

function readVariable(
  reader: InventoryReader,
  name: string,
  value: string,
  where: Position,
  offset: number,
): Templated {
  checkVariableName(name, where, reader.report);
  const place = { ...where, column: where.column + offset };
  return compileNode(iniValue(value, place), reader.report);
}

/** Words as a shell sees them; a `#` that begins a word begins a comment. Quotes stay, for they make a value text. */
function wordsOf(content: string): { readonly text: string; readonly start: number }[] {
  const words: { text: string; start: number }[] = [];
  for (const match of content.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\{\{.*?\}\}|[^\s"'])+|["']/g)) {
    if (match[0].startsWith('#')) break;
    words.push({ text: match[0], start: match.index });
  }
  return words;
}
