// Statements of Jinja templates to closures that print. Loop variables and `set` live in scopes of their own.
import type { Position } from '../lib/diagnostic.ts';
import { checkTextLength, fail, located } from './budget.ts';
import { elements } from './callable.ts';
import { type Compiling, compileNode, type Frame, type Run } from './compile.ts';
import { compileFilter } from './compile-filter.ts';
import { firstUnknown, truth } from './operators.ts';
import type { Node } from './syntax.ts';
import type { AppliedFilter, Statement, Target } from './template-parser.ts';
import { outputOf } from './text.ts';
import type { Scope, Value } from './value.ts';
import { isList, isMap, isUnknown, kindOf, type Unknown, used } from './values.ts';

/** What a template has printed; it stops where something printed or decided upon is unknown. */
export class Output {
  readonly #parts: string[] = [];
  #length = 0;
  unknown: Unknown | null = null;

  print(text: string): void {
    this.#length += text.length;
    checkTextLength(this.#length);
    this.#parts.push(text);
  }

  get text(): string {
    return this.#parts.join('');
  }
}

/** How a statement ended. */
export type Signal = 'next' | 'break' | 'continue' | 'stop';
export type Print = (frame: Frame, output: Output) => Signal;

/** Names set inside a template, over the scope around it. */
class LocalScope implements Scope {
  readonly #outer: Scope;
  readonly #values = new Map<string, Value>();
  readonly lookup?: NonNullable<Scope['lookup']>;

  constructor(outer: Scope) {
    this.#outer = outer;
    if (outer.lookup) this.lookup = outer.lookup.bind(outer);
  }

