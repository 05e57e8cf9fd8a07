// Calls: functions and macros by name, and the methods of texts, lists and maps. Nothing else can be called.
import type { Position } from '../lib/diagnostic.ts';
import { didYouMean } from '../lib/suggest.ts';
import { fail } from './budget.ts';
import { bindArguments, type GlobalFunction, settled, type Signature, unknownOfCall } from './callable.ts';
import { callOf, checkCall, compileArguments } from './compile-filter.ts';
import { type Compiling, compileNode, type Frame, guarded, report, type Run } from './compile.ts';
import { globals } from './globals.ts';
import { type CallArguments, liveFunction, liveObject } from './live.ts';
import { callMethod, changingMethods, methodNames } from './methods.ts';
import type { Node } from './syntax.ts';
import type { Value } from './value.ts';
import { isUnknown, kindOf, used } from './values.ts';

const plainArguments: Signature = { parameters: [] };

/** Compiles a call; `caller` makes the argument of that name which `{% call %}` adds. */
export function compileCall(
  node: Node & { kind: 'call' },
  where: Position,
  into: Compiling,
  caller: ((frame: Frame) => Value) | null = null,
): Run {
  const { callee } = node;
  const args = withCaller(compileArguments(node.args, into), caller);
  if (callee.kind === 'name') return compileNamed(node, callee.name, where, into, args);
  if (callee.kind !== 'attribute') return compileAny(node, where, into, args);
  const { name } = callee;
  const target = compileNode(callee.target, into);
  if (changingMethods.has(name)) into.found.mutates = true;
  if (!methodNames.has(name) && !mayBeLive(callee.target, into)) {
    const span = { start: callee.end - name.length, length: name.length };
    report(into, 'unknown-method', `there is no method '${name}'`, span, didYouMean(name, methodNames));
  }
  return guarded(where, (frame) => {
    const value = used(target(frame));
    if (isUnknown(value)) return value;
    const given = args(frame);
    const live = liveObject(value);
    if (live) {
      const near = didYouMean(name, live.names?.() ?? []) ?? undefined;
      const called = live.attribute?.(name) ?? fail(`${kindOf(value)} has no function '${name}'`, near);
      return callLive(called, given, frame);
    }
    const taken = settled(plainArguments, given.positional);
    const named = usedMap(given.named);
    const doubt = unknownOfCall(plainArguments, [...taken, ...Object.values(named)], frame.budget);
    return callMethod(value, name, { positional: taken, named, doubt, frame });
  });
}

type RunArguments = (frame: Frame) => CallArguments;

function withCaller(args: RunArguments, caller: ((frame: Frame) => Value) | null): RunArguments {
  if (!caller) return args;
  return (frame) => {
    const { positional, named } = args(frame);
    return { positional, named: { ...named, caller: caller(frame) } };
  };
}

/** Whether a value can have functions of its own: only names that the template has bound, and what is called. */
function mayBeLive(node: Node, into: Compiling): boolean {
  if (node.kind === 'call' || node.kind === 'filter') return true;
  if (node.kind === 'attribute' || node.kind === 'subscript') return mayBeLive(node.target, into);
  if (node.kind !== 'name') return false;
  return node.name === 'self' || into.bound.has(node.name) || into.found.isOpen;
}

function compileNamed(
  node: Node & { kind: 'call' },
  name: string,
  where: Position,
  into: Compiling,
  args: RunArguments,
): Run {
  const isBound = into.bound.has(name);
  const target = isBound ? undefined : globals.functions.get(name);
  const message = `there is no function '${name}'`;
  if (!target) {
    const hint = didYouMean(name, globals.functions.keys());
    // `caller` is bound nowhere: a macro takes it because its body names it.
    if (isBound || into.found.isOpen || name === 'caller') {
      const callee = compileNode(node.callee, into);
      return guarded(where, (frame) => callLive(callee(frame), args(frame), frame));
    }
    const span = { start: node.start, length: name.length };
    report(
      into,
      'unknown-function',
      message,
      span,
      hint ?? `functions are ${[...globals.functions.keys()].join(', ')}`,
    );
    return () => fail(message);
  }
  checkCall('function', { name, args: node.args, nameStart: node.start }, target, into);
  return guarded(where, (frame) => callGlobal(target, args(frame), frame, where));
}

function callGlobal(
  target: GlobalFunction,
  { positional, named }: CallArguments,
  frame: Frame,
  where: Position,
): Value {
  const bound = bindArguments(target, positional, usedMap(named));
  const taken = settled(target, bound.args);
  const doubt = unknownOfCall(target, [...taken, ...Object.values(bound.named)], frame.budget);
  if (doubt) return doubt;
  const result = target.run(taken, callOf({ frame, where }, bound.named));
  if (target.makesNew && typeof result === 'object' && result !== null) frame.owned?.add(result);
  return result;
}

/** A function of every expression as a value: `range is defined`, `{% set r = range %}`. */
export function globalFunction(name: string, where: Position): Value | undefined {
  const target = globals.functions.get(name);
  return target && liveFunction(`the function '${name}'`, (args, frame) => callGlobal(target, args, frame, where));
}

/** `super.super()`, `functions['a']()`: whatever the callee turns out to be. */
function compileAny(node: Node & { kind: 'call' }, where: Position, into: Compiling, args: RunArguments): Run {
  const { callee } = node;
  if (callee.kind !== 'subscript' && callee.kind !== 'call') {
    report(into, 'not-callable', 'this cannot be called', { start: node.start, length: node.end - node.start }, null);
  }
  const target = compileNode(callee, into);
  return guarded(where, (frame) => callLive(target(frame), args(frame), frame));
}

function callLive(callee: Value, args: CallArguments, frame: Frame): Value {
  const value = used(callee);
  if (isUnknown(value)) return value;
  const live = liveObject(value);
  if (!live?.call) return fail(`${kindOf(value)} cannot be called`);
  return live.call(args, frame);
}

function usedMap(named: CallArguments['named']): CallArguments['named'] {
  Object.values(named).forEach(used);
  return named;
}
