// Statements that reach beyond one template, and what is said when they go wrong.
import { describe, expect, it } from 'vitest';
import { unknown } from '../../src/core/unknown.ts';
import { compileJinja } from '../../src/language/jinja.ts';
import { createScope } from '../../src/language/scope.ts';
import type { Value } from '../../src/language/value.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { DiagnosticsError } from '../../src/lib/errors.ts';
import { errorOf, values } from './support.ts';

const reason = unknown('depends on "Install nginx"');

function compiled(main: string, files: Readonly<Record<string, string>> = {}) {
  const load = (name: string) => {
    const text = Object.hasOwn(files, name) ? files[name] : undefined;
    return text === undefined ? { searched: [`templates/${name}`] } : { path: name, text };
  };
  return compileJinja(main, 'main.j2', { load });
}

function render(main: string, variables: Readonly<Record<string, Value>> = {}, files = {}) {
  const { template, diagnostics } = compiled(main, files);
  if (!template) throw new DiagnosticsError(diagnostics);
  return template.render(createScope([values({ u: reason, n: 1, ...variables })]));
}

describe('changes inside a template', () => {
  const shared = { list: [1], map: { a: { b: [] as Value[] } } };

  it('never reach a value that others share', () => {
    const text = '{% set x = list %}{% set _ = x.append(2) %}{% set _ = map.a.b.append(3) %}{{ list }}{{ x }}{{ map }}';
    expect(render(text, shared)).toBe("[1, 2][1, 2]{'a': {'b': [3]}}");
    expect(shared).toEqual({ list: [1], map: { a: { b: [] } } });
    expect(render(text, shared)).toBe("[1, 2][1, 2]{'a': {'b': [3]}}");
  });

  it('are seen under every name of the value', () => {
    const text = '{% for m in maps %}{% set _ = m.update({"k": loop.index}) %}{% endfor %}{{ maps }}';
    expect(render(text, { maps: [{}, {}] })).toBe("[{'k': 1}, {'k': 2}]");
  });

  it('are seen by an included template and end with the rendering', () => {
    const files = { part: '{% set _ = list.append(9) %}' };
    expect(render("{% include 'part' %}{{ list }}", shared, files)).toBe('[1, 9]');
    expect(shared.list).toEqual([1]);
  });
});

describe('unknown values make the template unknown', () => {
  const files = {
    parent: '[{% block b %}{% endblock %}]',
    shows: '{{ u }}',
    decides: '{% if u %}{% set a = 1 %}{% endif %}{% set b = u %}',
    sets: '{% set b = u %}{% set c = 3 %}{{ u }}',
  };

  it.each([
    '{% macro m() %}{{ u }}{% endmacro %}{{ m() }}',
    '{% macro m(a) %}{{ a }}{% endmacro %}{{ m(u) }}',
    '{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ u }}{% endcall %}',
    "{% include 'shows' %}",
    '{% include u %}',
    "{% import 'decides' as d with context %}{{ d.a }}",
    "{% from 'sets' import b with context %}{{ b }}",
    "{% extends 'parent' %}{% block b %}{{ u }}{% endblock %}",
    '{% extends u %}',
    '{% set x %}{{ u }}{% endset %}{{ x }}',
    '{% filter upper %}{{ u }}{% endfilter %}',
    '{% for i in [1] recursive %}{{ loop(u) }}{% endfor %}',
    '{{ self.b() }}{% block b %}{% if u %}{% endif %}{% endblock %}',
  ])('%s', (text) => expect(render(text, {}, files)).toBe(reason));

  it.each([
    ["{% from 'sets' import c with context %}{{ c }}", '3'],
    ['{% macro m() %}{{ u }}{% endmacro %}known', 'known'],
    ["{% extends 'parent' %}{{ u }}{% block b %}k{% endblock %}", '[k]'],
    ['{% set x = u %}{{ x is defined }}', 'True'],
  ])('but not where they are not used: %s', (text, result) => expect(render(text, {}, files)).toBe(result));
});

