// Operands of expressions: literals, names, brackets, and what follows an operand directly (`.a`, `[0]`, `(...)`).
import { limits } from '../lib/limits.ts';
import { SyntaxProblem } from './source.ts';
import type { Arguments, Node } from './syntax.ts';
import { TokenReader } from './token-reader.ts';

const constants: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);
/** Names that cannot be variables. */
export const reserved = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else']);

export abstract class OperandParser extends TokenReader {
  #depth = 0;

  /** A whole expression. */
  abstract expression(withCondition?: boolean): Node;

  /** Counts how deep the grammar is nested. */
  protected nested<T>(parse: () => T): T {
    if (++this.#depth > limits.evaluationDepth) {
      throw new SyntaxProblem('the expression is nested too deeply', this.token.start, this.token.end);
    }
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  protected primary(): Node {
    const token = this.token;
    const { start, end } = token;
    if (token.kind === 'number') {
      this.advance();
      return { kind: 'literal', value: token.number, start, end };
    }
    if (token.kind === 'text') {
      let value = '';
      while (this.token.kind === 'text') value += this.advance().text;
      return { kind: 'literal', value, start, end: this.lastEnd() };
    }
    if (token.kind === 'name') {
      const constant = constants.get(token.text);
      if (constant === undefined && reserved.has(token.text)) this.unexpected('expected a value');
      this.advance();
      return constant === undefined
        ? { kind: 'name', name: token.text, start, end }
        : { kind: 'literal', value: constant, start, end };
    }
    if (this.takeOperator('(')) return this.#parenthesised(start);
    if (this.takeOperator('[')) return this.#list(start, ']', []);
    if (this.takeOperator('{')) return this.#map(start);
    return this.unexpected('expected a value', token.text === '}' ? "a '{{' inside an expression?" : undefined);
  }

  #parenthesised(start: number): Node {
    if (this.isOperator(')')) return this.#list(start, ')', []);
    const first = this.expression();
    if (this.takeOperator(',')) return this.#list(start, ')', [first]);
    this.expectOperator(')');
    return first;
  }

  #list(start: number, close: ')' | ']', items: Node[]): Node {
    while (!this.isOperator(close)) {
      items.push(this.expression());
      if (!this.takeOperator(',')) break;
    }
    this.expectOperator(close);
    return { kind: 'list', items, start, end: this.lastEnd() };
  }

  #map(start: number): Node {
    const entries: [Node, Node][] = [];
    while (!this.isOperator('}')) {
      const key = this.expression();
      this.expectOperator(':');
      entries.push([key, this.expression()]);
      if (!this.takeOperator(',')) break;
    }
    this.expectOperator('}');
    return { kind: 'map', entries, start, end: this.lastEnd() };
  }

  protected postfix(start: Node): Node {
    let node = start;
    for (;;) {
      if (this.takeOperator('.')) node = this.#attribute(node);
      else if (this.takeOperator('[')) node = this.#subscript(node);
      else if (this.isOperator('(')) node = this.call(node);
      else return node;
    }
  }

  protected call(callee: Node): Node {
    const args = this.args();
    return { kind: 'call', callee, args, start: callee.start, end: this.lastEnd() };
  }

  #attribute(target: Node): Node {
    const token = this.token;
    if (token.kind === 'number') {
      this.advance();
      const index: Node = { kind: 'literal', value: token.number, start: token.start, end: token.end };
      return { kind: 'subscript', target, index, start: target.start, end: token.end };
    }
    if (token.kind !== 'name') this.unexpected('expected an attribute');
    this.advance();
    return { kind: 'attribute', target, name: token.text, start: target.start, end: token.end };
  }

  #subscript(target: Node): Node {
    const { start } = target;
    const bound = (): Node | null => (this.isOperator(':') || this.isOperator(']') ? null : this.expression());
    const from = bound();
    if (this.takeOperator(':')) {
      const to = bound();
      const step = this.takeOperator(':') ? bound() : null;
      this.expectOperator(']');
      return { kind: 'slice', target, from, to, step, start, end: this.lastEnd() };
    }
    if (from === null) this.unexpected('expected an index');
    this.expectOperator(']');
    return { kind: 'subscript', target, index: from, start, end: this.lastEnd() };
  }

  /** `(a, name=b, *c, **d)`. */
  args(): Arguments {
    this.expectOperator('(');
    const positional: Node[] = [];
    const named: (readonly [string, Node])[] = [];
    let spreadList: Node | undefined;
    let spreadMap: Node | undefined;
    while (!this.isOperator(')')) {
      if (this.takeOperator('*')) spreadList = this.expression();
      else if (this.takeOperator('**')) spreadMap = this.expression();
      else if (this.token.kind === 'name' && this.peek(1)?.text === '=') {
        const name = this.advance().text;
        this.advance();
        named.push([name, this.expression()]);
      } else if (named.length > 0 || spreadMap) {
        this.unexpected('arguments without a name come first');
      } else positional.push(this.expression());
      if (!this.takeOperator(',')) break;
    }
    this.expectOperator(')');
    return { positional, named, ...(spreadList && { spreadList }), ...(spreadMap && { spreadMap }) };
  }
}
