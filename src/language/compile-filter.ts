// Filters, tests and their arguments as closures; unknown names are found here, before anything runs.
import type { Position } from '../lib/diagnostic.ts';
import { fail } from './budget.ts';
import {
  bindArguments,
  type Call,
  checkArguments,
  elements,
  type Filter,
  settled,
  type Signature,
  unknownOfCall,
  type ValueTest,
} from './callable.ts';
import { type Compiling, compileNode, type Frame, guarded, report, type Run } from './compile.ts';
import { filters } from './filters/index.ts';
import { didYouMean } from '../lib/suggest.ts';
import { refusedFilters } from './refused.ts';
import type { Arguments, Node } from './syntax.ts';
import type { Value, ValueMap } from './value.ts';
import { isMap, isUndefined, isUnknown, type Unknown, undefinedValue, used } from './values.ts';
import { valueTests } from './value-tests/index.ts';

/** An evaluation under way, and the place in it. */
export interface Site {
  readonly frame: Frame;
  readonly where: Position;
}

const noNames: ValueMap = Object.freeze({});

export function compileFilter(node: Node & { kind: 'filter' }, into: Compiling): Run {
  const target = compileNode(node.target, into);
  const args = compileArguments(node.args, into);
  const filter = filters.get(node.name);
  const place = into.source.at(node.nameStart);
  if (!filter) return unknownName('filter', node, filters.keys(), into);
  checkCall('filter', node, filter, into);
  checkNamedCallee(node, into);
  return guarded(place, (frame) => {
    const value = target(frame);
    const { positional, named } = args(frame);
    return runFilter(node.name, filter, value, positional, named, { frame, where: place });
  });
}

export function compileTest(node: Node & { kind: 'test' }, into: Compiling): Run {
  const test = valueTests.get(node.name);
  const args = compileArguments(node.args, into);
  if (!test) {
    compileNode(node.target, into);
    return unknownName('test', node, valueTests.keys(), into);
  }
  checkCall('test', node, test, into);
  if (node.name === 'defined' || node.name === 'undefined') return compileDefined(node, into);
  const target = compileNode(node.target, into);
  const place = into.source.at(node.nameStart);
  return guarded(place, (frame) => {
    const { positional, named } = args(frame);
    return runTest(node.name, test, target(frame), positional, named, { frame, where: place });
  });
}

/**
 * A variable whose value is unknown is defined. Whether something unknown has an attribute is unknown.
 */
function compileDefined(node: Node & { kind: 'test' }, into: Compiling): Run {
  const whenDefined = node.name === 'defined';
  const { target } = node;
  const value = compileNode(target, into);
  const holder = target.kind === 'attribute' || target.kind === 'subscript' ? compileNode(target.target, into) : null;
  const isPlain = target.kind === 'name' || holder !== null;
  return (frame) => {
    const found = value(frame);
    if (isUndefined(found)) return !whenDefined;
    if (!isUnknown(found)) return whenDefined;
    if (!isPlain) return found;
    const parent = holder?.(frame);
    return isUnknown(parent) ? parent : whenDefined;
  };
}

/** Runs a filter on values; also for `map('name')`. */
export function runFilter(
  name: string,
  filter: Filter,
  value: Value,
  positional: readonly Value[],
  named: ValueMap,
  at: Site,
): Value {
  const call = callOf(at, named);
  const bound = bind(`the filter '${name}'`, filter, positional, named);
  if (bound.named !== noNames && !filter.takesUndefined) Object.values(bound.named).forEach(used);
  const [subject = null, ...args] = settled(filter, [value, ...bound.args]);
  const doubt = unknownOfCall(filter, [subject, ...args, ...Object.values(bound.named)], at.frame.budget);
  if (doubt) return doubt;
  const result = filter.run(subject, args, bound.named === named ? call : { ...call, named: bound.named });
  if (filter.makesNew && typeof result === 'object' && result !== null) at.frame.owned?.add(result);
  return result;
}

/** Runs a test on values; also for `select('name')`. */
function runTest(
  name: string,
  test: ValueTest,
  value: Value,
  positional: readonly Value[],
  named: ValueMap,
  at: Site,
): boolean | Unknown {
  const bound = bind(`the test '${name}'`, test, positional, named);
  const [subject = null, ...args] = settled(test, [value, ...bound.args]);
  const doubt = unknownOfCall(test, [subject, ...args], at.frame.budget);
  return doubt ?? test.run(subject, args, callOf(at, bound.named));
}

