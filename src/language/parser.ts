// Jinja's expression grammar: tokens to a syntax tree. Precedence and associativity are Jinja's own.
import { OperandParser, reserved } from './operand-parser.ts';
import type { Arguments, BinaryOperator, CompareOperator, Node } from './syntax.ts';

const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=']);
const noArguments: Arguments = { positional: [], named: [] };

export class Parser extends OperandParser {
  /** A whole expression; without `if ... else` where a statement's own `if` may follow. */
  override expression(withCondition = true): Node {
    return this.nested(() => (withCondition ? this.#conditional() : this.#or()));
  }

  /** An expression or, without brackets, a list `a, b` as statements allow. */
  expressionList(withCondition = true): Node {
    const first = this.expression(withCondition);
    if (!this.isOperator(',')) return first;
    const items = [first];
    while (this.takeOperator(',')) {
      if (this.token.kind === 'end') break;
      items.push(this.expression(withCondition));
    }
    return { kind: 'list', items, start: first.start, end: this.lastEnd() };
  }

  #conditional(): Node {
    let yes = this.#or();
    while (this.takeName('if')) {
      const condition = this.#or();
      const no = this.takeName('else') ? this.nested(() => this.#conditional()) : null;
      yes = { kind: 'if', condition, yes, no, start: yes.start, end: this.lastEnd() };
    }
    return yes;
  }

  #or(): Node {
    return this.#operands(
      'or',
      () => this.takeName('or'),
      () => this.#and(),
    );
  }

  #and(): Node {
    return this.#operands(
      'and',
      () => this.takeName('and'),
      () => this.#not(),
    );
  }

  #operands(kind: 'or' | 'and' | 'concat', more: () => boolean, operand: () => Node): Node {
    const first = operand();
    const operands = [first];
    while (more()) operands.push(operand());
    return operands.length === 1 ? first : { kind, operands, start: first.start, end: this.lastEnd() };
  }

  #not(): Node {
    if (!this.isName('not')) return this.#compare();
    const { start } = this.advance();
    const operand = this.nested(() => this.#not());
    return { kind: 'not', operand, start, end: this.lastEnd() };
  }

  #compare(): Node {
    const first = this.#sum();
    const rest: { operator: CompareOperator; operand: Node }[] = [];
    for (let operator = this.#comparison(); operator; operator = this.#comparison()) {
      rest.push({ operator, operand: this.#sum() });
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest, start: first.start, end: this.lastEnd() };
  }

  #comparison(): CompareOperator | null {
    if (this.token.kind === 'operator' && comparisons.has(this.token.text)) {
      return this.advance().text as CompareOperator;
    }
    if (this.takeName('in')) return 'in';
    if (this.isName('not') && this.peek(1)?.text === 'in') {
      this.advance();
      this.advance();
      return 'not in';
    }
    return null;
  }

  #sum(): Node {
    return this.#binary(['+', '-'], () => this.#concat());
  }

  #concat(): Node {
    return this.#operands(
      'concat',
      () => this.takeOperator('~'),
      () => this.#product(),
    );
  }

  #product(): Node {
    return this.#binary(['*', '/', '//', '%'], () => this.#power());
  }

  #power(): Node {
    return this.#binary(['**'], () => this.#unary(true));
  }

  #binary(operators: readonly BinaryOperator[], operand: () => Node): Node {
    let left = operand();
    for (;;) {
      const operator = operators.find((candidate) => this.isOperator(candidate));
      if (operator === undefined) return left;
      this.advance();
      const right = operand();
      left = { kind: 'binary', operator, left, right, start: left.start, end: this.lastEnd() };
    }
  }

  #unary(withFilters: boolean): Node {
    const { start } = this.token;
    let node: Node;
    if (this.isOperator('-') || this.isOperator('+')) {
      const kind = this.advance().text === '-' ? 'negative' : 'positive';
      const operand = this.nested(() => this.#unary(false));
      node = { kind, operand, start, end: this.lastEnd() };
    } else {
      node = this.primary();
    }
    node = this.postfix(node);
    return withFilters ? this.#filters(node) : node;
  }

  #filters(start: Node): Node {
    let node = start;
    for (;;) {
      if (this.takeOperator('|')) node = this.#filter(node);
      else if (this.takeName('is')) node = this.#test(node);
      else if (this.isOperator('(')) node = this.call(node);
      else return node;
    }
  }

  #filter(target: Node): Node {
    const { name, start: nameStart } = this.dottedName();
    const args = this.isOperator('(') ? this.args() : noArguments;
    return { kind: 'filter', target, name, args, nameStart, start: target.start, end: this.lastEnd() };
  }

  #test(target: Node): Node {
    const { start } = target;
    const negated = this.takeName('not');
    const { name, start: nameStart } = this.dottedName();
    const args = this.isOperator('(') ? this.args() : this.#bareArgument();
    const test: Node = { kind: 'test', target, name, args, nameStart, start, end: this.lastEnd() };
    return negated ? { kind: 'not', operand: test, start, end: test.end } : test;
  }

  /** `x is divisibleby 3`: one argument without brackets. */
  #bareArgument(): Arguments {
    const { kind, text } = this.token;
    const begins =
      kind === 'text' ||
      kind === 'number' ||
      (kind === 'name' && !reserved.has(text)) ||
      (kind === 'operator' && (text === '[' || text === '{'));
    if (!begins) {
      if (this.isName('is')) this.unexpected("tests cannot be chained with 'is'", "join them with 'and'");
      return noArguments;
    }
    return { positional: [this.postfix(this.primary())], named: [] };
  }

  /** A name, `ansible.builtin.` before it left out. */
  dottedName(): { readonly name: string; readonly start: number } {
    const { start, text } = this.expectName();
    let name = text;
    while (this.takeOperator('.')) name += `.${this.expectName().text}`;
    return { name: name.replace(/^ansible\.(?:builtin|legacy)\./, ''), start };
  }
}
