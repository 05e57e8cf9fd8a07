// Statements of Jinja templates: segments to a tree.
import { didYouMean } from '../lib/suggest.ts';
import { limits } from '../lib/limits.ts';
import type { Token } from './lexer.ts';
import { Parser } from './parser.ts';
import { SyntaxProblem } from './source.ts';
import type { Node } from './syntax.ts';
import { parseFilter, parseFilters, parseLoad, parseParameters, parseTarget } from './template-heads.ts';
import type { Segment } from './template-lexer.ts';
import type { Branch, Statement, Target } from './template-syntax.ts';

/** Of Jinja, and not here, with what to do instead. */
const unsupported: ReadonlyMap<string, string> = new Map([
  ['autoescape', 'nothing is escaped here; write the filter `| escape` where HTML needs it'],
  ['trans', 'translations are an extension that Ansible does not switch on; write the text itself'],
  ['debug', 'print what you want to see: {{ name }}'],
]);
const loads = ['include', 'import', 'from', 'extends'];
const withBody = ['if', 'for', 'set', 'with', 'filter', 'macro', 'call', 'block', 'raw'];
const known = [
  ...withBody,
  ...loads,
  'do',
  'break',
  'continue',
  'elif',
  'else',
  ...withBody.map((name) => `end${name}`),
];

/** Throws SyntaxProblem. */
export function parseTemplate(segments: readonly Segment[]): readonly Statement[] {
  return new TemplateParser(segments).run();
}

class TemplateParser {
  readonly #segments: readonly Segment[];
  readonly #blocks = new Set<string>();
  #index = 0;
  #loops = 0;
  #depth = 0;

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
      if (++this.#depth > limits.evaluationDepth) {
        throw new SyntaxProblem('statements are nested too deeply', name.start, name.end);
      }
      body.push(this.#statement(name, parser));
      this.#depth -= 1;
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
      case 'macro':
        return this.#macro(name, parser);
      case 'call':
        return this.#call(name, parser);
      case 'block':
        return this.#namedBlock(name, parser);
      case 'include':
      case 'import':
      case 'from':
      case 'extends':
        return parseLoad(name, parser);
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
    const instead = unsupported.get(text.replace(/^end/, ''));
    if (instead !== undefined) {
      throw new SyntaxProblem(`the statement '${text}' is not supported`, start, end, instead);
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
      return { kind: 'if', branches, otherwise: part.end === 'else' ? this.#body(name, 'endif') : null };
    }
  }

  #for(name: Token, parser: Parser): Statement {
    const target = parseTarget(parser);
    if (!parser.takeName('in')) parser.unexpected("expected 'in'");
    const items = parser.expressionList(false);
    const condition = parser.takeName('if') ? parser.expression() : null;
    const recursive = parser.takeName('recursive');
    parser.expectEnd();
    this.#loops += 1;
    const part = this.#until(['else', 'endfor'], name);
    this.#loops -= 1;
    part.parser.expectEnd();
    const otherwise = part.end === 'else' ? this.#body(name, 'endfor') : null;
    return { kind: 'for', target, items, condition, recursive, body: part.body, otherwise };
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
    return { kind: 'capture', target, filters, body: this.#body(name, 'endset'), start: name.start };
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
    return { kind: 'with', values, body: this.#body(name, 'endwith') };
  }

  #filter(name: Token, parser: Parser): Statement {
    const filters = [parseFilter(parser), ...parseFilters(parser)];
    parser.expectEnd();
    return { kind: 'capture', target: null, filters, body: this.#body(name, 'endfilter'), start: name.start };
  }

  #macro(opening: Token, parser: Parser): Statement {
    const { text: name } = parser.expectName();
    const parameters = parseParameters(parser);
    parser.expectEnd();
    const body = this.#outsideLoops(() => this.#body(opening, 'endmacro'));
    return { kind: 'macro', name, parameters, body, start: opening.start };
  }

  #call(opening: Token, parser: Parser): Statement {
    const parameters = parser.isOperator('(') ? parseParameters(parser) : [];
    const call = parser.expression();
    if (call.kind !== 'call') {
      throw new SyntaxProblem("'call' needs the call of a macro", call.start, call.end, '{% call name() %}');
    }
    parser.expectEnd();
    const body = this.#outsideLoops(() => this.#body(opening, 'endcall'));
    return { kind: 'call', call, name: 'caller', parameters, body, start: opening.start };
  }

  #namedBlock(opening: Token, parser: Parser): Statement {
    const { text: name, start, end } = parser.expectName();
    if (this.#blocks.has(name)) throw new SyntaxProblem(`the block '${name}' is there twice`, start, end);
    this.#blocks.add(name);
    const scoped = parser.takeName('scoped');
    const required = parser.takeName('required');
    parser.expectEnd();
    const body = this.#outsideLoops(() => this.#body(opening, 'endblock', name));
    if (required && body.some((part) => part.kind !== 'text' || /\S/.test(part.text))) {
      throw new SyntaxProblem(`the required block '${name}' must be empty`, start, end, 'children write its content');
    }
    return { kind: 'block', name, scoped, required, body, start: opening.start };
  }

  #body(opening: Token, end: string, name?: string): readonly Statement[] {
    const { body, parser } = this.#until([end], opening);
    if (name !== undefined) parser.takeName(name);
    parser.expectEnd();
    return body;
  }

  /** What is called from elsewhere cannot end the loop around it. */
  #outsideLoops<T>(parse: () => T): T {
    const loops = this.#loops;
    this.#loops = 0;
    const result = parse();
    this.#loops = loops;
    return result;
  }
}
