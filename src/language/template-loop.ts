// `for`: loops over lists, their `loop` object, and recursion with `loop(...)`.
import { fail } from './budget.ts';
import { elements } from './callable.ts';
import { same } from './comparison.ts';
import { type Compiling, compileNode, type Frame, type Run } from './compile.ts';
import { liveFunction, type LiveObject } from './live.ts';
import { truth } from './operators.ts';
import { Output, placed, type Print, type Signal, stop } from './template-output.ts';
import { assign, localFrame, localScope, nested } from './template-scope.ts';
import type { Statement, Target } from './template-syntax.ts';
import { liveBrand, type Value } from './value.ts';
import { isUnknown, type Unknown, used } from './values.ts';

interface Loop {
  readonly target: Target;
  readonly condition: Run | null;
  readonly body: Print;
  readonly otherwise: Print | null;
  readonly recursive: boolean;
}

export function compileFor(
  statement: Statement & { kind: 'for' },
  into: Compiling,
  compile: (statements: readonly Statement[], into: Compiling) => Print,
): Print {
  const items = compileNode(statement.items, into);
  const inner = nested(into, ['loop'], [statement.target]);
  const loop: Loop = {
    target: statement.target,
    condition: statement.condition && compileNode(statement.condition, inner),
    body: compile(statement.body, inner),
    otherwise: statement.otherwise && compile(statement.otherwise, nested(into, [])),
    recursive: statement.recursive,
  };
  return placed(into.source.at(statement.items.start), (frame, output) => {
    return runLoop(loop, used(items(frame)), 1, frame, output);
  });
}

function runLoop(loop: Loop, items: Value, depth: number, frame: Frame, output: Output): Signal {
  const picked = isUnknown(items) ? items : pick(loop, elements(items, frame.budget), frame);
  if (isUnknown(picked)) return stop(output, picked);
  if (picked.length === 0) return loop.otherwise ? loop.otherwise(localFrame(frame), output) : 'next';
  const state = new LoopState(picked, depth);
  const recur = loop.recursive ? (more: Value): Value => runInner(loop, more, depth, frame) : null;
  const object = loopObject(state, recur);
  for (const item of picked) {
    frame.budget.spend(1);
    const inLoop = localFrame(frame);
    assign(loop.target, item, inLoop);
    localScope(inLoop).set('loop', object);
    const signal = loop.body(inLoop, output);
    if (signal === 'stop') return signal;
    if (signal === 'break') break;
    state.index += 1;
  }
  return 'next';
}

/** The items that the loop's own `if` lets pass. */
function pick(loop: Loop, items: readonly Value[], frame: Frame): readonly Value[] | Unknown {
  const { condition } = loop;
  if (!condition) return items;
  const picked: Value[] = [];
  for (const item of items) {
    const inLoop = localFrame(frame);
    assign(loop.target, item, inLoop);
    const holds = truth(condition(inLoop));
    if (typeof holds !== 'boolean') return holds;
    if (holds) picked.push(item);
  }
  return picked;
}

function runInner(loop: Loop, items: Value, depth: number, frame: Frame): Value {
  return frame.budget.deeper(() => {
    const output = new Output();
    runLoop(loop, items, depth + 1, frame, output);
    return output.result;
  });
}

class LoopState {
  readonly items: readonly Value[];
  readonly depth: number;
  index = 0;
  /** What `loop.changed` was last asked about. */
  previous: readonly Value[] | null = null;

  constructor(items: readonly Value[], depth: number) {
    this.items = items;
    this.depth = depth;
  }

  get length(): number {
    return this.items.length;
  }
}

const attributes: Readonly<Record<string, (state: LoopState) => Value | undefined>> = {
  index: ({ index }) => index + 1,
  index0: ({ index }) => index,
  revindex: ({ index, length }) => length - index,
  revindex0: ({ index, length }) => length - index - 1,
  first: ({ index }) => index === 0,
  last: ({ index, length }) => index === length - 1,
  length: ({ length }) => length,
  depth: ({ depth }) => depth,
  depth0: ({ depth }) => depth - 1,
  previtem: ({ items, index }) => items[index - 1],
  nextitem: ({ items, index }) => items[index + 1],
  cycle: (state) =>
    liveFunction("the function 'loop.cycle'", ({ positional }) => {
      return positional[state.index % positional.length] ?? fail('loop.cycle needs something to choose from');
    }),
  changed: (state) =>
    liveFunction("the function 'loop.changed'", ({ positional }, { budget }) => {
      const before = state.previous;
      state.previous = positional;
      return !before || !same(before, positional, budget);
    }),
};

function loopObject(state: LoopState, recur: ((items: Value) => Value) | null): LiveObject {
  return {
    [liveBrand]: 'the loop',
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name]?.(state) : undefined),
    names: () => Object.keys(attributes),
    call: ({ positional: [items = null] }) => {
      if (!recur) return fail("only a loop that says 'recursive' can be called", '{% for ... in ... recursive %}');
      return recur(used(items));
    },
  };
}
