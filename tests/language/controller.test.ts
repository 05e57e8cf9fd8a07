// What expressions ask of the controller, on a fake of the port: time, chance, paths, lookups and what they do with answers.
import { describe, expect, it } from 'vitest';
import { unknown } from '../../src/core/unknown.ts';
import { compileJinja } from '../../src/language/jinja.ts';
import { createScope } from '../../src/language/scope.ts';
import { runLookup } from '../../src/language/lookups/index.ts';
import { textTerm } from '../../src/language/lookups/options.ts';
import { errorOf, evaluate, fakeController, values } from './support.ts';

const reason = unknown('depends on "Install nginx"');
const controller = fakeController(
  (plugin, { terms }) => (plugin === 'file' ? terms.map((term) => `text of ${textTerm('file', term)}`) : null),
  {
    '/etc': { kind: 'directory' },
    '/etc/motd': {},
    '/lost': { kind: null, isLink: true },
    '/home': { kind: 'directory', isMount: true },
  },
);
const scope = createScope(
  [
    values({
      u: reason,
      n: 1,
      role_a: 'x',
      role_b: 'y',
      users: [{ name: 'ann', keys: ['k1', 'k2'] }, { name: 'bob' }],
      groups: { all: ['a', 'b', 'c'], web: ['a', 'b'], db: ['b', 'c'] },
    }),
  ],
  controller,
);

