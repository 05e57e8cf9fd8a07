// Random input makes no crash: it ends in a value or in an error of ours.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderHandlebars } from '../../src/language/handlebars.ts';
import { compileExpression } from '../../src/language/expression.ts';
import { compileJinja } from '../../src/language/jinja.ts';
import { createScope } from '../../src/language/scope.ts';
import { compileTemplated } from '../../src/language/templated.ts';
import { values, where } from './support.ts';
import { attempt, data, scope } from './attempt.ts';

const fragments = [
  'a',
  'a.b',
  'n',
  's',
  'l',
  'nope',
  '1',
  '2.5',
  "'x'",
  '[1, 2]',
  '{"k": n}',
  'true',
  'none',
  'omit',
  'range(3)',
  ' + ',
  ' - ',
  ' * ',
  ' / ',
  ' // ',
  ' % ',
  ' ** ',
  ' ~ ',
  ' == ',
  ' < ',
  ' in ',
  ' not in ',
  ' and ',
  ' or ',
  ' not ',
  ' is ',
  ' is not ',
  'defined',
  'mapping',
  'divisibleby 2',
  ' | ',
  'int',
  'upper',
  'list',
  'join(",")',
  'map("string")',
  'default(1)',
  'sort',
  'first',
  'length',
  ' if ',
  ' else ',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '.',
  ',',
  ':',
  '=',
  '*',
  '**',
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  '{% if ',
  '{% for x in ',
  '{% endif %}',
  '{% endfor %}',
  '{% else %}',
  '{% set x = ',
  '{% set x %}',
  '{% endset %}',
  '{% macro m(a, b=1) %}',
  '{% endmacro %}',
  '{% call(x) m() %}',
  '{% endcall %}',
  '{% block b %}',
  '{% endblock %}',
  '{% include ',
  '{% import "t" as m %}',
  '{% extends "t" %}',
  '{% filter upper %}',
  '{% endfilter %}',
  '{% raw %}',
  '{% endraw %}',
  ' recursive %}',
  '{{ m(',
  'loop(',
  'loop.index',
  'caller()',
  'super()',
  'self.b()',
  'm.f()',
  '.append(1)',
  '.update(a)',
  '#jinja2: trim_blocks: False\n',
  'random(seed=1)',
  'ipaddr("net")',
  'now()',
  'cycler(1)',
  '\n',
  '"',
  "'",
  '\\',
  '-',
  '\u0000',
  '𝄞',
  '__proto__',
  'constructor',
  '.format(n)',
  '.split()',
  '[::-1]',
  '[0]',
];
const source = fc.oneof(
  fc.array(fc.constantFrom(...fragments), { maxLength: 25 }).map((parts) => parts.join('')),
  fc.string({ maxLength: 60 }),
);

describe('random input', () => {
  it('of expressions ends in a value or in a VezaError', () => {
    fc.assert(
      fc.property(source, (text) => {
        const { expression, diagnostics } = compileExpression(text, where);
        expect(expression === null).toBe(diagnostics.length > 0);
        attempt(() => expression?.evaluate(scope));
      }),
      { numRuns: 3000 },
    );
  });

  it('of templates ends in a text or in a VezaError', () => {
    fc.assert(
      fc.property(source, (text) => {
        const load = (name: string) => ({ path: name, text });
        const { template, diagnostics } = compileJinja(text, 't.j2', { load });
        expect(template === null).toBe(diagnostics.length > 0);
        attempt(() => template?.render(scope));
        attempt(() => compileTemplated({ k: text }, where).templated.evaluate(scope));
        attempt(() => renderHandlebars(text, 't.hbs', scope));
      }),
      { numRuns: 2000 },
    );
  });

  it('evaluates twice to the same', () => {
    fc.assert(
      fc.property(source, (text) => {
        const { expression } = compileExpression(text, where);
        const show = () => JSON.stringify(attempt(() => expression?.evaluate(createScope([values(data)]))));
        expect(show()).toBe(show());
      }),
      { numRuns: 1000 },
    );
  });
});
