// Statements of Jinja templates: segments to a tree. Macros, includes and inheritance are reported as unsupported.
import type { Token } from './lexer.ts';
import { didYouMean } from '../lib/suggest.ts';
import { Parser } from './parser.ts';
import { SyntaxProblem } from './source.ts';
import type { Arguments, Node } from './syntax.ts';
import type { Segment } from './template-lexer.ts';

/** A name to assign to, or several: `a, b`. `x.y` is an attribute of a namespace. */
export type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly object: string; readonly name: string }
  | { readonly kind: 'list'; readonly targets: readonly Target[] };

export interface AppliedFilter {
  readonly name: string;
  readonly args: Arguments;
  readonly nameStart: number;
}

export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly value: Node }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Statement[] | null }
  | {
      readonly kind: 'for';
      readonly target: Target;
      readonly items: Node;
      readonly condition: Node | null;
      readonly recursive: boolean;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[] | null;
    }
  | { readonly kind: 'set'; readonly target: Target; readonly value: Node }
  | {
      readonly kind: 'capture';
      readonly target: Target | null;
      readonly filters: readonly AppliedFilter[];
      readonly body: readonly Statement[];
      readonly start: number;
    }
  | {
      readonly kind: 'with';
      readonly values: readonly (readonly [Target, Node])[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'do'; readonly value: Node }
  | { readonly kind: 'break' | 'continue' };

export interface Branch {
  readonly condition: Node;
  readonly body: readonly Statement[];
}

/** Of Jinja, and not here (yet). */
const unsupported = new Set(['macro', 'call', 'include', 'import', 'from', 'extends', 'block', 'autoescape', 'trans']);
const supported = ['if', 'elif', 'else', 'endif', 'for', 'endfor', 'set', 'endset', 'with', 'endwith', 'filter'];
const known = [...supported, 'endfilter', 'do', 'break', 'continue', 'raw', 'endraw'];

/** Throws SyntaxProblem. */
export function parseTemplate(segments: readonly Segment[]): readonly Statement[] {
  return new TemplateParser(segments).run();
}

class TemplateParser {
  readonly #segments: readonly Segment[];
  #index = 0;
  #loops = 0;

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  run(): readonly Statement[] {
    return this.#until([], null).body;
  }

  /** Statements up to one of the `ends`, whose parser (behind its name) is handed back. */
  #until(
    ends: readonly string[],
    opening: Token | null,
  ): { readonly body: readonly Statement[]; readonly end: string; readonly parser: Parser } {
    const body: Statement[] = [];
    for (;;) {
      const segment = this.#segments[this.#index++];
      if (!segment) {
        const nothing = new Parser([{ kind: 'end', text: '', number: 0, start: 0, end: 0 }]);
        if (!opening) return { body, end: '', parser: nothing };
        const wanted = `'{% ${ends.at(-1) ?? ''} %}' is missing`;
        throw new SyntaxProblem(`'${opening.text}' is never closed: ${wanted}`, opening.start, opening.end);
      }
      if (segment.kind === 'text') {
        body.push(segment);
        continue;
      }
      const parser = new Parser(segment.tokens);
      if (segment.kind === 'output') {
        body.push({ kind: 'output', value: parser.expressionList() });
        parser.expectEnd();
        continue;
      }
      const name = parser.expectName();
      if (ends.includes(name.text)) return { body, end: name.text, parser };
      body.push(this.#statement(name, parser));
    }
  }

  #statement(name: Token, parser: Parser): Statement {
    switch (name.text) {
      case 'if':
        return this.#if(name, parser);
      case 'for':
        return this.#for(name, parser);
      case 'set':
        return this.#set(name, parser);
      case 'with':
        return this.#with(name, parser);
      case 'filter':
        return this.#filter(name, parser);
      case 'do': {
        const value = parser.expressionList();
        parser.expectEnd();
        return { kind: 'do', value };
      }
      case 'break':
      case 'continue':
        parser.expectEnd();
        if (this.#loops > 0) return { kind: name.text };
        throw new SyntaxProblem(`'${name.text}' outside of a loop`, name.start, name.end);
      default:
        return this.#unknown(name);
    }
  }

  #unknown({ text, start, end }: Token): never {
    if (unsupported.has(text)) {
      throw new SyntaxProblem(`the statement '${text}' is not supported`, start, end, 'write its content here instead');
    }
    if (known.includes(text)) {
      throw new SyntaxProblem(`'${text}' without its beginning`, start, end, 'is an earlier block closed twice?');
    }
    throw new SyntaxProblem(`there is no statement '${text}'`, start, end, didYouMean(text, known) ?? undefined);
  }

  #if(name: Token, first: Parser): Statement {
    const branches: Branch[] = [];
    let parser = first;
    for (;;) {
      const condition = parser.expressionList();
      parser.expectEnd();
      const part = this.#until(['elif', 'else', 'endif'], name);
      branches.push({ condition, body: part.body });
      parser = part.parser;
      if (part.end === 'elif') continue;
      parser.expectEnd();
      return { kind: 'if', branches, otherwise: part.end === 'else' ? this.#block(name, 'endif') : null };
    }
  }

  #for(name: Token, parser: Parser): Statement {
    const target = parseTarget(parser);
    if (!parser.takeName('in')) parser.unexpected("expected 'in'");
    const items = parser.expressionList(false);
    const condition = parser.takeName('if') ? parser.expression() : null;
    if (parser.isName('recursive')) {
      const { start, end } = parser.token;
      throw new SyntaxProblem("'recursive' loops are not supported", start, end);
    }
    parser.expectEnd();
    this.#loops += 1;
    const part = this.#until(['else', 'endfor'], name);
    this.#loops -= 1;
    part.parser.expectEnd();
    const otherwise = part.end === 'else' ? this.#block(name, 'endfor') : null;
    return { kind: 'for', target, items, condition, recursive: false, body: part.body, otherwise };
  }

  #set(name: Token, parser: Parser): Statement {
    const target = parseTarget(parser);
    if (parser.takeOperator('=')) {
      const value = parser.expressionList();
      parser.expectEnd();
      return { kind: 'set', target, value };
    }
    const filters = parseFilters(parser);
    parser.expectEnd();
    return { kind: 'capture', target, filters, body: this.#block(name, 'endset'), start: name.start };
  }

  #with(name: Token, parser: Parser): Statement {
    const values: (readonly [Target, Node])[] = [];
    while (parser.token.kind !== 'end') {
      const target = parseTarget(parser, false);
      parser.expectOperator('=');
      values.push([target, parser.expression()]);
      if (!parser.takeOperator(',')) break;
    }
    parser.expectEnd();
    return { kind: 'with', values, body: this.#block(name, 'endwith') };
  }

  #filter(name: Token, parser: Parser): Statement {
    const filters = [parseFilter(parser), ...parseFilters(parser)];
    parser.expectEnd();
    return { kind: 'capture', target: null, filters, body: this.#block(name, 'endfilter'), start: name.start };
  }

  #block(opening: Token, end: string): readonly Statement[] {
    const { body, parser } = this.#until([end], opening);
    parser.expectEnd();
    return body;
  }
}

function parseTarget(parser: Parser, withList = true): Target {
  const one = (): Target => {
    if (parser.takeOperator('(')) {
      const inner = parseTarget(parser);
      parser.expectOperator(')');
      return inner;
    }
    const { text } = parser.expectName();
    return parser.takeOperator('.')
      ? { kind: 'attribute', object: text, name: parser.expectName().text }
      : { kind: 'name', name: text };
  };
  const first = one();
  if (!withList || !parser.isOperator(',')) return first;
  const targets = [first];
  while (parser.takeOperator(',')) {
    if (parser.token.kind === 'name' && !parser.isName('in')) targets.push(one());
  }
  return { kind: 'list', targets };
}

function parseFilters(parser: Parser): readonly AppliedFilter[] {
  const filters: AppliedFilter[] = [];
  while (parser.takeOperator('|')) filters.push(parseFilter(parser));
  return filters;
}

function parseFilter(parser: Parser): AppliedFilter {
  const { text, start } = parser.expectName();
  const args = parser.isOperator('(') ? parser.args() : { positional: [], named: [] };
  return { name: text, args, nameStart: start };
}
