// Values of the expression language: plain data of YAML and JSON, plus unknown and undefined.
// Own properties of plain objects and arrays only; nothing here ever reaches a prototype.
import type { Unknown } from '../core/unknown.ts';
import type { Position } from '../lib/diagnostic.ts';

export type Value = null | boolean | number | string | readonly Value[] | ValueMap | Unknown | Undefined | Live;

export interface ValueMap {
  readonly [key: string]: Value;
}

/** A name that has no value; an error wherever it is used, except in `is defined`, `default` and the like. */
export interface Undefined {
  readonly undefinedName: string;
  readonly [undefinedBrand]: true;
}

export const undefinedBrand: unique symbol = Symbol('undefined');

/** Something of a running template that is no data: a macro, a loop, an imported template, a point in time. See live.ts. */
export interface Live {
  /** What people call it. */
  readonly [liveBrand]: string;
}

export const liveBrand: unique symbol = Symbol('live');

/** Where names come from. Variables are evaluated when they are asked for, once. */
export interface Scope {
  /** `undefined` where nobody defines the name. Throws EvaluationError for a variable that refers to itself. */
  get(name: string): Value | undefined;
  /** All names, for near-name suggestions. */
  names(): Iterable<string>;
  /** `lookup(plugin, ...)`: reads something on the controller. Throws VezaError; absent where there is no controller (tests). */
  lookup?(plugin: string, terms: readonly Value[]): Value;
}

/** A compiled expression; compiled once, evaluated for each host. */
export interface Expression {
  readonly source: string;
  readonly where: Position;
  /** Free names, for static checks. */
  readonly names: readonly string[];
  /** Throws VezaError (`undefined-variable`, `evaluation-failed`, ...) with the place. May return unknown, never Undefined. */
  evaluate(scope: Scope): Value;
}

/**
 * A value of a user's YAML whose strings may hold `{{ }}`; compiled once. A string that is exactly one
 * `{{ expression }}` keeps the expression's type. A constant evaluates to itself.
 */
export interface Templated {
  readonly where: Position;
  readonly constant: boolean;
  readonly names: readonly string[];
  /** As Expression.evaluate; inside lists and maps unknown parts stay unknown parts. Keys whose value is `omit` are left out. */
  evaluate(scope: Scope): Value;
  /** The value as written. */
  readonly raw: unknown;
}

export type Variables = ReadonlyMap<string, Templated>;
