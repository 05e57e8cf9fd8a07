// Calls: global functions by name, and the methods of texts, lists and maps. Nothing else can be called.
import type { Position } from '../lib/diagnostic.ts';
import { fail } from './budget.ts';
import { bindArguments, settled, type Signature, unknownOfCall } from './callable.ts';
import { callOf, checkCall, compileArguments } from './compile-filter.ts';
import { type Compiling, compileNode, guarded, report, type Run } from './compile.ts';
import { globals } from './globals.ts';
import { callMethod, methodNames } from './methods.ts';
import { didYouMean } from '../lib/suggest.ts';
import type { Node } from './syntax.ts';
import { isUnknown, used } from './values.ts';

const plainArguments: Signature = { parameters: [] };

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
    const taken = settled(plainArguments, positional);
    const doubt = unknownOfCall(plainArguments, [...taken, ...Object.values(named)], frame.budget);
    if (isUnknown(value)) return value;
    return callMethod(value, name, { positional: taken, named, doubt, frame });
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
    const taken = settled(target, bound.args);
    const doubt = unknownOfCall(target, [...taken, ...Object.values(bound.named)], frame.budget);
    if (doubt) return doubt;
    const result = target.run(taken, callOf({ frame, where }, bound.named));
    if (target.makesNew && typeof result === 'object' && result !== null) frame.owned?.add(result);
    return result;
  });
}
