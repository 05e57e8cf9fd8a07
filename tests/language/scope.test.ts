// Scopes: layers, lazy variables, cycles, extension.
import { describe, expect, it } from 'vitest';
import { createScope, extendScope } from '../../src/language/scope.ts';
import { errorOf, evaluate, templatedLayer, values, fakeController } from './support.ts';

describe('a scope', () => {
  it('takes the value of the highest layer', () => {
    const scope = createScope([values({ a: 1, b: 1 }), templatedLayer({ a: 2 }), values({ c: 3 })]);
    expect([scope.get('a'), scope.get('b'), scope.get('c'), scope.get('d')]).toEqual([2, 1, 3, undefined]);
    expect([...scope.names()].sort()).toEqual(['a', 'b', 'c']);
  });

  it('evaluates variables with the whole scope, lower ones with higher ones too', () => {
    const scope = createScope([
      templatedLayer({ url: 'http://{{ host }}:{{ port }}', port: 80 }),
      values({ host: 'h' }),
    ]);
    expect(scope.get('url')).toBe('http://h:80');
  });

  it('evaluates a variable once', () => {
    let count = 0;
    const counting = {
      kind: 'lazy' as const,
      get: (name: string) => (name === 'n' ? ++count : undefined),
      names: () => ['n'],
    };
    const scope = createScope([counting, templatedLayer({ v: '{{ n }}' })]);
    expect([scope.get('v'), scope.get('v'), count]).toEqual([1, 1, 1]);
  });

  it('names the chain of a cycle', () => {
    const scope = createScope([templatedLayer({ a: '{{ b }}', b: 'x{{ c }}', c: ['{{ a }}'] })]);
    const error = errorOf(() => scope.get('a'));
    expect([error.code, error.message]).toEqual([
      'variable-cycle',
      "the variable 'a' refers to itself: a -> b -> c -> a",
    ]);
    expect(errorOf(() => scope.get('b')).message).toBe("the variable 'b' refers to itself: b -> c -> a -> b");
  });

  it('extends so that variables see the new layer, and leaves the old one alone', () => {
    const scope = createScope([templatedLayer({ label: 'item {{ item }}' }), values({ item: 0 })]);
    expect(scope.get('label')).toBe('item 0');
    expect(extendScope(scope, values({ item: 1 })).get('label')).toBe('item 1');
    expect(scope.get('label')).toBe('item 0');
  });

  it('has nothing of a prototype', () => {
    const scope = createScope([values({})]);
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      expect(scope.get(name)).toBeUndefined();
  });

  it('never evaluates the text of a value again', () => {
    const scope = createScope([values({ stdout: '{{ secret }}', secret: 'x' })]);
    expect(evaluate('stdout', scope)).toBe('{{ secret }}');
    expect(createScope([values({ stdout: '{{ secret }}' }), templatedLayer({ v: '{{ stdout }}!' })]).get('v')).toBe(
      '{{ secret }}!',
    );
  });

  it('hands lookups to the controller', () => {
    const controller = fakeController((plugin, { terms }) => [`${plugin}=${JSON.stringify(terms[0])}`]);
    const scope = createScope([values({})], controller);
    expect(evaluate("lookup('env', 'HOME')", scope)).toBe('env="HOME"');
    expect(evaluate("query('env', 'HOME')", scope)).toEqual(['env="HOME"']);
    expect(evaluate("lookup('env', 'HOME')", extendScope(scope, values({})))).toBe('env="HOME"');
    expect(errorOf(() => evaluate("lookup('env', 'HOME')")).message).toContain('no controller');
  });
});