describe('problems of statements', () => {
  it.each([
    ['{% autoescape true %}', "main.j2:1:4: error: the statement 'autoescape' is not supported [template-syntax]"],
    ['{% inclde "x" %}', "main.j2:1:4: error: there is no statement 'inclde' [template-syntax]"],
    ['{% macro a(x, x) %}', "main.j2:1:15: error: the parameter 'x' is there twice [template-syntax]"],
    [
      '{% block a %}{% endblock %}{% block a %}{% endblock %}',
      "main.j2:1:37: error: the block 'a' is there twice [template-syntax]",
    ],
    [
      '{% block a required %}x{% endblock %}',
      "main.j2:1:10: error: the required block 'a' must be empty [template-syntax]",
    ],
    ['\n{% macro a() %}', "main.j2:2:4: error: 'macro' is never closed: '{% endmacro %}' is missing [template-syntax]"],
    ['{% call x %}{% endcall %}', "main.j2:1:9: error: 'call' needs the call of a macro [template-syntax]"],
    [
      '{% for x in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}',
      "main.j2:1:37: error: 'break' outside of a loop [template-syntax]",
    ],
    [
      "{% from 'a' import _b %}",
      "main.j2:1:20: error: '_b' cannot be imported: names that begin with _ are private [template-syntax]",
    ],
    ['{{ macroo() }}', "main.j2:1:4: error: there is no function 'macroo' [unknown-function]"],
    ['#jinja2: trim_block: True\n', "main.j2:1:9: error: a template has no option 'trim_block' [template-syntax]"],
    [
      '#jinja2: trim_blocks: maybe\n',
      "main.j2:1:9: error: the option 'trim_blocks' is True or False, not maybe [template-syntax]",
    ],
  ])('%s', (text, message) => {
    const { template, diagnostics } = compiled(text);
    expect(template).toBeNull();
    expect(diagnostics.map((each) => formatDiagnostic(each))[0]?.split('\n')[0]).toBe(message);
  });

  it.each([
    [
      "a\n{% include 'nope' %}",
      'template-not-found',
      "there is no template 'nope'",
      'looked for templates/nope',
      'main.j2',
      2,
    ],
    [
      "{% include ['x', 'y'] %}",
      'template-not-found',
      "there is none of the templates 'x', 'y'",
      'looked for templates/x, templates/y',
      'main.j2',
      1,
    ],
    [
      "{% include 'self' %}",
      'template-cycle',
      undefined,
      'one of them loads a template that loads it again',
      'self',
      1,
    ],
    ["{% extends 'loop' %}", 'template-cycle', undefined, undefined, 'loop', 1],
    ["{% include 'broken' %}", 'undefined-variable', "'nam' is undefined", undefined, 'broken', 2],
    [
      '{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}',
      'evaluation-failed',
      "the macro 'm' takes at most 1 arguments, got 2",
      undefined,
      'main.j2',
      1,
    ],
    [
      '{% macro m(item) %}{% endmacro %}{{ m(itme=1) }}',
      'evaluation-failed',
      "the macro 'm' has no argument 'itme'",
      "did you mean 'item'?",
      'main.j2',
      1,
    ],
    [
      '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
      'evaluation-limit',
      undefined,
      'does a macro call itself without end?',
      'main.j2',
      1,
    ],
    [
      '{% for x in [1] %}{{ loop(x) }}{% endfor %}',
      'evaluation-failed',
      "only a loop that says 'recursive' can be called",
      undefined,
      'main.j2',
      1,
    ],
    [
      "{% import 'lib' as l %}{{ l.hepler() }}",
      'evaluation-failed',
      "the imported template 'lib' has no function 'hepler'",
      "did you mean 'helper'?",
      'main.j2',
      1,
    ],
    [
      "{% import 'lib' as l %}{{ l.valeu }}",
      'undefined-variable',
      "'l.valeu' is undefined",
      "did you mean 'value'?",
      'main.j2',
      1,
    ],
    [
      '{% macro m() %}{% endmacro %}{{ m }}',
      'evaluation-failed',
      "the macro 'm' is no data",
      'call it: name(...)',
      'main.j2',
      1,
    ],
    [
      '{% block b %}{{ super() }}{% endblock %}',
      'evaluation-failed',
      "there is no block 'b' in a parent template",
      undefined,
      'main.j2',
      1,
    ],
  ])('%s', (text, code, message, hint, file, line) => {
    const files = {
      self: "{% include 'self' %}",
      loop: "{% extends 'loop' %}",
      broken: 'a\n{{ nam }}',
      lib: '{% macro helper() %}{% endmacro %}{% set value = 1 %}',
    };
    const error = errorOf(() => render(text, {}, files));
    expect(error.code).toBe(code);
    if (message !== undefined) expect(error.message).toBe(message);
    if (hint !== undefined) expect(error.hint).toBe(hint);
    expect([error.where?.file, error.where?.line]).toEqual([file, line]);
  });

  it('of a loaded template are reported with their own place', () => {
    const error = errorOf(() => render("{% include 'bad' %}", {}, { bad: 'a\n{% if %}' }));
    const { diagnostics } = error instanceof DiagnosticsError ? error : { diagnostics: [] };
    expect(diagnostics[0]?.where).toEqual({ file: 'bad', line: 2, column: 7 });
  });
});
