// Templated values: constants, native types, omit, literal backslashes, diagnostics with the places of parts.
import { describe, expect, it } from 'vitest';
import { createScope } from '../../src/language/scope.ts';
import { compileTemplated, constantValue } from '../../src/language/templated.ts';
import { isOmit } from '../../src/language/values.ts';
import { errorOf, templated, values, where } from './support.ts';

const scope = createScope([values({ list: [1, 2], n: 5, name: 'app', nothing: null })]);
const evaluate = (raw: unknown) => templated(raw).evaluate(scope);

describe('a templated value', () => {
  it('is constant without braces', () => {
    const value = templated({ a: [1, 'x', null], b: true });
    expect([value.constant, value.names, value.evaluate(scope)]).toEqual([true, [], { a: [1, 'x', null], b: true }]);
    expect(constantValue(3).evaluate(scope)).toBe(3);
  });

  it.each([
    ['{{ list }}', [1, 2]],
    ['  {{ list }}\n', [1, 2]],
    ['{{ n }}', 5],
    ['{{ nothing }}', null],
    ['{{ {"a": {"b": n}} }}', { a: { b: 5 } }],
    ['n={{ n }}', 'n=5'],
    ['{{ n }}{{ n }}', '55'],
    ['{{ nothing }}!', '!'],
    ['{% if n > 3 %}big{% endif %}', 'big'],
    ['{{ name | regex_replace("a(p+)", "\\1") }}', 'pp'],
    ['{{ "a\\nb" }}', 'a\\nb'],
    ['{% set x = "a\\nb" %}{{ x }}', 'a\nb'],
  ])('%j', (raw, result) => expect(evaluate(raw)).toEqual(result));

  it('leaves out what is omitted', () => {
    expect(evaluate({ a: '{{ nope | default(omit) }}', b: ['{{ omit }}', 1] })).toEqual({ b: [1] });
    expect(isOmit(evaluate('{{ nope | default(omit) }}'))).toBe(true);
    expect(errorOf(() => evaluate('x{{ omit }}')).message).toContain("'omit' cannot be a part of a text");
  });

  it('evaluates keys, too', () => expect(evaluate({ '{{ name }}-{{ n }}': 1 })).toEqual({ 'app-5': 1 }));

  it('keeps keys like __proto__ as data', () => {
    const value = evaluate(JSON.parse('{"__proto__": {"polluted": "{{ n }}"}, "constructor": "{{ n }}"}'));
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('reports every problem with the place of its part', () => {
    const positionOf = (path: readonly (string | number)[]) => ({ file: 'f', line: path.length, column: 10 });
    const { diagnostics, templated: value } = compileTemplated(
      { a: '{{ n | uper }}', b: ['x {{ n'] },
      where,
      positionOf,
    );
    expect(diagnostics.map((each) => [each.code, each.where?.line, each.where?.column])).toEqual([
      ['unknown-filter', 1, 17],
      ['template-syntax', 2, 14],
    ]);
    expect(errorOf(() => value.evaluate(scope)).code).toBe('unknown-filter');
  });

  it('says what cannot be a value', () => {
    const { diagnostics } = compileTemplated({ when: new Date(0) }, where);
    expect(diagnostics.map((each) => each.code)).toEqual(['unsupported-value']);
  });
});
