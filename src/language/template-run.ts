// Statements of Jinja templates to closures that print. Loop variables and `set` live in scopes of their own.
import type { Position } from '../lib/diagnostic.ts';
import { type Compiling, compileNode, type Run } from './compile.ts';
import { compileFilter } from './compile-filter.ts';
import { firstUnknown, truth } from './operators.ts';
import type { Node } from './syntax.ts';
import { compileExtends, compileImport, compileInclude } from './template-load.ts';
import { compileFor } from './template-loop.ts';
import { compileCallBlock, compileMacro } from './template-macro.ts';
import { Output, placed, type Print, stop } from './template-output.ts';
import { assign, localFrame, localScope, nested } from './template-scope.ts';
import { runBlock } from './template-state.ts';
import { type AppliedFilter, namesOf, type Statement } from './template-syntax.ts';
import { outputOf } from './text.ts';
import { isUnknown, used } from './values.ts';

/** Compiles statements in order; names that they set are bound for those that follow. */
export function compileStatements(statements: readonly Statement[], into: Compiling): Print {
  const prints = statements.map((statement) => {
    const print = compileStatement(statement, into);
    if (statement.kind === 'set' || statement.kind === 'capture') namesOf(statement.target, into.bound);
    return print;
  });
  const [only] = prints;
  if (only && prints.length === 1) return only;
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
      return compileFor(statement, into, compileStatements);
    case 'set': {
      const value = compileNode(statement.value, into);
      const where = into.source.at(statement.value.start);
      return placed(where, (frame) => {
        assign(statement.target, value(frame), frame);
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
    case 'macro':
      return compileMacro(statement, into, compileStatements);
    case 'call':
      return compileCallBlock(statement, into, compileStatements);
    case 'block':
      return compileBlock(statement, into);
    case 'extends':
      return compileExtends(statement, into);
    case 'include':
      return compileInclude(statement, into);
    case 'import':
    case 'from':
      return compileImport(statement, into);
    default:
      return statement satisfies never;
  }
}

function compileOutput(value: Run, where: Position): Print {
  return placed(where, (frame, output) => {
    if (output.muted) return 'next';
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

function compileCapture(statement: Statement & { kind: 'capture' }, into: Compiling): Print {
  const inner = nested(into, [capturedName]);
  const body = compileStatements(statement.body, inner);
  const filter = compileFilters(statement.filters, inner);
  const { target, start } = statement;
  return placed(into.source.at(start), (frame, output) => {
    if (!target && output.muted) return 'next';
    const into = new Output();
    const inner = localFrame(frame);
    const signal = body(inner, into);
    if (signal === 'stop') return stop(output, into.unknown);
    localScope(inner).set(capturedName, into.result);
    const value = filter(inner);
    if (target) assign(target, value, frame);
    else if (isUnknown(value)) return stop(output, value);
    else output.print(outputOf(value, frame.budget));
    return signal;
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
  const targets = statement.values.map(([target]) => target);
  const inner = nested(into, [], targets);
  // As in Jinja, a value does not see the names before it.
  const values = statement.values.map(([target, node]) => [target, compileNode(node, into)] as const);
  const body = compileStatements(statement.body, inner);
  return (frame, output) => {
    const inner = localFrame(frame);
    for (const [target, value] of values) assign(target, value(frame), inner);
    return body(inner, output);
  };
}

/** A block is printed where it stands, with the definition of the youngest child. */
function compileBlock(statement: Statement & { kind: 'block' }, into: Compiling): Print {
  const { name, scoped, required } = statement;
  const where = into.source.at(statement.start);
  const print = compileStatements(statement.body, nested(into, ['super']));
  into.blocks.set(name, { name, print, required, where });
  return placed(where, (frame, output) => {
    if (output.muted || !frame.template) return 'next';
    return runBlock(name, 0, frame, scoped ? frame.scope : frame.template.root, output);
  });
}
