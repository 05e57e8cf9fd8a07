// The third value flows through expressions and templates.
import { describe, expect, it } from 'vitest';
import { unknown } from '../../src/core/unknown.ts';
import { renderHandlebars } from '../../src/language/handlebars.ts';
import { compileJinja } from '../../src/language/jinja.ts';
import { createScope } from '../../src/language/scope.ts';
import { evaluate, errorOf, templated, values } from './support.ts';

const u = unknown('depends on "Install nginx"');
const scope = createScope([values({ u, n: 1, result: { changed: true, rc: u }, list: [1, u, 3] })]);

describe('unknown values', () => {
  it.each([
    ['u and false', false],
    ['false and u', false],
    ['u or true', true],
    ['u or 0 or "x"', 'x'],
    ['u is defined', true],
    ['u is undefined', false],
    ['result.rc is defined', true],
    ['result.nope is defined', false],
    ['result is changed', true],
    ['list | length', 3],
    ['list | first', 1],
    ['1 in list', true],
    ['list == [1]', false],
    ['list == [2, 2, 3]', false],
    ['u == u or n == 1', true],
    ['[u] | length == 1', true],
    ['{"a": u} | combine({"a": 1})', { a: 1 }],
    ['nope is defined and u', false],
    ['n > 0 or u', true],
    ['1 > 2 > u', false],
  ])('%s is known', (source, result) => expect(evaluate(source, scope)).toEqual(result));

  it.each([
    'u',
    'u and true',
    'true and u',
    'u or false',
    'not u',
    'u + 1',
    '1 + u',
    '-u',
    'u == 1',
    'u != u',
    'u < 2',
    'u ~ "x"',
    'u.a.b',
    'u["a"]',
    'list[u]',
    'list[u:]',
    'u | int',
    '"a" | replace("a", u)',
    'u is string',
    'u.x is defined',
    'u | default("x")',
    'u if u else u',
    '"x" if u else "y"',
    '2 in list',
    'list == [1, 2, 3]',
    'list | join(",")',
    'list | sum',
    'list | sort',
    'list | select("odd") | list',
    '"%s" | format(u)',
    '"{}".format(u)',
    'u.upper()',
    'range(u)',
    'result.rc == 0',
    'result.rc is eq 0',
    'list ~ ""',
    'list | to_json',
  ])('%s is unknown', (source) => expect(evaluate(source, scope)).toBe(u));

  it('keep their place in lists and maps', () => {
    expect(evaluate('[n, u, {"a": u}]', scope)).toEqual([1, u, { a: u }]);
    expect(templated({ a: '{{ u }}', b: ['{{ n }}', 'x{{ u }}'] }).evaluate(scope)).toEqual({ a: u, b: [1, u] });
  });

  it('hide errors that they may guard against, and no others', () => {
    expect(evaluate('u and nope == 1', scope)).toBe(u);
    expect(errorOf(() => evaluate('nope == 1 and u', scope)).code).toBe('undefined-variable');
  });

  it.each([
    '{{ u }}',
    'a{% if u %}b{% endif %}',
    '{% for x in u %}{% endfor %}',
    '{% set x = u %}{{ x }}',
    '{{ list }}',
  ])('make the template %s unknown', (text) => expect(compileJinja(text, 't.j2').template?.render(scope)).toBe(u));

  it('do not make a template unknown that does not use them', () => {
    expect(compileJinja('{% if n %}a{% else %}{{ u }}{% endif %}', 't').template?.render(scope)).toBe('a');
  });

  it.each([
    '{{u}}',
    '{{#if u}}a{{/if}}',
    '{{#each u}}a{{/each}}',
    '{{join list ","}}',
    '{{#if (eq u 1)}}a{{/if}}',
    '{{json list}}',
  ])('make the Handlebars template %s unknown', (text) => expect(renderHandlebars(text, 't.hbs', scope)).toBe(u));
});
