// Values of INI inventories: numbers, true and false, quoted text, lists and maps in brackets; all else is text.
import type { Position } from '../lib/diagnostic.ts';
import type { YamlNode } from '../lib/yaml-node.ts';
import { parseYaml } from '../lib/yaml.ts';

/** The value of a text, at the place where it is written. */
export function iniValue(text: string, where: Position): YamlNode {
  const trimmed = text.trim();
  const plain = (value: string | number | boolean | null, shift = 0): YamlNode => ({
    kind: 'scalar',
    value,
    where,
    textWhere: { ...where, column: where.column + shift },
    length: Math.max(1, trimmed.length),
  });
  const quoted = /^(["'])(.*)\1$/s.exec(trimmed);
  if (quoted) return plain(quoted[2] ?? '', 1);
  if (/^[-+]?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(trimmed)) return plain(Number(trimmed));
  if (/^(?:true|false)$/i.test(trimmed)) return plain(trimmed.toLowerCase() === 'true');
  if (trimmed === 'None') return plain(null);
  if (/^(?:\[.*\]|\{(?!\{).*\})$/s.test(trimmed)) {
    const parsed = parseYaml(trimmed, where.file);
    // What is no list or map after all is text.
    if (parsed.root && parsed.diagnostics.length === 0) return moved(parsed.root, where);
  }
  return plain(trimmed);
}

/** Parts of a value in one line all take its place. */
function moved(node: YamlNode, where: Position): YamlNode {
  switch (node.kind) {
    case 'scalar':
      return { ...node, where, textWhere: where };
    case 'list':
      return { ...node, where, items: node.items.map((item) => moved(item, where)) };
    case 'map': {
      const entries = [...node.entries.values()].map((entry) => ({
        ...entry,
        where,
        value: moved(entry.value, where),
      }));
      return { ...node, where, entries: new Map(entries.map((entry) => [entry.key, entry])) };
    }
    default:
      return node satisfies never;
  }
}
