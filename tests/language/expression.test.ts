// Diagnostics and errors of expressions: what is wrong, where, and what to do.
import { describe, expect, it } from 'vitest';
import { evaluateCondition } from '../../src/language/conditions.ts';
import { compileExpression } from '../../src/language/expression.ts';
import { createScope } from '../../src/language/scope.ts';
import type { Value } from '../../src/language/value.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { errorOf, evaluate, values, where } from './support.ts';

function diagnose(source: string): readonly string[] {
  return compileExpression(source, { file: 'f', line: 1, column: 1 }).diagnostics.map((each) => {
    return formatDiagnostic(each, source)
      .split('\n')
      .slice(0, 1)
      .concat(each.hint ?? [])
      .join(' / ');
  });
}

describe('problems found when an expression is compiled', () => {
  it.each([
    ['a | uper', "f:1:5: error: there is no filter 'uper' [unknown-filter] / did you mean 'upper'?"],
    ['a is definde', "f:1:6: error: there is no test 'definde' [unknown-test] / did you mean 'defined'?"],
    ["l | map('uper')", "f:1:9: error: there is no filter 'uper' [unknown-filter] / did you mean 'upper'?"],
    [
      "l | selectattr('a', 'equalsto')",
      "f:1:21: error: there is no test 'equalsto' [unknown-test] / did you mean 'equalto'?",
    ],
    ['rnge(3)', "f:1:1: error: there is no function 'rnge' [unknown-function] / did you mean 'range'?"],
    ['a.splitt()', "f:1:3: error: there is no method 'splitt' [unknown-method] / did you mean 'split'?"],
    ['a | replace("x")', "f:1:5: error: the filter 'replace' needs the argument 'new' [wrong-arguments]"],
    ['a | upper(1)', "f:1:5: error: the filter 'upper' takes at most 0 arguments, got 1 [wrong-arguments]"],
    [
      'a | indent(witdh=2)',
      "f:1:5: error: the filter 'indent' has no argument 'witdh' [wrong-arguments] / did you mean 'width'?",
    ],
    [
      'a = 1',
      "f:1:3: error: unexpected '=', expected the end of the expression [expression-syntax] / compare with '=='",
    ],
    ['a && b', "f:1:3: error: unexpected character '&' [expression-syntax] / write 'and'"],
    [
      '{{ a }}',
      "f:1:1: error: an expression does not begin with '{{' [expression-syntax] / conditions are expressions already: leave the braces out",
    ],
    ['(a', "f:1:1: error: '(' is never closed [expression-syntax]"],
    ['a]', "f:1:2: error: unexpected ']' [expression-syntax]"],
    ["'abc", 'f:1:1: error: the text is never closed [expression-syntax]'],
    ['', 'f:1:1: error: the expression is empty [expression-syntax]'],
    ['a if', 'f:1:5: error: the expression ends here, expected a value [expression-syntax]'],
    [
      '0644',
      "f:1:1: error: a number cannot begin with 0: 0644 [expression-syntax] / a file mode is a text: '0644'; octal is 0o644",
    ],
    [
      'a is defined is none',
      "f:1:14: error: unexpected 'is', tests cannot be chained with 'is' [expression-syntax] / join them with 'and'",
    ],
  ])('%s', (source, message) => expect(diagnose(source)).toEqual([message]));

  it('are reported all at once', () => {
    expect(diagnose('a | uper is definde')).toHaveLength(2);
  });

  it('have exact columns, also behind other text of the line', () => {
    const { diagnostics } = compileExpression('a | uper', where);
    expect(diagnostics[0]?.where).toEqual({ file: 'play.yml', line: 3, column: 15 });
  });

  it('know the line of an expression of several lines', () => {
    const { diagnostics } = compileExpression('a and\n  b | uper', where);
    expect(diagnostics[0]?.where).toEqual({ file: 'play.yml', line: 4, column: 17 });
  });

  it('leave the free names known', () => {
    expect(compileExpression('a.b + c[d] | default(e) ~ range(2) ~ omit', where).expression?.names).toEqual([
      'a',
      'c',
      'd',
      'e',
    ]);
  });
});

describe('errors of evaluation', () => {
  const variables = { user: { name: 'ann', home: null }, count: 3, text: '3' };

  it.each([
    ['1 + usr.name', 'undefined-variable', "'usr.name' is undefined: there is no 'usr'", "did you mean 'user'?", 15],
    ['user.nam', 'undefined-variable', "'user.nam' is undefined", "did you mean 'name'?", 11],
    ['user.a.b.c', 'undefined-variable', "'user.a.b.c' is undefined: there is no 'user.a'", undefined, 11],
    [
      'count < text',
      'evaluation-failed',
      'cannot compare a number with a text',
      'convert the text to a number: | int',
      11,
    ],
    [
      'text + 1',
      'evaluation-failed',
      "'+' cannot work on a text and a number",
      "join texts with '~', or convert to a number: | int",
      11,
    ],
    ["text | regex_search('(')", 'invalid-regex', undefined, undefined, 18],
    [
      "text | regex_search('(a+)+$')",
      'invalid-regex',
      "'(a+)+' can take endless time on a text that does not match",
      undefined,
      18,
    ],
    ['count | from_json', 'evaluation-failed', 'from_json needs a text, not a number', undefined, 19],
  ])('%s', (source, code, message, hint, column) => {
    const error = errorOf(() => evaluate(source, variables));
    expect(error.code).toBe(code);
    if (message !== undefined) expect(error.message).toBe(message);
    if (hint !== undefined) expect(error.hint).toBe(hint);
    expect(error.where).toEqual({ ...where, column });
  });

  it('are told for a change of what is computed on demand', () => {
    const hostvars = Object.defineProperty({}, 'web1', { enumerable: true, get: () => ({}) }) as Record<string, Value>;
    const error = errorOf(() => evaluate('hostvars.update({})', { hostvars }));
    expect(error.message).toBe("'update' would change a value that was not made in this template");
    expect(error.hint).toBe('make a new map: map | combine(other)');
  });

  it('tell null from missing', () => {
    expect(evaluate('user.home', variables)).toBeNull();
    expect(evaluate('user.home | default("x")', variables)).toBeNull();
    expect(evaluate('user.get("home", "x")', variables)).toBeNull();
    expect(evaluate('[none] | first is none')).toBe(true);
  });
});

describe('conditions', () => {
  const condition = (source: string, variables: Readonly<Record<string, Value>>) => {
    const { expression } = compileExpression(source, where);
    if (!expression) throw new Error('not compiled');
    return evaluateCondition(expression, createScope([values(variables)]));
  };

  it('are true or false', () => {
    expect(condition('a == 1', { a: 1 })).toBe(true);
    expect(condition('a', { a: false })).toBe(false);
  });

  it.each([
    ['a', 'yes', "the condition 'a' is the text 'yes', not true or false", 'convert it: `... | bool`'],
    ['a', 1, "the condition 'a' is the number 1, not true or false", 'convert it: `... | bool`'],
    ['a', [1], "the condition 'a' is a list, not true or false", 'ask whether it is empty: `... | length > 0`'],
    ['a', null, "the condition 'a' is null, not true or false", 'convert it: `... | bool`'],
  ])('must be boolean: %s = %j', (source, a, message, hint) => {
    const error = errorOf(() => condition(source, { a: a }));
    expect([error.code, error.message, error.hint]).toEqual(['not-boolean', message, hint]);
  });
});