  get(name: string): Value | undefined {
    const value = this.#values.get(name);
    return value === undefined ? this.#outer.get(name) : value;
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  *names(): Iterable<string> {
    yield* this.#values.keys();
    yield* this.#outer.names();
  }
}

/** A frame whose names can be set. */
export function localFrame(frame: Frame): Frame {
  return { ...frame, scope: new LocalScope(frame.scope) };
}

/** Compiles statements in order; names that they set are bound for those that follow. */
export function compileStatements(statements: readonly Statement[], into: Compiling): Print {
  const prints = statements.map((statement) => {
    const print = compileStatement(statement, into);
    if (statement.kind === 'set' || statement.kind === 'capture') namesOf(statement.target, into.bound);
    return print;
  });
  return (frame, output) => {
    for (const print of prints) {
      const signal = print(frame, output);
      if (signal !== 'next') return signal;
    }
    return 'next';
  };
}

function compileStatement(statement: Statement, into: Compiling): Print {
  switch (statement.kind) {
    case 'text':
      return (_frame, output) => {
        output.print(statement.text);
        return 'next';
      };
    case 'output':
      return compileOutput(compileNode(statement.value, into), into.source.at(statement.value.start));
    case 'if':
      return compileIf(statement, into);
    case 'for':
      return compileFor(statement, into);
    case 'set': {
      const value = compileNode(statement.value, into);
      const where = into.source.at(statement.value.start);
      return placed(where, (frame) => {
        assign(statement.target, used(value(frame)), frame);
        return 'next';
      });
    }
    case 'capture':
      return compileCapture(statement, into);
    case 'with':
      return compileWith(statement, into);
    case 'do': {
      const value = compileNode(statement.value, into);
      return (frame) => {
        used(value(frame));
        return 'next';
      };
    }
    case 'break':
    case 'continue': {
      const { kind } = statement;
      return () => kind;
    }
    default:
      return statement satisfies never;
  }
}

function compileOutput(value: Run, where: Position): Print {
  return placed(where, (frame, output) => {
    const found = used(value(frame));
    const doubt = firstUnknown(found, frame.budget);
    if (doubt) return stop(output, doubt);
    output.print(outputOf(found, frame.budget));
    return 'next';
  });
}

function compileIf(statement: Statement & { kind: 'if' }, into: Compiling): Print {
  const branches = statement.branches.map(({ condition, body }) => ({
    condition: compileNode(condition, into),
    body: compileStatements(body, into),
  }));
  const otherwise = statement.otherwise && compileStatements(statement.otherwise, into);
  return (frame, output) => {
    for (const { condition, body } of branches) {
      const holds = truth(condition(frame));
      if (typeof holds !== 'boolean') return stop(output, holds);
      if (holds) return body(frame, output);
    }
    return otherwise ? otherwise(frame, output) : 'next';
  };
}

function compileFor(statement: Statement & { kind: 'for' }, into: Compiling): Print {
  const items = compileNode(statement.items, into);
  const inner = nested(into, [statement.target, { kind: 'name', name: 'loop' }]);
  const condition = statement.condition && compileNode(statement.condition, inner);
  const body = compileStatements(statement.body, inner);
  const otherwise = statement.otherwise && compileStatements(statement.otherwise, nested(into, []));
  const where = into.source.at(statement.items.start);
  return placed(where, (frame, output) => {
    const found = used(items(frame));
    if (isUnknown(found)) return stop(output, found);
    const picked: Value[] = [];
    for (const item of elements(found, frame.budget)) {
      if (condition) {
        const inLoop = localFrame(frame);
        assign(statement.target, item, inLoop);
        const holds = truth(condition(inLoop));
        if (typeof holds !== 'boolean') return stop(output, holds);
        if (!holds) continue;
      }
      picked.push(item);
    }
    if (picked.length === 0) return otherwise ? otherwise(localFrame(frame), output) : 'next';
    return runLoop(statement.target, picked, body, frame, output);
  });
}

function runLoop(target: Target, items: readonly Value[], body: Print, frame: Frame, output: Output): Signal {
  for (const [index, item] of items.entries()) {
    frame.budget.spend(1);
    const inLoop = localFrame(frame);
    assign(target, item, inLoop);
    localScope(inLoop).set('loop', loopValue(items, index));
    const signal = body(inLoop, output);
    if (signal === 'stop') return signal;
    if (signal === 'break') break;
  }
  return 'next';
}

function loopValue(items: readonly Value[], index: number): Value {
  const { length } = items;
  return {
    index: index + 1,
    index0: index,
    revindex: length - index,
    revindex0: length - index - 1,
    first: index === 0,
    last: index === length - 1,
    length,
    // Jinja counts recursive loops only.
    depth: 1,
    depth0: 0,
    ...(index > 0 ? { previtem: items[index - 1] ?? null } : {}),
    ...(index < length - 1 ? { nextitem: items[index + 1] ?? null } : {}),
  };
}

function compileCapture(statement: Statement & { kind: 'capture' }, into: Compiling): Print {
  const inner = nested(into, [{ kind: 'name', name: capturedName }]);
  const body = compileStatements(statement.body, inner);
  const filter = compileFilters(statement.filters, inner);
  const { target, start } = statement;
  return placed(into.source.at(start), (frame, output) => {
    const captured = new Output();
    const inner = localFrame(frame);
    if (body(inner, captured) === 'stop') return stop(output, captured.unknown);
    localScope(inner).set(capturedName, captured.text);
    const value = filter(inner);
    if (target) assign(target, value, frame);
    else if (isUnknown(value)) return stop(output, value);
    else output.print(outputOf(value, frame.budget));
    return 'next';
  });
}

/** No name that a template can write. */
const capturedName = ' captured';

function compileFilters(filters: readonly AppliedFilter[], into: Compiling): Run {
  const begin: Node = { kind: 'name', name: capturedName, start: 0, end: 0 };
  const node = filters.reduce<Node>((target, { name, args, nameStart }) => {
    return { kind: 'filter', target, name, args, nameStart, start: nameStart, end: nameStart + name.length };
  }, begin);
  return node.kind === 'filter' ? compileFilter(node, into) : compileNode(node, into);
}

function compileWith(statement: Statement & { kind: 'with' }, into: Compiling): Print {
  const values = statement.values.map(([target, node]) => [target, compileNode(node, into)] as const);
  const targets = values.map(([target]) => target);
  const body = compileStatements(statement.body, nested(into, targets));
  return (frame, output) => {
    const inner = localFrame(frame);
    for (const [target, value] of values) assign(target, used(value(frame)), inner);
    return body(inner, output);
  };
}

function assign(target: Target, value: Value, frame: Frame): void {
  const scope = localScope(frame);
  if (target.kind === 'name') {
    scope.set(target.name, value);
  } else if (target.kind === 'attribute') {
    const object = scope.get(target.object) ?? null;
    if (!isMap(object) || !frame.owned?.has(object)) {
      fail(`'${target.object}' is no namespace of this template`, `{% set ${target.object} = namespace() %} makes one`);
    }
    Object.defineProperty(object, target.name, { value, enumerable: true, writable: true, configurable: true });
  } else {
    const parts = isUnknown(value) ? target.targets.map(() => value) : value;
    if (!isList(parts)) fail(`cannot take ${kindOf(value)} apart into ${target.targets.length} names`);
    if (parts.length !== target.targets.length) {
      fail(`cannot take ${parts.length} items apart into ${target.targets.length} names`);
    }
    target.targets.forEach((each, index) => assign(each, parts[index] ?? null, frame));
  }
}

function localScope(frame: Frame): LocalScope {
  if (frame.scope instanceof LocalScope) return frame.scope;
  throw new TypeError('names can be set in templates only');
}

/** Compiling inside a block: what it binds is gone after it. */
function nested(into: Compiling, targets: readonly Target[]): Compiling {
  const bound = new Set(into.bound);
  for (const target of targets) namesOf(target, bound);
  return { ...into, bound };
}

function namesOf(target: Target | null, into: Set<string>): void {
  if (target?.kind === 'name') into.add(target.name);
  else if (target?.kind === 'list') for (const each of target.targets) namesOf(each, into);
}

function stop(output: Output, doubt: Unknown | null): Signal {
  output.unknown = doubt;
  return 'stop';
}

function placed(where: Position, print: Print): Print {
  return (frame, output) => {
    try {
      return print(frame, output);
    } catch (error) {
      throw located(error, where);
    }
  };
}
