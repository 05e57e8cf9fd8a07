// Calls: global functions by name, and the methods of texts, lists and maps. Nothing else can be called.
import type { Position } from '../lib/diagnostic.ts';
import { fail } from './budget.ts';
import { bindArguments, unknownOfCall } from './callable.ts';
import { callOf, checkCall, compileArguments } from './compile-filter.ts';
import { type Compiling, compileNode, guarded, report, type Run } from './compile.ts';
import { globals } from './globals.ts';
import { callMethod, methodNames } from './methods.ts';
import { didYouMean } from './near-names.ts';
import type { Node } from './syntax.ts';
import { isUnknown, used } from './values.ts';

export function compileCall(node: Node & { kind: 'call' }, where: Position, into: Compiling): Run {
  const { callee } = node;
  const args = compileArguments(node.args, into);
  if (callee.kind === 'name') return compileGlobal(node, callee.name, where, into);
  if (callee.kind !== 'attribute') {
    report(into, 'not-callable', 'this cannot be called', { start: node.start, length: node.end - node.start }, null);
    return () => fail('this cannot be called');
  }
  const { name } = callee;
  const target = compileNode(callee.target, into);
  if (!methodNames.has(name)) {
    const span = { start: callee.end - name.length, length: name.length };
    report(into, 'unknown-method', `there is no method '${name}'`, span, didYouMean(name, methodNames));
  }
  return guarded(where, (frame) => {
    const value = used(target(frame));
    const { positional, named } = args(frame);
    const doubt = unknownOfCall({ parameters: [] }, [...positional, ...Object.values(named)], frame.budget);
    if (isUnknown(value)) return value;
    return callMethod(value, name, { positional, named, doubt, frame });
  });
}

function compileGlobal(node: Node & { kind: 'call' }, name: string, where: Position, into: Compiling): Run {
  const target = globals.functions.get(name);
  const span = { start: node.start, length: name.length };
  const args = compileArguments(node.args, into);
  if (!target) {
    const hint =
      didYouMean(name, globals.functions.keys()) ?? `functions are ${[...globals.functions.keys()].join(', ')}`;
    report(into, 'unknown-function', `there is no function '${name}'`, span, hint);
    return () => fail(`there is no function '${name}'`);
  }
  checkCall('function', { name, args: node.args, nameStart: node.start }, target, into);
  return guarded(where, (frame) => {
    const { positional, named } = args(frame);
    const bound = bindArguments(target, positional, named);
    const doubt = unknownOfCall(target, [...bound.args, ...Object.values(bound.named)], frame.budget);
    return doubt ?? target.run(bound.args, callOf({ frame, where }, bound.named));
  });
}