describe('the controller answers', () => {
  it.each<readonly [string, unknown]>([
    ['now()', '2024-02-29 15:05:07'],
    ['now(utc=true)', '2024-02-29 13:05:07'],
    ["now(utc=true, fmt='%Y%m%d')", '20240229'],
    ["now(fmt='%H:%M %z')", '15:05 +0200'],
    ['now().year', 2024],
    ["now(true).strftime('%s')", '1709211907'],
    ["(now(true) - ('2024-02-28 13:05:07' | to_datetime)).days", 1],
    ["now() > ('2020-01-01' | to_datetime('%Y-%m-%d'))", true],
    ["'%H:%M' | strftime(0)", '02:00'],
    ["'%H:%M' | strftime(0, utc=true)", '00:00'],
    ["'%Y' | strftime", '2024'],
    ['10 | random', 5],
    ["['a', 'b', 'c'] | random", 'b'],
    ['[1, 2, 3, 4] | shuffle | length', 4],
    ["'/etc' is directory", true],
    ["'/etc' is file", false],
    ["'/etc/motd' is exists and '/etc/motd' is file", true],
    ["'/nope' is exists", false],
    ["'/lost' is link_exists and '/lost' is link and '/lost' is not exists", true],
    ["'/home' is mount and '/etc' is not is_mount", true],
    ["'/etc' is same_file('/etc')", true],
    ["'/etc' is same_file('/home')", false],
    ["'/a' | realpath", '/real/a'],
    ["'~/x' | expanduser", '/home/ann/x'],
    ["'$HOME/x' | expandvars", '/home/ann/x'],
    ["['~/a', '~/b'] | map('expanduser') | list", ['/home/ann/a', '/home/ann/b']],
    ["lookup('file', 'a')", 'text of a'],
    ["lookup('file', 'a', 'b')", 'text of a,text of b'],
    ["query('file', 'a')", ['text of a']],
    ["lookup('file', 'a', wantlist=true)", ['text of a']],
    ["lookup('vars', 'role_a')", 'x'],
    ["lookup('vars', 'nope', default=3)", 3],
    ["query('varnames', '^role_')", ['role_a', 'role_b']],
    ["lookup('varnames', '^role_')", 'role_a,role_b'],
    ["lookup('dict', {'a': 1})", { key: 'a', value: 1 }],
    ["query('dict', {'a': 1, 'b': 2}) | length", 2],
    ["query('sequence', '1-4')", ['1', '2', '3', '4']],
    ["query('sequence', 'start=0 count=3 stride=2 format=web%02x')", ['web00', 'web02', 'web04']],
    ["query('sequence', '4:host%02d')", ['host01', 'host02', 'host03', 'host04']],
    ["query('sequence', '2-10/4')", ['2', '6', '10']],
    ["query('sequence', 'start=5 end=1 stride=-2')", ['5', '3', '1']],
    ["query('sequence', start=1, end=3)", ['1', '2', '3']],
    ["query('sequence', 'count=0')", []],
    ["query('subelements', users, 'keys', {'skip_missing': true}) | map('last') | list", ['k1', 'k2']],
    ["query('flattened', [1, [2, [3]]], 4)", [1, 2, 3, 4]],
    ["query('items', [1, [2]], 3)", [1, [2], 3]],
    ["query('list', [1, 2], 3)", [[1, 2], 3]],
    [
      "query('indexed_items', ['a', 'b'])",
      [
        [0, 'a'],
        [1, 'b'],
      ],
    ],
    [
      "query('together', ['a', 'b'], [1])",
      [
        ['a', 1],
        ['b', null],
      ],
    ],
    [
      "query('nested', ['a', 'b'], [1, 2])",
      [
        ['a', 1],
        ['a', 2],
        ['b', 1],
        ['b', 2],
      ],
    ],
    [
      "query('community.general.cartesian', ['a'], [1, 2])",
      [
        ['a', 1],
        ['a', 2],
      ],
    ],
    ["query('random_choice', 'a', 'b', 'c')", ['b']],
    ["query('inventory_hostnames', 'web:&db')", ['b']],
    ["query('inventory_hostnames', 'all:!web')", ['c']],
    ["query('items', [1, u])", [1, reason]],
    ["query('file', u)", reason],
    ['now', undefined],
  ])('%s', (source, result) => {
    if (result === undefined)
      expect(errorOf(() => evaluate(source, scope)).message).toBe("the function 'now' is no data");
    else expect(evaluate(source, scope)).toEqual(result);
  });

  it.each([
    ["lookup('fil', 'a')", 'unknown-lookup', "there is no lookup 'fil'", "did you mean 'file'?"],
    ["lookup('vars', 'role_c')", 'undefined-variable', "'role_c' is undefined", "did you mean 'role_a'?"],
    [
      "lookup('vars', 'n', defualt=1)",
      'wrong-arguments',
      "the lookup 'vars' has no option 'defualt'",
      "did you mean 'default'?",
    ],
    [
      "query('sequence', 'start=5 end=1')",
      'evaluation-failed',
      'to count backwards make the stride negative',
      undefined,
    ],
    [
      "query('sequence', 'strat=5')",
      'evaluation-failed',
      "the lookup 'sequence' has no option 'strat'",
      "did you mean 'start'?",
    ],
    [
      "query('subelements', users, 'keys')",
      'evaluation-failed',
      "an item has no 'keys'",
      "{'skip_missing': true} as the third argument skips it",
    ],
    ["query('dict', 'x')", 'evaluation-failed', "the lookup 'dict' needs maps, got a text", undefined],
    [
      "'x' | password_hash('bcrypt')",
      'evaluation-failed',
      "passwords cannot be hashed with 'bcrypt' here",
      'use sha512 (the default of Linux) or sha256',
    ],
    [
      "'x' | password_hash('sha512', 'bad salt')",
      'evaluation-failed',
      'a salt has 1 to 16 letters, digits, . or /',
      "not 'bad salt'",
    ],
    [
      "'x' | to_datetime",
      'evaluation-failed',
      "'x' does not look like '%Y-%m-%d %H:%M:%S'",
      'give the format: to_datetime("%Y-%m-%d")',
    ],
    [
      'undef()',
      'undefined-variable',
      'a value that must be overridden is undefined',
      'it has no value on purpose: set it',
    ],
    ["undef(hint='set the key')", 'undefined-variable', 'a value that must be overridden is undefined', 'set the key'],
    ['[] | random', 'evaluation-failed', 'there is nothing to choose from', undefined],
    ['0 | random', 'evaluation-failed', 'there is no number from 0 up to 0', undefined],
  ])('%s is an error', (source, code, message, hint) => {
    const error = errorOf(() => evaluate(source, scope));
    expect([error.code, error.message, error.hint]).toEqual([code, message, hint]);
  });

  it('is missed by name where there is none', () => {
    expect(errorOf(() => evaluate('now()')).message).toBe('there is no controller to ask for the time');
    expect(errorOf(() => evaluate('3 | random')).message).toBe('there is no controller to ask for a random number');
    expect(errorOf(() => evaluate("'/' is exists")).message).toBe('there is no controller to ask for its files');
  });

  it('is at hand inside of imported templates and macros', () => {
    const load = () => ({ path: 'm', text: "{% macro f() %}{{ lookup('file', 'a') }}{% endmacro %}" });
    const { template } = compileJinja("{% import 'm' as m %}{{ m.f() }}", 't.j2', { load });
    expect(template?.render(scope)).toBe('text of a');
  });

  it('makes the lists that with_* loops over', () => {
    expect(
      runLookup(
        'together',
        [
          [1, 2],
          ['a', 'b'],
        ],
        {},
        scope,
      ),
    ).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(runLookup('file', ['a', 'b'], {}, scope)).toEqual(['text of a', 'text of b']);
    expect(runLookup('dict', [reason], {}, scope)).toBe(reason);
  });
});
