// What of a decrypted content must never be shown: the texts that a redactor looks for.
import { parseYaml } from '../yaml.ts';
import type { YamlNode } from '../yaml-node.ts';

/** Shorter pieces of a line stand for nothing: hiding them would hide half of what is shown. */
const pieceLength = 6;

/** Every value of a file of variables; of other YAML (tasks), what looks like more than a word of the language. */
export function secretValues(text: string): readonly string[] {
  const { root } = parseYaml(text, '');
  if (!root || root.kind === 'scalar') return secretLines(text);
  const all = root.kind === 'map';
  return leavesOf(root, '').flatMap(({ value, key }) => {
    if (!all && (key === 'name' || value.length < 8 || /^[a-z_.]+$/.test(value))) return [];
    return /\n|\{\{/.test(value) ? [value, ...secretLines(value)] : [value];
  });
}

/** The whole, and each line: without what templates put in, and the value of `key = value` alone too. */
export function secretLines(text: string): readonly string[] {
  const pieces = text.split('\n').flatMap((line) => {
    const parts = line.split(/\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}/).map((part) => part.trim());
    const [, value = ''] = /^\s*[\w.-]+\s*[=:]\s*(\S.*)$/.exec(line) ?? [];
    const plain = value.includes('{{') ? '' : value.trim().replace(/^(["'])(.*)\1$/, '$2');
    return [...parts, plain];
  });
  return [...new Set([text.trim(), ...pieces])].filter((piece) => piece.length >= pieceLength);
}

interface Leaf {
  readonly key: string;
  readonly value: string;
}

function leavesOf(node: YamlNode, key: string): Leaf[] {
  switch (node.kind) {
    case 'scalar':
      return node.value === null || typeof node.value === 'boolean' ? [] : [{ key, value: String(node.value) }];
    case 'list':
      return node.items.flatMap((item) => leavesOf(item, key));
    case 'map':
      return [...node.entries.values()].flatMap((entry) => leavesOf(entry.value, entry.key));
    default:
      return node satisfies never;
  }
}
