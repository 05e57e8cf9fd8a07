// Nothing that a template says reaches a prototype, the process or endless time.
import { describe, expect, it } from 'vitest';
import { renderHandlebars } from '../../src/language/handlebars.ts';
import { compileExpression } from '../../src/language/expression.ts';
import { compileJinja } from '../../src/language/jinja.ts';
import { createScope } from '../../src/language/scope.ts';
import { VezaError } from '../../src/lib/errors.ts';
import { templatedLayer, where } from './support.ts';
import { attempt, scope } from './attempt.ts';

const hostile = [
  'a.constructor',
  'a["constructor"]["constructor"]("return process")()',
  "''.constructor.constructor('return this')()",
  's.__proto__',
  'a["__proto__"]',
  'a.__class__.__mro__',
  '[].constructor',
  'l.length',
  'l["push"]',
  's["length"]',
  'a.hasOwnProperty("b")',
  'a.toString()',
  'l.map("x")',
  'l.constructor.from("x")',
  'range.constructor',
  'omit.constructor',
  'dict(__proto__={"polluted": 1}).polluted',
  '{"__proto__": {"polluted": 1}}.polluted',
  '{}|combine({"__proto__": {"polluted": 1}}, recursive=true)',
  '[["__proto__", {"polluted": 1}]] | items2dict',
  '("{\\"__proto__\\": {\\"polluted\\": 1}}" | from_json).polluted',
  '("__proto__: {polluted: 1}" | from_yaml).polluted',
  "'{0.constructor}'.format(a)",
  "'{0[__proto__]}'.format(a)",
  "'%(constructor)s' % a",
  "l | map(attribute='constructor') | list",
  "l | map('constructor') | list",
  "l | map('__proto__') | list",
  "[a] | groupby('constructor')",
  "[a] | map(attribute='__proto__.x') | list",
  "'constructor' | extract(a)",
  "lookup('constructor', 'x')",
  'global',
  'process.exit()',
  'this',
  'arguments',
  'range(10 ** 9)',
  '"a" * 10 ** 9',
  '[1] * 10 ** 9',
  '2 ** 10 ** 10',
  '("a" * 10000000) * 10',
  'range(100000) | product(range(100000)) | list',
  'range(20) | permutations | list | length',
  'range(1000) | map("string") | join("x" * 100000)',
  "'%9999999999d' % 1",
  "'{:>9999999999}'.format(1)",
  's.center(10 ** 10)',
  's.ljust(10 ** 10)',
  's | indent(10 ** 10)',
  "long | regex_search('(a+)+b')",
  "long | regex_search('(a|aa)+b')",
  "long | regex_search('([a-z]+)*b')",
  "long | regex_search('(a*)*b')",
  "long | regex_search('(.*a){20}b')",
  "long | regex_search('(?:a?){5000}b')",
  "'x' is match('(x+x+)+y')",
  "'&lol;' | from_yaml",
  "('a: &a [x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]' | from_yaml) | to_json | length",
  'range.call(1)',
  'lookup.constructor("x")()',
  'now().constructor',
  'now().strftime.constructor("return 1")()',
  'cycler(a).next.constructor',
  'joiner().apply(l)',
  "a['b']['constructor']()",
  'l[0]()',
  '(range)(3)()',
  "'1' | to_datetime('%' * 5000)",
  "'%Y' * 4000000 | strftime(0, utc=true)",
  "'x' | password_hash(rounds=999999999, salt='a')",
  "'x' | password_hash('sha512', '$(id)')",
  "'::' | ipaddr('constructor')",
  "'::/0' | ipsubnet(128, 10 ** 30)",
  "'10.0.0.0/8' | ipaddr('__proto__')",
  "l | shuffle(seed='x' * 16000000)",
  "10 ** 15 | random(seed='x')",
  "query('sequence', 'end=1000000000')",
  "query('sequence', 'end=9 format=%0999999999d')",
  "query('nested', range(2000), range(2000))",
  "query('flattened', range(10 ** 9))",
  "['a' * 30] | map('regex_replace', '(a+)+$', 'b') | list",
  `${'('.repeat(5000)}1${')'.repeat(5000)}`,
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
  `${'not '.repeat(5000)}1`,
  `${'-'.repeat(5000)}1`,
  `1${' + 1'.repeat(10000)}`,
  `n${' | int'.repeat(8000)}`,
  `a${'.b'.repeat(20000)}`,
];