/** What a callee may use of the evaluation under way. */
export function callOf(at: Site, named: ValueMap): Call {
  const { frame, where } = at;
  return {
    budget: frame.budget,
    scope: frame.scope,
    named,
    where,
    missing: (what) => undefinedValue(what, where, () => []),
    filter: (name, value, args, names) => {
      const filter = filters.get(name) ?? fail(`there is no filter '${name}'`, hintFor(name, filters.keys()));
      return runFilter(name, filter, value, args, names, at);
    },
    test: (name, value, args, names) => {
      const test = valueTests.get(name) ?? fail(`there is no test '${name}'`, hintFor(name, valueTests.keys()));
      return runTest(name, test, value, args, names, at);
    },
  };
}

/** Compiles an argument list; undefined values stay: whoever is called says whether it takes them. */
export function compileArguments(
  args: Arguments,
  into: Compiling,
): (frame: Frame) => { readonly positional: readonly Value[]; readonly named: ValueMap } {
  const positional = args.positional.map((node) => compileNode(node, into));
  const named = args.named.map(([name, node]) => [name, compileNode(node, into)] as const);
  const list = args.spreadList && compileNode(args.spreadList, into);
  const map = args.spreadMap && compileNode(args.spreadMap, into);
  return (frame) => {
    const values = positional.map((run) => run(frame));
    if (list) {
      const spread = used(list(frame));
      values.push(...(isUnknown(spread) ? [spread] : elements(spread, frame.budget)));
    }
    if (named.length === 0 && !map) return { positional: values, named: noNames };
    const pairs: [string, Value][] = named.map(([name, run]) => [name, run(frame)]);
    const spread = map ? used(map(frame)) : null;
    if (spread !== null) {
      pairs.push(...Object.entries(isMap(spread) ? spread : fail("'**' needs a map")));
    }
    return { positional: values, named: Object.fromEntries(pairs) };
  };
}

/** Reports a wrong argument list, where it can be known. */
export function checkCall(
  what: string,
  node: { readonly name: string; readonly args: Arguments; readonly nameStart: number },
  signature: Signature,
  into: Compiling,
): void {
  const { positional, named, spreadList, spreadMap } = node.args;
  const open = spreadList !== undefined || spreadMap !== undefined;
  const names = named.map(([name]) => name);
  const problem = checkArguments(open ? { ...signature, required: 0 } : signature, positional.length, names);
  if (!problem) return;
  const span = { start: node.nameStart, length: node.name.length };
  report(into, 'wrong-arguments', `the ${what} '${node.name}' ${problem.message}`, span, problem.hint);
}

/** `map('uper')`: the filter or test named by a literal exists. */
function checkNamedCallee(node: Node & { kind: 'filter' }, into: Compiling): void {
  const position = { map: 0, select: 0, reject: 0, selectattr: 1, rejectattr: 1 }[node.name];
  const argument = position === undefined ? undefined : node.args.positional[position];
  if (argument?.kind !== 'literal' || typeof argument.value !== 'string') return;
  const [what, registry] = node.name === 'map' ? (['filter', filters] as const) : (['test', valueTests] as const);
  const name = argument.value;
  if (registry.has(name)) return;
  const span = { start: argument.start, length: argument.end - argument.start };
  report(into, `unknown-${what}`, `there is no ${what} '${name}'`, span, didYouMean(name, registry.keys()));
}

function bind(
  what: string,
  signature: Signature,
  positional: readonly Value[],
  named: ValueMap,
): ReturnType<typeof bindArguments> {
  if (named === noNames && positional.length <= signature.parameters.length && !signature.required) {
    return { args: positional, named };
  }
  const problem = checkArguments(signature, positional.length, Object.keys(named));
  if (problem) fail(`${what} ${problem.message}`, problem.hint ?? undefined);
  return bindArguments(signature, positional, named);
}

function unknownName(
  what: 'filter' | 'test',
  node: { readonly name: string; readonly nameStart: number },
  names: Iterable<string>,
  into: Compiling,
): Run {
  const span = { start: node.nameStart, length: node.name.length };
  const instead = what === 'filter' ? refusedFilters.get(node.name.replace(/^(?:\w+\.)+/, '')) : undefined;
  if (instead !== undefined)
    report(into, 'unsupported-filter', `the filter '${node.name}' is not supported`, span, instead);
  else report(into, `unknown-${what}`, `there is no ${what} '${node.name}'`, span, didYouMean(node.name, names));
  return () => fail(`there is no ${what} '${node.name}'`);
}

function hintFor(name: string, names: Iterable<string>): string | undefined {
  return didYouMean(name, names) ?? undefined;
}
