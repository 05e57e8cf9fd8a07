// YAML with places: what cases of playbooks and inventories do not show.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataOf, nodeAt } from '../../src/lib/yaml-node.ts';
import { parseYaml } from '../../src/lib/yaml.ts';

const dataIn = (text: string) => {
  const { root } = parseYaml(text, 'f.yml');
  return root && dataOf(root);
};
const placeOf = (text: string, ...path: (string | number)[]) => {
  const node = nodeAt(parseYaml(text, 'f.yml').root!, path);
  const { line, column } = node.kind === 'scalar' ? node.textWhere : node.where;
  return `${line}:${column}`;
};

describe('places of values', () => {
  it.each([
    ['plain text', 'a: xyz\n', ['a'], '1:4'],
    ['after a double quote', 'a: "xyz"\n', ['a'], '1:5'],
    ['after a single quote', "a: 'xyz'\n", ['a'], '1:5'],
    ['the first line of a literal block', 'a: |\n  one\n  two\n', ['a'], '2:3'],
    ['a folded block with a comment', 'a: >-  # why\n    one\n', ['a'], '2:5'],
    ['a block that begins with empty lines', 'a: |\n\n\n  one\n', ['a'], '4:3'],
    ['inside lists and maps', 'a:\n  - b: [1, {c: d}]\n', ['a', 0, 'b', 1, 'c'], '2:16'],
    ['Windows line ends', 'a: 1\r\nb: 2\r\n', ['b'], '2:4'],
    ['as far as the path leads', 'a: { b: 1 }\n', ['a', 'x', 'y'], '1:4'],
  ] as const)('%s', (_name, text, path, place) => {
    expect(placeOf(text, ...path)).toBe(place);
  });
});

describe('values', () => {
  it.each([
    ['1e3', 1000],
    ['0x1F', 31],
    ['012', 10],
    ['089', '089'],
    ['-017', -15],
    ['12:30:45', '12:30:45'],
    ['2026-01-01', '2026-01-01'],
    ['~', null],
    ['y', 'y'],
    ['YES', true],
    ['"yes"', 'yes'],
    ['nan', 'nan'],
    ['1_000', '1_000'],
  ])('%s', (text, value) => {
    expect(dataIn(`a: ${text}\n`)).toEqual({ a: value });
  });

  it('keeps hostile keys as keys', () => {
    const data = dataIn('__proto__: { polluted: true }\nconstructor: x\n') as object;
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('stops at aliases that stand for billions of values', () => {
    const names = 'abcdefghij'.split('');
    const lines = names.map(
      (name, index) =>
        `${name}: &${name} [${
          index === 0
            ? 'x'
            : Array(9)
                .fill(`*${names[index - 1]}`)
                .join(',')
        }]`,
    );
    const { root, diagnostics } = parseYaml(lines.join('\n'), 'f.yml');
    expect(root).toBeNull();
    expect(diagnostics.map(({ code }) => code)).toContain('yaml-too-large');
  });
});

it('never throws, whatever the text', () => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '&a',
    '*a',
    '|',
    '>',
    '#',
    '!x',
    '?',
    '<<',
    '\t',
    '0644',
    'yes',
    '{{ x }}',
    '---',
    ',',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const { root, diagnostics } = parseYaml(pieces.join(''), 'f.yml');
      if (root) dataOf(root);
      else expect(diagnostics.length).toBeGreaterThan(0);
    }),
    { numRuns: 1500 },
  );
});
