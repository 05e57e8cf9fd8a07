// `json_query` beyond what it finds (see cases/expressions.txt): what is refused, what cannot get out, what cannot explode.
import { describe, expect, it } from 'vitest';
import { evaluate } from './support.ts';

const found = (query: string): unknown => evaluate('data | json_query(query)', { data: { a: [1, 2], b: {} }, query });

describe('json_query', () => {
  it.each([
    ['no JMESPath', 'a[', /is no JMESPath/],
    ['functions that Python does not have', "pad_left('x', `9`)", /no function "pad_left"/],
    ['arithmetic', 'a[0] + a[1]', /no arithmetic/],
    ['the root', 'a[*].[$]', /no root/],
    ['variables', 'let $x = a in $x', /no (letexpression|binding|variable)/],
    ['wrong types', 'sum(b)', /fails/],
  ])('refuses %s', (_what, query, problem) => {
    expect(() => found(query)).toThrow(problem);
  });

  it.each([
    'constructor',
    'b.constructor',
    '{x: a}.constructor',
    '{x: a}.constructor.name',
    'b.toString',
    '@.__proto__',
  ])('finds no more than data: %s', (query) => {
    expect(found(query)).toBeNull();
  });

  it('does not grow without end', () => {
    const doubled = Array.from({ length: 40 }, () => '[@, @]').join(' | ');
    expect(() => found(doubled)).toThrow(/takes more than/);
    expect(() => found(`${doubled.replaceAll('[@, @]', '[@, @][]')} | length(@)`)).toThrow(/takes more than/);
  });
});
