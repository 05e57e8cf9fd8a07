// Whatever a playbook says, reading it ends in diagnostics, never in an exception; and loops give what they promise.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unknown } from '../../src/core/unknown.ts';
import type { Value } from '../../src/language/value.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { filesOf } from '../support/text-cases.ts';
import { catalog } from './catalog.ts';

const load = (text: string) =>
  loadPlaybook('site.yml', { files: filesOf(new Map([['site.yml', text]])), modules: catalog });

describe('reading never throws', () => {
  const words = [
    'hosts',
    'tasks',
    'block',
    'rescue',
    'when',
    'loop',
    'vars',
    'roles',
    'copy',
    'command',
    'import_tasks',
    'include_role',
    'import_playbook',
    'notify',
    'handlers',
    'tags',
    'environment',
    'module_defaults',
    'serial',
    'vars_files',
    'loop_control',
    'with_items',
    'args',
    'register',
    'listen',
    'become',
    'name',
    'x',
  ];
  const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom('{{ x }}', '{{', 'a == 1', 'a ==', 'x.yml', '', 'site.yml', 'creates=/x ls'),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...words), tie('value'), { maxKeys: 6 }),
    ),
  })).value;

  it('for any shape of data', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 3 }), (plays) => {
        const { playbook, diagnostics, sources } = load(JSON.stringify(plays));
        for (const one of diagnostics) formatDiagnostic(one, sources.get('site.yml'));
        expect(playbook === null).toBe(diagnostics.some(({ severity }) => severity === 'error'));
      }),
      { numRuns: 1500 },
    );
  });
});

describe('loops', () => {
  const items = (task: string, scope: Record<string, Value> = {}) => {
    const { playbook, diagnostics } = load(`- hosts: all\n  tasks:\n    - ping:\n      ${task}\n`);
    expect(diagnostics).toEqual([]);
    const node = playbook?.plays[0]?.sections[0]?.nodes[0];
    if (node?.kind !== 'task') throw new Error('no task');
    return node.loop?.items.evaluate({ get: (name) => scope[name], names: () => Object.keys(scope) });
  };
  const hidden = unknown('depends on "x"');

  it.each<[string, Record<string, Value>, unknown]>([
    ['loop: [1, [2, 3]]', {}, [1, [2, 3]]],
    ['loop: "{{ a }}"', { a: [1, 2] }, [1, 2]],
    ['with_items: [1, [2, [3]], "{{ a }}"]', { a: [4, 5] }, [1, 2, [3], 4, 5]],
    ['with_items: "{{ a }}"', { a: 'one' }, ['one']],
    ['with_items: "{{ a }}"', { a: hidden }, hidden],
    ['with_items: [1, "{{ a }}"]', { a: hidden }, hidden],
    ['with_list: [1, [2]]', {}, [1, [2]]],
    ['with_flattened: [1, [2, [3, [4]]]]', {}, [1, 2, 3, 4]],
    [
      'with_dict: "{{ a }}"',
      { a: { x: 1, y: 2 } },
      [
        { key: 'x', value: 1 },
        { key: 'y', value: 2 },
      ],
    ],
    ['with_dict: { x: 1 }', {}, [{ key: 'x', value: 1 }]],
    ['with_dict: "{{ a }}"', { a: hidden }, hidden],
    [
      'with_indexed_items: [a, [b]]',
      {},
      [
        [0, 'a'],
        [1, 'b'],
      ],
    ],
    [
      'with_together: [[1, 2], [3]]',
      {},
      [
        [1, 3],
        [2, null],
      ],
    ],
    [
      'with_nested: [[1, 2], [a, b]]',
      {},
      [
        [1, 'a'],
        [1, 'b'],
        [2, 'a'],
        [2, 'b'],
      ],
    ],
    ['with_nested: ["{{ a }}", [1]]', { a: hidden }, hidden],
  ])('%s with %j', (task, scope, expected) => {
    expect(items(task, scope)).toEqual(expected);
  });
});

it('a missing playbook is said, not thrown', () => {
  const { playbook, diagnostics } = loadPlaybook('none.yml', { files: filesOf(new Map()), modules: catalog });
  expect(playbook).toBeNull();
  expect(diagnostics.map((one) => formatDiagnostic(one))).toEqual([
    'error: there is no playbook none.yml [file-not-found]\n  help: Check the path and the directory you are in.',
  ]);
});

it('roles are found on the roles path too', () => {
  const files = filesOf(
    new Map([
      ['site.yml', '- hosts: all\n  roles: [r]\n'],
      ['/shared/roles/r/tasks/main.yml', '- ping:\n'],
    ]),
  );
  const { playbook } = loadPlaybook('site.yml', { files, modules: catalog, rolesPath: ['/shared/roles'] });
  const node = playbook?.plays[0]?.sections[0]?.nodes[0];
  expect(node?.kind === 'task' && node.role?.path).toBe('/shared/roles/r');
});
