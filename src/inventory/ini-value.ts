// Values of INI inventories, as Ansible takes them: Python literals, all else is text (`true` too, only `True` is not).
import type { Position } from '../lib/diagnostic.ts';
import type { Json } from '../lib/json.ts';
import type { YamlNode } from '../lib/yaml-node.ts';
import { pythonLiteral } from './python-literal.ts';

/** The value of a text, at the place where it is written. */
export function iniValue(text: string, where: Position): YamlNode {
  const trimmed = text.trim();
  // Most values are plain words: nothing else begins like a literal.
  const literal = /^[-+\d.'"[({TFN]/.test(trimmed) ? pythonLiteral(trimmed) : undefined;
  return nodeOf(literal === undefined ? trimmed : literal, where, Math.max(1, trimmed.length));
}

/** Parts of a value in one line all take its place. */
function nodeOf(value: Json, where: Position, length: number): YamlNode {
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => nodeOf(item, where, length));
    return { kind: 'list', where, length, items };
  }
  if (typeof value !== 'object' || value === null) {
    return { kind: 'scalar', value: value, where, textWhere: where, length };
  }
  const entries = Object.entries(value).map(
    ([key, part]) => [key, { key, where, value: nodeOf(part, where, length) }] as const,
  );
  return { kind: 'map', where, length, entries: new Map(entries) };
}
