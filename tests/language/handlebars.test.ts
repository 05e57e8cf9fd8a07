// Handlebars templates: helpers, strictness, places of errors.
import { describe, expect, it } from 'vitest';
import { renderHandlebars } from '../../src/language/handlebars.ts';
import { createScope } from '../../src/language/scope.ts';
import { errorOf, fakeController, values } from './support.ts';

const scope = createScope(
  [
    values({
      name: '<a href="x">&</a>',
      n: 5,
      on: true,
      nothing: null,
      empty: '',
      list: ['b', 'a'],
      map: { k: 'v', deep: { x: 1 } },
      servers: [{ host: 'h1', weight: 2 }, { host: 'h2' }],
      groups: { web: ['h1', 'h2'] },
      hostvars: { h1: { ip: '10.0.0.1' }, h2: { ip: '10.0.0.2' } },
    }),
  ],
  fakeController((plugin, { terms }) => [`${plugin}:${JSON.stringify(terms[0])}`]),
);
const render = (text: string, partials = {}) => renderHandlebars(text, 't.hbs', scope, partials);

describe('a Handlebars template', () => {
  it.each([
    ['{{name}}|{{{name}}}', '<a href="x">&</a>|<a href="x">&</a>'],
    ['{{n}} {{on}} {{nothing}}.', '5 true .'],
    ['{{map.k}} {{map.deep.x}} {{list.[0]}} {{list.length}}', 'v 1 b 2'],
    ['{{#each list}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}', '0b,1a'],
    ['{{#each map}}{{@key}};{{/each}}', 'k;deep;'],
    ['{{#each servers}}\n  {{host}} {{../n}} {{@root.n}}\n{{/each}}\n', '  h1 5 5\n  h2 5 5\n'],
    ['{{#each servers as |s i|}}{{i}}{{s.host}}{{/each}}', '0h11h2'],
    ['{{#each servers}}{{#if weight}}w{{else}}-{{/if}}{{/each}}', 'w-'],
    ['{{#with map.deep}}{{x}}{{/with}}', '1'],
    ['{{#if empty}}a{{else if n}}b{{else}}c{{/if}}', 'b'],
    ['{{default nope "d"}} {{default nothing empty "x"}} {{default map.nope.deeper 1}} {{default n 9}}', 'd x 1 5'],
    ['{{#if (defined nope)}}a{{else}}b{{/if}}', 'b'],
    ['{{join list ", "}}', 'b, a'],
    ['{{json map}}', '{"k": "v", "deep": {"x": 1}}'],
    ['{{toNiceJson map.deep}}', '{\n    "x": 1\n}'],
    ['{{yaml map}}', 'deep:\n  x: 1\nk: v\n'],
    ['{{indent "a\nb" 2}}', 'a\n  b'],
    ['{{#if (and (eq n 5) (ne n 6) (lt n 6) (gt n 4) (or false on) (not empty))}}y{{/if}}', 'y'],
    ['{{lookup "env" "HOME"}} {{lookup map "k"}} {{lookup list 1}}', 'env:"HOME" v a'],
    ['{{b64 "x"}}', 'eA=='],
    ['{{sha256 "x"}}', '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'],
    ['{{regexReplace "a1b2" "[0-9]" "-"}}', 'a-b-'],
    ['{{ternary on "yes" "no"}}', 'yes'],
    ['{{#each (groupHosts "web")}}{{this}}={{hostvar this "ip"}} {{/each}}', 'h1=10.0.0.1 h2=10.0.0.2 '],
    ['{{hostvars.h1.ip}} {{hostvar "h1" "nope" default="-"}}', '10.0.0.1 -'],
    ['{{!-- comment --}}a{{! another }}', 'a'],
    ['\\{{n}}', '{{n}}'],
  ])('%j', (text, result) => expect(render(text)).toBe(result));

  it('includes partials with a context, named values and indentation', () => {
    const partials = { server: 'server {{host}}:{{port}}\n' };
    expect(render('{{#each servers}}\n  {{> server port=80}}\n{{/each}}\n', partials)).toBe(
      '  server h1:80\n  server h2:80\n',
    );
    expect(errorOf(() => render('{{> sever}}', partials)).hint).toBe("did you mean 'server'?");
    expect(errorOf(() => render('{{> a}}', { a: '{{> a}}' })).code).toBe('evaluation-limit');
  });

  it.each([
    ['a\n  {{nam}}', 'undefined-variable', "'nam' is undefined", 2, 5, "did you mean 'name'?"],
    ['{{#if nam}}{{/if}}', 'undefined-variable', "'nam' is undefined", 1, 7, undefined],
    ['{{join nope ","}}', 'undefined-variable', "'nope' is undefined", 1, 8, undefined],
    ['{{#each servers}}{{weight}}{{/each}}', 'undefined-variable', "'weight' is undefined", 1, 20, undefined],
    [
      '{{map.deep.y.z}}',
      'undefined-variable',
      "'map.deep.y.z' is undefined: there is no 'map.deep.y'",
      1,
      3,
      undefined,
    ],
    ['{{list}}', 'evaluation-failed', 'cannot print a list', 1, 1, undefined],
    ['{{joinn list}}', 'unknown-helper', "there is no helper 'joinn'", 1, 1, "did you mean 'join'?"],
    ['{{groupHosts "wbe"}}', 'unknown-group', "there is no group 'wbe'", 1, 1, undefined],
    ['a\n{{#if n}}\n', 'template-syntax', 'a block or {{ is never closed', 2, 1, undefined],
    ['a\n{{#if n}}{{/each}}', 'template-syntax', "if doesn't match each", 2, 4, undefined],
  ])('says what is wrong and where: %j', (text, code, message, line, column, hint) => {
    const error = errorOf(() => render(text));
    expect([error.code, error.message]).toEqual([code, message]);
    expect(error.where).toEqual({ file: 't.hbs', line, column });
    if (hint !== undefined) expect(error.hint).toBe(hint);
  });
});
