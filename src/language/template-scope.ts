// Names set inside a template, over the scope around it.
import { fail } from './budget.ts';
import type { Compiling, Frame } from './compile.ts';
import { namesOf, type Target } from './template-syntax.ts';
import type { Scope, Value } from './value.ts';
import { isList, isMap, isUnknown, kindOf, used } from './values.ts';

export class LocalScope implements Scope {
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

  /** Names set here, without those around. */
  get own(): ReadonlyMap<string, Value> {
    return this.#values;
  }

  *names(): Iterable<string> {
    yield* this.#values.keys();
    yield* this.#outer.names();
  }
}

/** A frame whose names can be set, over those of `frame` or of another scope. */
export function localFrame(frame: Frame, over: Scope = frame.scope): Frame {
  return { ...frame, scope: new LocalScope(over) };
}

/** The names of a frame that belong to its template. */
export function localScope(frame: Frame): LocalScope {
  if (frame.scope instanceof LocalScope) return frame.scope;
  throw new TypeError('names can be set in templates only');
}

/** A scope without variables: what is imported without context sees none. */
export function withoutVariables(scope: Scope): Scope {
  const lookup = scope.lookup?.bind(scope);
  return { get: () => undefined, names: () => [], ...(lookup && { lookup }) };
}

/** Binds the names of a target. */
export function assign(target: Target, value: Value, frame: Frame): void {
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
    const whole = used(value);
    const parts = isUnknown(whole) ? target.targets.map(() => whole) : whole;
    if (!isList(parts)) fail(`cannot take ${kindOf(value)} apart into ${target.targets.length} names`);
    if (parts.length !== target.targets.length) {
      fail(`cannot take ${parts.length} items apart into ${target.targets.length} names`);
    }
    target.targets.forEach((each, index) => assign(each, parts[index] ?? null, frame));
  }
}

/** Compiling inside a block: what it binds is gone after it. */
export function nested(into: Compiling, names: readonly string[], targets: readonly Target[] = []): Compiling {
  const bound = new Set([...into.bound, ...names]);
  for (const target of targets) namesOf(target, bound);
  return { ...into, bound };
}
