// Syntax trees to closures: everything that can be decided once is decided here.
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import { getAttribute, getItem, slice } from './access.ts';
import { Budget, located } from './budget.ts';
import { compileCall, globalFunction } from './compile-call.ts';
import { compileFilter, compileTest } from './compile-filter.ts';
import { compare } from './comparison.ts';
import { globals } from './globals.ts';
import { adopted } from './mutation.ts';
import { binary, concat, negative, truth } from './operators.ts';
import type { Source } from './source.ts';
import { type Node, pathOf } from './syntax.ts';
import type { Block, RenderState, Templates } from './template-state.ts';
import { keyText } from './text.ts';
import type { Scope, Value } from './value.ts';
import { isUnknown, type Unknown, undefinedValue, used } from './values.ts';

/** One evaluation under way. */
export interface Frame {
  readonly scope: Scope;
  readonly budget: Budget;
  /** Lists and maps made by this template, which it may change (`list.append`); null where nothing is changed. */
  readonly owned: WeakSet<object> | null;
  /** Copies of shared values, made where something may be changed; see mutation.ts. */
  readonly copies: WeakMap<object, Value> | null;
  /** The template being rendered; null in expressions. */
  readonly template: RenderState | null;
}

/** A frame for one evaluation of something compiled. */
export function newFrame(scope: Scope, changes: boolean): Frame {
  const [owned, copies] = changes ? [new WeakSet(), new WeakMap<object, Value>()] : [null, null];
  return { scope, budget: new Budget(), owned, copies, template: null };
}

export type Run = (frame: Frame) => Value;

/** What compiling collects. */
export interface Compiling {
  readonly source: Source;
  readonly names: Set<string>;
  readonly diagnostics: Diagnostic[];
  /** Names bound inside the template (loop variables, `set`); not free. */
  readonly bound: Set<string>;
  readonly blocks: Map<string, Block>;
  /** Templates that this one may load; null where it cannot. */
  readonly templates: Templates | null;
  readonly found: {
    /** Something calls a method that changes a list or a map. */
    mutates: boolean;
    /** Loads other templates, which may do so. */
    loads: boolean;
    /** Names may come from another template, so that calls of unknown ones are no mistake yet. */
    isOpen: boolean;
  };
}

/** What compiling starts with. */
export function newCompiling(source: Source, templates: Templates | null = null, isOpen = false): Compiling {
  const found = { mutates: false, loads: false, isOpen };
  return { source, names: new Set(), diagnostics: [], bound: new Set(), blocks: new Map(), templates, found };
}

/** Compiles an expression. Problems go to `into.diagnostics`. */
export function compileNode(node: Node, into: Compiling): Run {
  const where = into.source.at(node.start);
  const compile = (child: Node): Run => compileNode(child, into);
  switch (node.kind) {
    case 'literal': {
      const { value } = node;
      return () => value;
    }
    case 'name':
      return compileName(node.name, where, into);
    case 'attribute':
      return compileAttribute(compile(node.target), node.name, pathOf(node) ?? node.name, where);
    case 'subscript': {
      const [target, index, path] = [compile(node.target), compile(node.index), pathOf(node.target)];
      return guarded(where, (frame) => getItem(target(frame), index(frame), path, where));
    }
    case 'slice': {
      const target = compile(node.target);
      const bounds = [node.from, node.to, node.step].map((bound) => bound && compile(bound));
      return guarded(where, (frame) =>
        slice(
          used(target(frame)),
          bounds.map((bound) => bound && used(bound(frame))),
        ),
      );
    }
    case 'list':
      return compileList(node.items.map(compile));
    case 'map':
      return compileMap(
        node.entries.map(([key, value]) => [compile(key), compile(value)] as const),
        where,
      );
    case 'not': {
      const operand = compile(node.operand);
      return (frame) => {
        const value = truth(operand(frame));
        return typeof value === 'boolean' ? !value : value;
      };
    }
    case 'negative':
    case 'positive': {
      const operand = compile(node.operand);
      if (node.kind === 'positive') return guarded(where, (frame) => negative(negative(operand(frame))));
      return guarded(where, (frame) => negative(operand(frame)));
    }
    case 'binary': {
      const { operator } = node;
      const [left, right] = [compile(node.left), compile(node.right)];
      return guarded(where, (frame) => binary(operator, left(frame), right(frame), frame.budget));
    }
    case 'concat': {
      const operands = node.operands.map(compile);
      return guarded(where, (frame) =>
        concat(
          operands.map((operand) => operand(frame)),
          frame.budget,
        ),
      );
    }
    case 'and':
    case 'or':
      return compileLogic(node.kind === 'or', node.operands.map(compile));
    case 'compare':
      return compileCompare(node, where, compile);
    case 'if':
      return compileConditional(compile(node.condition), compile(node.yes), node.no && compile(node.no), where);
    case 'filter':
      return compileFilter(node, into);
    case 'test':
      return compileTest(node, into);
    case 'call':
      return compileCall(node, where, into);
    default:
      return node satisfies never;
  }
}

