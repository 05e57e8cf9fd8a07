// The fast reader of YAML: whatever it accepts it reads as the full parser does, places and warnings included.
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFastYaml } from '../../src/lib/yaml-fast.ts';
import { parseFullYaml } from '../../src/lib/yaml.ts';
import type { YamlNode } from '../../src/lib/yaml-node.ts';

const root = resolve(import.meta.dirname, '../..');
const texts = ['roles', 'playbooks', 'inventory', 'tests/lint/golden'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => readFileSync(join(root, folder, name), 'utf8')),
);

/** Maps as lists of pairs, so that the order of keys is compared too. */
function plain(node: YamlNode | null): unknown {
  if (node?.kind === 'list') return { ...node, items: node.items.map(plain) };
  if (node?.kind !== 'map') return node;
  return { ...node, entries: [...node.entries.values()].map((entry) => ({ ...entry, value: plain(entry.value) })) };
}

function expectSame(text: string): boolean {
  const fast = parseFastYaml(text, 'f.yml');
  if (!fast) return false;
  const full = parseFullYaml(text, 'f.yml');
  expect({ root: plain(fast.root), diagnostics: fast.diagnostics }).toEqual({
    root: plain(full.root),
    diagnostics: full.diagnostics,
  });
  return true;
}

describe('the fast reader', () => {
  it('reads nearly all that people write, and reads it the same', () => {
    const accepted = texts.filter(expectSame).length;
    expect(accepted / texts.length).toBeGreaterThan(0.7);
  });

  const bits = [
    ' ',
    '\n',
    ':',
    ': ',
    '-',
    '- ',
    ' #',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ',',
    '|',
    '>-',
    '>+',
    '\n\n',
    '\n  ',
  ];
  const more = [
    'yes',
    '0644',
    '22:30',
    '&a',
    '*a',
    '!x',
    '<<',
    '---\n',
    '%',
    '?',
    '\\',
    '~',
    '{}',
    '[]',
    '1.5',
    '0x1f',
    '日',
  ];

  it('reads changed texts the same, or leaves them alone', () => {
    const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(4), fc.constantFrom('', ...bits, ...more));
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(edit, { maxLength: 3 }), (original, edits) => {
        const text = edits.reduce((edited, [place, removed, added]) => {
          const at = Math.floor(place * edited.length);
          return edited.slice(0, at) + added + edited.slice(at + removed);
        }, original);
        expectSame(text);
      }),
      { numRuns: 600 },
    );
  });
});
