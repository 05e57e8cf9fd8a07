// Filters on texts. Other values are converted to text first, as Jinja does.
import { type Budget, checkTextLength, fail } from '../budget.ts';
import { type Args, elements, type Filter, flagArgument, integerArgument, textArgument } from '../callable.ts';
import { formatPercent } from '../format.ts';
import { textOf } from '../text.ts';
import { capitalize, center, characterSet, replaceText, split, strip, widthOf } from '../text-methods.ts';
import type { Value } from '../value.ts';
import { characters } from '../access.ts';

export const textFilters: Readonly<Record<string, Filter>> = {
  lower: text((value) => value.toLowerCase()),
  upper: text((value) => value.toUpperCase()),
  capitalize: text(capitalize),
  title: text(titleWords),
  trim: text((value, [set], budget) => strip(value, characterSet(set, budget), true, true), ['chars']),
  center: text((value, [width = 80]) => center(value, widthOf(width)), ['width']),
  replace: text(
    (value, [old, fresh, count], budget) => {
      const [from, to] = [textArgument(old, '', budget), textArgument(fresh, '', budget)];
      return replaceText(value, from, to, integerArgument(count ?? undefined, -1), budget);
    },
    ['old', 'new', 'count'],
    2,
  ),
  split: text(
    (value, [by, count], budget) => split(value, by, integerArgument(count, -1), budget),
    ['sep', 'maxsplit'],
  ),
  indent: text(indent, ['width', 'first', 'blank']),
  truncate: text(truncate, ['length', 'killwords', 'end', 'leeway']),
  wordcount: text((value) => value.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  wordwrap: text(
    (value, [width, _break, newline = '\n'], budget) =>
      wrap(value, integerArgument(width, 79), textOf(newline, budget)),
    ['width', 'break_long_words', 'wrapstring'],
  ),
  format: {
    parameters: [],
    rest: true,
    named: true,
    run: (value, args, { budget, named }) => {
      const values = args as readonly Value[];
      const result = formatPercent(textOf(value, budget), Object.keys(named).length ? named : values, budget);
      checkTextLength(result.length);
      return result;
    },
  },
  comment: text(comment, [
    'style',
    'decoration',
    'prefix',
    'prefix_count',
    'postfix',
    'postfix_count',
    'newline',
    'beginning',
    'end',
  ]),
  escape: text(escapeHtml),
  e: text(escapeHtml),
  safe: { parameters: [], keepsUnknown: true, run: (value) => value },
  striptags: text((value) =>
    strip(value.replace(/<!--[\s\S]*?-->|<[^>]*>/g, ''), null, true, true).replace(/\s+/g, ' '),
  ),
  join: {
    parameters: ['d', 'attribute'],
    run: (value, [separator, attribute], call) => {
      const list = elements(value, call.budget);
      const parts = attribute === undefined ? list : elements(call.filter('map', list, [], { attribute }), call.budget);
      const texts = parts.map((part) => textOf(part, call.budget));
      const by = textArgument(separator, '', call.budget);
      checkTextLength(texts.reduce((sum, part) => sum + part.length + by.length, 0));
      return texts.join(by);
    },
  },
};

function text(
  run: (value: string, args: Args, budget: Budget) => Value,
  parameters: readonly string[] = [],
  required = 0,
): Filter {
  return {
    parameters,
    required,
    run: (value, args, { budget }) => {
      const result = run(textOf(value, budget), args, budget);
      if (typeof result === 'string') checkTextLength(result.length);
      return result;
    },
  };
}

/** Jinja's title: words begin after white space, hyphens and opening brackets. */
function titleWords(value: string): string {
  return value
    .split(/([-\s({[<]+)/)
    .map(capitalize)
    .join('');
}

function indent(value: string, [width = 4, first, blank]: Args, budget: Budget): string {
  const margin = typeof width === 'string' ? width : ' '.repeat(widthOf(width));
  const lines = value.split('\n');
  checkTextLength(value.length + lines.length * margin.length);
  budget.spend(lines.length);
  const indentsBlank = flagArgument(blank, false);
  return lines
    .map((line, index) => {
      const indents = index === 0 ? flagArgument(first, false) : indentsBlank || line !== '';
      return indents ? margin + line : line;
    })
    .join('\n');
}

function truncate(value: string, [length, killWords, end, leeway]: Args, budget: Budget): string {
  const wanted = integerArgument(length, 255);
  const mark = textArgument(end, '...', budget);
  const parts = characters(value);
  if (parts.length <= wanted + integerArgument(leeway, 5)) return value;
  const kept = parts.slice(0, Math.max(0, wanted - mark.length)).join('');
  if (flagArgument(killWords, false)) return kept + mark;
  const space = kept.lastIndexOf(' ');
  return (space === -1 ? kept : kept.slice(0, space)) + mark;
}

function wrap(value: string, width: number, newline: string): string {
  if (width < 1) fail('the width must be at least 1');
  const wrapLine = (line: string): string => {
    const rows: string[] = [];
    let row = '';
    for (const word of line.split(' ')) {
      let rest = word;
      if (row !== '' && row.length + 1 + rest.length > width) {
        rows.push(row);
        row = '';
      }
      for (; rest.length > width; rest = rest.slice(width)) rows.push(rest.slice(0, width));
      row = row === '' ? rest : `${row} ${rest}`;
    }
    return [...rows, row].join(newline);
  };
  return value.split('\n').map(wrapLine).join(newline);
}

const commentStyles: Readonly<Record<string, readonly [decoration: string, begin: string, end: string]>> = {
  plain: ['# ', '', ''],
  erlang: ['% ', '', ''],
  c: ['// ', '', ''],
  cblock: [' * ', '/*', ' */'],
  xml: [' - ', '<!--', '-->'],
};

/** Ansible's comment: a text behind `# `, or inside a block of the style. */
function comment(value: string, args: Args, budget: Budget): string {
  const [style, decoration, prefix, prefixCount, postfix, postfixCount, newline, beginning, ending] = args;
  const name = textArgument(style, 'plain', budget);
  const known = Object.hasOwn(commentStyles, name) ? commentStyles[name] : undefined;
  if (!known) return fail(`there is no comment style '${name}'`, `styles are ${Object.keys(commentStyles).join(', ')}`);
  const [standard, begin, end] = known;
  const mark = textArgument(decoration, standard, budget);
  const line = textArgument(newline, '\n', budget);
  const frame = (text: Value | undefined): string => textArgument(text ?? undefined, mark.trimEnd(), budget);
  const above = frame(prefix);
  const body = mark + value.replaceAll('\n', line + mark);
  // As Ansible: a line of nothing but the mark loses its space, the last line keeps it.
  const trimmed = body.replaceAll(mark + line, mark.trimEnd() + line);
  const first = textArgument(beginning ?? undefined, begin, budget);
  const last = textArgument(ending ?? undefined, end, budget);
  const before = (first && first + line) + (above && above + line).repeat(widthOf(prefixCount ?? 1));
  const after = (line + frame(postfix)).repeat(widthOf(postfixCount ?? 1));
  return before + trimmed + after + (last && line + last);
}

/** Characters that mean something in HTML, as entities. */
export function escapeHtml(value: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
  };
  return value.replace(/[&<>"']/g, (character) => names[character] ?? character);
}
