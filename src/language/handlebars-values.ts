// Values in Handlebars templates: paths, literals and helper calls, over a chain of contexts.
import { VezaError } from '../lib/errors.ts';
import { type Budget, located } from './budget.ts';
import { getAttribute, getItem } from './access.ts';
import { helpers } from './handlebars-helpers.ts';
import { type Callable, type Expression, type Path, placeOf, type Statement } from './handlebars-syntax.ts';
import { didYouMean } from '../lib/suggest.ts';
import type { Scope, Value, ValueMap } from './value.ts';
import { isList, isMap, isUndefined, isUnknown, mapOf, ownValue, undefinedValue } from './values.ts';

/** What `this` is, what is around it, and what `@index` and block parameters say. */
export interface Context {
  /** Null at the root, where names are variables. */
  readonly value: Value | null;
  readonly isRoot: boolean;
  readonly parent: Context | null;
  readonly named: ValueMap;
  readonly data: ValueMap;
  readonly scope: Scope;
}

export function scopeContext(scope: Scope): Context {
  return { value: null, isRoot: true, parent: null, named: {}, data: {}, scope };
}

/** The context inside a block; its parameters are visible in blocks within. */
export function itemContext(
  value: Value,
  parent: Context,
  parameters: readonly string[] | undefined,
  data: ValueMap = {},
): Context {
  const [first, second] = parameters ?? [];
  const named = {
    ...parent.named,
    ...(first === undefined ? {} : { [first]: value }),
    ...(second === undefined ? {} : { [second]: data['key'] ?? null }),
  };
  return { value, isRoot: false, parent, named, data: { ...parent.data, ...data }, scope: parent.scope };
}

/** Handlebars' truth: an empty list is false, an empty map is true. */
export function handlebarsTruth(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  return isUndefined(value) ? false : Boolean(value);
}

export class HandlebarsValues {
  readonly #file: string;
  readonly #scope: Scope;
  readonly #budget: Budget;
  /** Undefined values that are whole variables, not attributes. */
  readonly #missingVariables = new WeakSet();

  constructor(file: string, scope: Scope, budget: Budget) {
    this.#file = file;
    this.#scope = scope;
    this.#budget = budget;
  }

  /** A helper call, or the value of a path. */
  call(node: Callable, context: Context): Value {
    const { path, params, hash } = node;
    const pairs = hash?.pairs ?? [];
    if (path.type !== 'PathExpression') return this.expression(path, context);
    const name = (path as Path).original;
    if (params.length === 0 && pairs.length === 0) return this.#path(path as Path, context);
    const helper = helpers.get(name);
    if (!helper) {
      const hint = didYouMean(name, helpers.keys());
      const details = { where: placeOf(node, this.#file), ...(hint === null ? {} : { hint }) };
      throw new VezaError('unknown-helper', `there is no helper '${name}'`, details);
    }
    const evaluate = (each: hbs.AST.Expression): Value =>
      helper.lenient === 'all' ? this.expression(each, context) : this.#argument(each, context, helper.lenient);
    const args = params.map(evaluate);
    const named = mapOf(pairs.map(({ key, value }) => [key, evaluate(value)] as const));
    try {
      return helper.run(args, named, { scope: this.#scope, budget: this.#budget, where: placeOf(node, this.#file) });
    } catch (error) {
      throw located(error, placeOf(node, this.#file));
    }
  }

  /** Any expression; undefined where the variable is missing. */
  expression(node: hbs.AST.Expression, context: Context): Value {
    const expression = node as Expression;
    switch (expression.type) {
      case 'PathExpression':
        return this.#path(expression, context);
      case 'SubExpression':
        return this.call(expression, context);
      case 'StringLiteral':
      case 'NumberLiteral':
      case 'BooleanLiteral':
        return expression.value;
      case 'NullLiteral':
      case 'UndefinedLiteral':
        return null;
      default:
        return expression satisfies never;
    }
  }

  /** As a condition: a missing attribute is null, a missing variable is an error, because it may be a typing error. */
  lenient(node: hbs.AST.Expression, context: Context): Value {
    return this.#argument(node, context, 'attributes');
  }

  /** The context of a partial: the one here or the one given, with the named values on top. */
  partialContext(node: Statement & { type: 'PartialStatement' }, context: Context): Context {
    const [given] = node.params;
    // Parsers of Handlebars leave the hash out where there is none.
    const hash = node.hash as hbs.AST.Hash | undefined;
    const named = mapOf((hash?.pairs ?? []).map(({ key, value }) => [key, this.expression(value, context)] as const));
    const base = given ? itemContext(this.#argument(given, context, 'none'), context, []) : context;
    return { ...base, named: { ...base.named, ...named } };
  }

  #argument(node: hbs.AST.Expression, context: Context, lenient: 'none' | 'attributes'): Value {
    const value = this.expression(node, context);
    if (!isUndefined(value)) return value;
    return lenient === 'attributes' && !this.#missingVariables.has(value) ? null : value;
  }

  #path(path: Path, start: Context): Value {
    const where = placeOf(path, this.#file);
    const parts = path.parts.map(String);
    const name = path.original;
    if (path.data) return this.#data(parts, start, name, where);
    let context = start;
    for (let depth = path.depth; depth > 0; depth--) {
      if (!context.parent) throw new VezaError('template-syntax', `'${name}' goes out too far`, { where });
      context = context.parent;
    }
    const isScoped = path.depth > 0 || /^(?:this\b|\.)/.test(name);
    const [first, ...rest] = parts;
    if (first === undefined) {
      if (!context.isRoot) return context.value;
      throw new VezaError('template-syntax', `'${name}' is all variables here`, { where, hint: 'name one of them' });
    }
    const parameter = isScoped ? undefined : ownValue(start.named, first);
    let value = parameter === undefined ? this.#own(context, first, where) : parameter;
    let at = first;
    for (const part of rest) {
      at += `.${part}`;
      const found = step(value, part, at, where);
      if (isUndefined(found) && isUndefined(value) && this.#missingVariables.has(value)) {
        this.#missingVariables.add(found);
      }
      value = found;
    }
    return value;
  }

  #own(context: Context, name: string, where: ReturnType<typeof placeOf>): Value {
    if (!context.isRoot) return step(context.value, name, name, where);
    const value = context.scope.get(name);
    if (value !== undefined) return value;
    const missing = undefinedValue(name, where, () => context.scope.names());
    this.#missingVariables.add(missing);
    return missing;
  }

  #data(parts: readonly string[], context: Context, name: string, where: ReturnType<typeof placeOf>): Value {
    const [first = '', ...rest] = parts;
    const base =
      first === 'root'
        ? this.#own(scopeContext(this.#scope), rest.shift() ?? '', where)
        : (ownValue(context.data, first) ??
          undefinedValue(name, where, () => ['@index', '@key', '@first', '@last', '@root']));
    return rest.reduce<Value>((value, part) => step(value, part, name, where), base);
  }
}

function step(value: Value, part: string, path: string, where: ReturnType<typeof placeOf>): Value {
  if (isUnknown(value) || isUndefined(value) || isMap(value)) return getAttribute(value, part, path, where);
  if (isList(value) && part === 'length') return value.length;
  return /^\d+$/.test(part) ? getItem(value, Number(part), path, where) : getAttribute(value, part, path, where);
}