/** Adds the place to whatever `run` throws. */
export function guarded(where: Position, run: Run): Run {
  return (frame) => {
    try {
      return run(frame);
    } catch (error) {
      throw located(error, where);
    }
  };
}

/** Adds a problem at a span of the source. */
export function report(
  into: Compiling,
  code: string,
  message: string,
  span: { readonly start: number; readonly length: number },
  hint: string | null,
): void {
  const { start, length } = span;
  const where = into.source.at(start);
  into.diagnostics.push({ severity: 'error', code, message, where, length, ...(hint === null ? {} : { hint }) });
}

function compileName(name: string, where: Position, into: Compiling): Run {
  const global = globals.values.get(name) ?? globalFunction(name, where);
  if (global === undefined && !into.bound.has(name)) into.names.add(name);
  const { found } = into;
  return (frame) => {
    const { scope } = frame;
    const value = scope.get(name);
    if (value !== undefined) return found.mutates || found.loads ? adopted(value, frame, found.mutates) : value;
    return global ?? undefinedValue(name, where, () => scope.names());
  };
}

function compileAttribute(target: Run, name: string, path: string, where: Position): Run {
  return (frame) => getAttribute(target(frame), name, path, where);
}

function compileList(items: readonly Run[]): Run {
  return (frame) => {
    frame.budget.spend(items.length);
    const list = items.map((item) => used(item(frame)));
    frame.owned?.add(list);
    return list;
  };
}

function compileMap(entries: readonly (readonly [Run, Run])[], where: Position): Run {
  return guarded(where, (frame) => {
    let doubt: Unknown | null = null;
    const pairs: [string, Value][] = [];
    frame.budget.spend(entries.length);
    for (const [key, value] of entries) {
      const name = used(key(frame));
      if (isUnknown(name)) doubt ??= name;
      else pairs.push([keyText(name), used(value(frame))]);
    }
    const map = Object.fromEntries(pairs);
    frame.owned?.add(map);
    return doubt ?? map;
  });
}

/**
 * `and`, `or`: Python's, the deciding operand is the result. An unknown operand decides nothing, so the rest is
 * looked at too: `unknown and false` is false. What the rest throws may be what the unknown guards against.
 */
function compileLogic(isOr: boolean, operands: readonly Run[]): Run {
  return (frame) => {
    let doubt: Unknown | null = null;
    let value: Value = isOr;
    for (const operand of operands) {
      try {
        value = operand(frame);
        const holds = truth(value);
        if (typeof holds !== 'boolean') doubt ??= holds;
        else if (holds === isOr) return value;
      } catch (error) {
        if (doubt) return doubt;
        throw error;
      }
    }
    return doubt ?? value;
  };
}

function compileCompare(node: Node & { kind: 'compare' }, where: Position, compile: (node: Node) => Run): Run {
  const first = compile(node.first);
  const rest = node.rest.map(({ operator, operand }) => ({ operator, operand: compile(operand) }));
  const [only] = rest;
  if (rest.length === 1 && only) {
    const { operator, operand } = only;
    return guarded(where, (frame) => {
      const left = first(frame);
      const right = operand(frame);
      // The common case, fast.
      if (operator === '==' && typeof left === 'string' && typeof right === 'string') return left === right;
      return compare(operator, left, right, frame.budget);
    });
  }
  return guarded(where, (frame) => {
    let doubt: Unknown | null = null;
    let left = first(frame);
    for (const { operator, operand } of rest) {
      const right = operand(frame);
      const holds = compare(operator, left, right, frame.budget);
      if (holds === false) return false;
      if (holds !== true) doubt ??= holds;
      left = right;
    }
    return doubt ?? true;
  });
}

function compileConditional(condition: Run, yes: Run, no: Run | null, where: Position): Run {
  return (frame) => {
    const holds = truth(condition(frame));
    if (typeof holds !== 'boolean') return holds;
    if (holds) return yes(frame);
    if (no) return no(frame);
    return { ...undefinedValue("the value of 'if' without 'else'", where, () => []), lenient: true };
  };
}
