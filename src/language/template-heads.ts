// The heads of template statements: what stands between the name of a statement and its `%}`.
import type { Parser } from './parser.ts';
import { SyntaxProblem } from './source.ts';
import type { Node } from './syntax.ts';
import type { AppliedFilter, Parameter, Statement, Target } from './template-syntax.ts';
import type { Token } from './lexer.ts';

export function parseTarget(parser: Parser, withList = true): Target {
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
    if (parser.isOperator('(') || (parser.token.kind === 'name' && !parser.isName('in'))) targets.push(one());
  }
  return { kind: 'list', targets };
}

export function parseFilters(parser: Parser): readonly AppliedFilter[] {
  const filters: AppliedFilter[] = [];
  while (parser.takeOperator('|')) filters.push(parseFilter(parser));
  return filters;
}

export function parseFilter(parser: Parser): AppliedFilter {
  const { name, start } = parser.dottedName();
  const args = parser.isOperator('(') ? parser.args() : { positional: [], named: [] };
  return { name, args, nameStart: start };
}

/** `(a, b=1)`. Throws SyntaxProblem. */
export function parseParameters(parser: Parser): readonly Parameter[] {
  const parameters: Parameter[] = [];
  parser.expectOperator('(');
  while (!parser.isOperator(')')) {
    const { text, start, end } = parser.expectName();
    if (parameters.some(({ name }) => name === text)) {
      throw new SyntaxProblem(`the parameter '${text}' is there twice`, start, end);
    }
    const fallback = parser.takeOperator('=') ? parser.expression() : null;
    if (fallback === null && parameters.at(-1)?.fallback) {
      throw new SyntaxProblem(`the parameter '${text}' needs a default, as the one before it has`, start, end);
    }
    parameters.push({ name: text, fallback });
    if (!parser.takeOperator(',')) break;
  }
  parser.expectOperator(')');
  return parameters;
}

/** `include`, `import`, `from`, `extends`: statements that load another template and have no body. */
export function parseLoad({ text, start }: Token, parser: Parser): Statement {
  const template = parser.expression();
  if (text === 'include') {
    const ignoreMissing = parser.takeName('ignore');
    if (ignoreMissing) expectWord(parser, 'missing');
    const withContext = parseContext(parser, true);
    parser.expectEnd();
    return { kind: 'include', template, ignoreMissing, withContext, start };
  }
  if (text === 'import') {
    expectWord(parser, 'as');
    const name = parser.expectName().text;
    const withContext = parseContext(parser, false);
    parser.expectEnd();
    return { kind: 'import', template, name, withContext, start };
  }
  if (text === 'from') return parseFrom(template, start, parser);
  parser.expectEnd();
  return { kind: 'extends', template, start };
}

function parseFrom(template: Node, start: number, parser: Parser): Statement {
  expectWord(parser, 'import');
  const names: (readonly [string, string])[] = [];
  do {
    if (names.length > 0 && (parser.token.kind === 'end' || contextFollows(parser))) break;
    const { text, start: begin, end } = parser.expectName();
    if (text.startsWith('_')) {
      throw new SyntaxProblem(`'${text}' cannot be imported: names that begin with _ are private`, begin, end);
    }
    names.push([text, parser.takeName('as') ? parser.expectName().text : text]);
  } while (parser.takeOperator(','));
  const withContext = parseContext(parser, false);
  parser.expectEnd();
  return { kind: 'from', template, names, withContext, start };
}

function contextFollows(parser: Parser): boolean {
  return (parser.isName('with') || parser.isName('without')) && parser.peek(1)?.text === 'context';
}

function parseContext(parser: Parser, otherwise: boolean): boolean {
  if (!contextFollows(parser)) return otherwise;
  const has = parser.advance().text === 'with';
  parser.advance();
  return has;
}

function expectWord(parser: Parser, word: string): void {
  if (!parser.takeName(word)) parser.unexpected(`expected '${word}'`);
}
