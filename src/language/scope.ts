// Where names come from: layers of variables, the last one winning. Templated variables are evaluated when asked for,
// once in each scope, with the whole scope, so that a variable may use others of any layer.
import { VezaError } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import type { Controller } from './controller.ts';
import type { Scope, Templated, Value, Variables } from './value.ts';

export type ScopeLayer =
  | { readonly kind: 'templated'; readonly variables: Variables }
  | { readonly kind: 'values'; readonly values: Readonly<Record<string, Value>> }
  | {
      readonly kind: 'lazy';
      get(name: string): Value | undefined;
      names(): Iterable<string>;
    };

/** Makes a scope; lowest precedence first. */
export function createScope(layers: readonly ScopeLayer[], controller?: Controller): Scope {
  return new LayeredScope(layers, controller);
}

/**
 * A scope with one more layer on top. Variables are evaluated anew in it, so that they see the layer.
 * Any other scope may be extended too: it becomes the lowest layer.
 */
export function extendScope(scope: Scope, layer: ScopeLayer): Scope {
  if (scope instanceof LayeredScope) return new LayeredScope([...scope.layers, layer], scope.controller);
  const base: ScopeLayer = { kind: 'lazy', get: (name) => scope.get(name), names: () => scope.names() };
  return new LayeredScope([base, layer], scope.controller);
}

class LayeredScope implements Scope {
  readonly layers: readonly ScopeLayer[];
  readonly controller?: Controller;
  readonly #known = new Map<string, Value>();
  /** Variables being evaluated now, outermost first. */
  readonly #evaluating: string[] = [];

  constructor(layers: readonly ScopeLayer[], controller: Controller | undefined) {
    this.layers = layers;
    if (controller) this.controller = controller;
  }

  get(name: string): Value | undefined {
    const value = this.#known.get(name);
    return value === undefined ? this.#find(name) : value;
  }

  names(): Iterable<string> {
    return new Set(this.layers.flatMap((layer) => [...namesOf(layer)]));
  }

  #find(name: string): Value | undefined {
    for (let index = this.layers.length - 1; index >= 0; index--) {
      const layer = this.layers[index] as ScopeLayer;
      if (layer.kind === 'lazy') {
        // Not remembered: what it says may change between two questions.
        const value = layer.get(name);
        if (value !== undefined) return value;
      } else if (layer.kind === 'values') {
        const value = Object.hasOwn(layer.values, name) ? layer.values[name] : undefined;
        if (value !== undefined) return this.#remember(name, value);
      } else {
        const variable = layer.variables.get(name);
        if (variable) return this.#remember(name, this.#evaluate(name, variable));
      }
    }
    return undefined;
  }

  #remember(name: string, value: Value): Value {
    this.#known.set(name, value);
    return value;
  }

  #evaluate(name: string, variable: Templated): Value {
    const since = this.#evaluating.indexOf(name);
    if (since !== -1) {
      const chain = [...this.#evaluating.slice(since), name];
      throw new VezaError('variable-cycle', `the variable '${name}' refers to itself: ${chain.join(' -> ')}`, {
        where: variable.where,
        hint: 'give one of them another name',
      });
    }
    if (this.#evaluating.length >= limits.evaluationDepth) {
      throw new VezaError(
        'evaluation-limit',
        `variables refer to each other more than ${limits.evaluationDepth} deep`,
        {
          where: variable.where,
        },
      );
    }
    this.#evaluating.push(name);
    try {
      return variable.evaluate(this);
    } finally {
      this.#evaluating.pop();
    }
  }
}

function namesOf(layer: ScopeLayer): Iterable<string> {
  if (layer.kind === 'lazy') return layer.names();
  return layer.kind === 'values' ? Object.keys(layer.values) : layer.variables.keys();
}