describe('hostile input', () => {
  it.each(hostile.map((source) => [source.slice(0, 70), source] as const))('%s', (_name, source) => {
    const started = performance.now();
    const { expression } = compileExpression(source, where);
    const result = attempt(() => expression?.evaluate(scope));
    attempt(() => compileJinja(`{{ ${source} }}`, 't.j2').template?.render(scope));
    expect(performance.now() - started).toBeLessThan(3000);
    expect(typeof result).not.toBe('function');
    expect(result).not.toBe(1);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it.each([
    '{{constructor}}',
    '{{a.constructor.constructor}}',
    '{{lookup a "constructor"}}',
    '{{lookup (lookup a "__proto__") "constructor"}}',
    '{{#with a as |x|}}{{x.__proto__.y}}{{/with}}',
    '{{#with "s" as |string|}}{{#with (string.sub.apply 0 "x")}}{{this}}{{/with}}{{/with}}',
    '{{helperMissing}}',
    '{{blockHelperMissing a}}',
    '{{__defineGetter__ "x" a}}',
    '{{@root.constructor}}',
    '{{@partial-block}}',
    '{{> (lookup . "constructor")}}',
    '{{#each a}}{{@root.process}}{{/each}}',
    '{{#if (constructor "return 1")}}x{{/if}}',
  ])('Handlebars: %s', (text) => {
    const result = attempt(() => renderHandlebars(text, 't.hbs', scope));
    expect(result).toBeInstanceOf(VezaError);
  });

  it.each([
    '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
    '{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}',
    '{% macro m(x) %}{% if x %}{{ m(x - 1) }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(100) }}',
    '{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}',
    '{% block b %}{{ self.b() }}{% endblock %}',
    '{% set x = "ab" %}{% for i in range(60) %}{% set x = x ~ x %}{{ x * 100000 }}{% endfor %}',
    '{% set l = [1] %}{% for i in range(60) %}{% set _ = l.extend(l) %}{% endfor %}',
    '{% set l = [] %}{% set _ = l.append(l) %}{{ l }}',
    '{% set d = {} %}{% set _ = d.update(a=d) %}{{ d | to_json }}',
    '{% set ns = namespace() %}{% set ns.__proto__ = {"polluted": 1} %}{{ ns.polluted.x }}',
    '{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns }}',
    '{% set ns = namespace() %}{% set ns.constructor = 1 %}{{ {}.constructor }}',
    '{% for i in range(2000) %}{% for j in range(2000) %}x{% endfor %}{% endfor %}',
    '{% set x %}{% for i in range(100000) %}{{ long }}{% endfor %}{% endset %}',
    '{% macro m() %}{% endmacro %}{{ m.__proto__ }}',
    '{% macro m() %}{% endmacro %}{{ m.call }}',
    '{% macro m() %}{% endmacro %}{{ m["constructor"] }}',
    '{% for i in l %}{{ loop.constructor }}{% endfor %}',
    '{% for i in l %}{{ loop.attribute("index") }}{% endfor %}',
    '{{ self.constructor }}{% block constructor %}{% endblock %}{{ self.__proto__() }}',
    '{% call m() %}{% endcall %}',
    `${'{% if 1 %}'.repeat(5000)}${'{% endif %}'.repeat(5000)}`,
    `${'{% for x in l %}'.repeat(30)}${'{% endfor %}'.repeat(30)}`,
  ])('template: %s', (text) => {
    const started = performance.now();
    const { template, diagnostics } = compileJinja(text, 't.j2');
    const result = attempt(() => template?.render(scope) ?? diagnostics[0]);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(typeof result === 'object', String(result).slice(0, 200)).toBe(true);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('does not let variables that double each other grow without end', () => {
    const doubling = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`v${index + 1}`, `{{ v${index} }}{{ v${index} }}`]),
    );
    const lists = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`w${index + 1}`, `{{ [w${index}, w${index}] }}`]),
    );
    const bomb = createScope([templatedLayer({ v0: 'x', w0: ['x'], ...doubling, ...lists })]);
    expect(attempt(() => bomb.get('v60'))).toMatchObject({ code: 'evaluation-limit' });
    for (const use of ['w60 | string', 'w60 | to_json', 'w60 | flatten', 'w60 | to_yaml', '[w60] | unique']) {
      const { expression } = compileExpression(use, where);
      expect(
        attempt(() => expression?.evaluate(bomb)),
        use,
      ).toMatchObject({ code: 'evaluation-limit' });
    }
  });
});
