// Handlebars templates (.hbs). Handlebars parses; the tree is walked here and never compiled to code, so that
// unknown values flow, every error has a place, and nothing but own properties of plain data can be reached.
// Strict: a missing variable is an error. No HTML escaping.
import { Budget, checkTextLength, located } from './budget.ts';
import { limits } from '../lib/limits.ts';
import { VezaError } from '../lib/errors.ts';
import { type Context, HandlebarsValues, handlebarsTruth, itemContext, scopeContext } from './handlebars-values.ts';
import {
  parseHandlebars,
  type Path,
  placeOf,
  type Program,
  type Statement,
  type SubExpression,
} from './handlebars-syntax.ts';
import { didYouMean } from '../lib/suggest.ts';
import { numberText } from './text.ts';
import type { Scope, Value } from './value.ts';
import { isList, isMap, isUnknown, kindOf, ownValue, type Unknown, used } from './values.ts';

/** Texts of partials by the name that templates use. */
export type Partials = Readonly<Record<string, string>>;

/**
 * Renders a template. Throws VezaError with the place: `template-syntax`, `undefined-variable`, `evaluation-failed`.
 * Unknown if anything printed or decided upon is unknown.
 */
export function renderHandlebars(
  text: string,
  file: string,
  variables: Scope,
  partials: Partials = {},
): string | Unknown {
  const renderer = new Renderer(file, variables, partials, new Budget());
  try {
    return renderer.program(parseHandlebars(text, file), scopeContext(variables));
  } catch (error) {
    if (error instanceof StoppedByUnknown) return error.unknown;
    throw withHandlebarsHint(located(error, { file, line: 1, column: 1 }));
  }
}

/** Hints about filters do not help here. */
function withHandlebarsHint(error: unknown): unknown {
  if (!(error instanceof VezaError) || error.code !== 'undefined-variable' || !error.where) return error;
  const hint = error.hint?.replace(/: (.*) \| default\(\.\.\.\)$/, ': {{default $1 "..."}}');
  return new VezaError(error.code, error.message, { where: error.where, ...(hint === undefined ? {} : { hint }) });
}

/** Unwinds the walk; never leaves renderHandlebars. */
class StoppedByUnknown extends Error {
  readonly unknown: Unknown;

  constructor(unknown: Unknown) {
    super(unknown.reason);
    this.unknown = unknown;
  }
}

class Renderer {
  readonly #file: string;
  readonly #scope: Scope;
  readonly #partials: Partials;
  readonly #budget: Budget;
  readonly #values: HandlebarsValues;
  #depth = 0;

  constructor(file: string, scope: Scope, partials: Partials, budget: Budget) {
    this.#file = file;
    this.#scope = scope;
    this.#partials = partials;
    this.#budget = budget;
    this.#values = new HandlebarsValues(file, scope, budget);
  }

  program(program: Program | undefined, context: Context): string {
    let text = '';
    for (const statement of program?.body ?? []) {
      this.#budget.spend(1);
      try {
        text += this.#statement(statement as Statement, context);
        checkTextLength(text.length);
      } catch (error) {
        throw located(error, placeOf(statement, this.#file));
      }
    }
    return text;
  }

  #statement(node: Statement, context: Context): string {
    switch (node.type) {
      case 'ContentStatement':
        return node.value;
      case 'CommentStatement':
        return '';
      case 'MustacheStatement':
        return this.#print(this.#values.call(node, context));
      case 'BlockStatement':
        return this.#block(node, context);
      case 'PartialStatement':
        return this.#partial(node, context);
      case 'PartialBlockStatement':
      case 'Decorator':
      case 'DecoratorBlock':
        throw new VezaError('template-syntax', 'partial blocks, inline partials and decorators are not supported', {
          hint: 'put the partial into a file of its own',
        });
      default:
        return node satisfies never;
    }
  }

  #print(found: Value): string {
    const value = this.#known(used(found));
    if (value === null) return '';
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return numberText(value);
    if (typeof value === 'boolean') return String(value);
    const hint = isList(value) ? 'print it with {{join list ", "}} or {{json list}}' : 'print it with {{json map}}';
    throw new VezaError('evaluation-failed', `cannot print ${kindOf(value)}`, { hint });
  }

  #block(node: Statement & { type: 'BlockStatement' }, context: Context): string {
    const name = node.path.original;
    const [subject] = node.params;
    const otherwise = (): string => this.program(node.inverse, context);
    if (name === 'if' || name === 'unless') {
      if (!subject) throw new VezaError('template-syntax', `'${name}' needs a condition`);
      const holds = handlebarsTruth(this.#known(used(this.#values.lenient(subject, context))));
      return holds === (name === 'if') ? this.program(node.program, context) : otherwise();
    }
    if (name === 'each' || name === 'with') {
      if (!subject) throw new VezaError('template-syntax', `'${name}' needs a value`);
      const value = this.#known(used(this.#values.expression(subject, context)));
      if (name === 'each') return this.#each(value, node, context);
      if (!handlebarsTruth(value)) return otherwise();
      return this.program(node.program, itemContext(value, context, node.program.blockParams));
    }
    const value = this.#known(used(this.#values.call(node, context)));
    if (isList(value)) return this.#each(value, node, context);
    if (!handlebarsTruth(value)) return otherwise();
    return this.program(node.program, isMap(value) ? itemContext(value, context, []) : context);
  }

  #each(value: Value, node: Statement & { type: 'BlockStatement' }, context: Context): string {
    const entries: readonly (readonly [Value, Value])[] = isList(value)
      ? value.map((item, index) => [index, item])
      : isMap(value)
        ? Object.entries(value)
        : [];
    if (!isList(value) && !isMap(value) && value !== null) {
      throw new VezaError('evaluation-failed', `'each' needs a list or a map, not ${kindOf(value)}`);
    }
    if (entries.length === 0) return this.program(node.inverse, context);
    const texts = entries.map(([key, item], index) => {
      const data = { index, key, first: index === 0, last: index === entries.length - 1 };
      return this.program(node.program, itemContext(item, context, node.program.blockParams, data));
    });
    checkTextLength(texts.reduce((sum, text) => sum + text.length, 0));
    return texts.join('');
  }

  #partial(node: Statement & { type: 'PartialStatement' }, context: Context): string {
    const name = this.#partialName(node.name, context);
    const text = ownValue(this.#partials, name);
    if (typeof text !== 'string') {
      const hint = didYouMean(name, Object.keys(this.#partials));
      throw new VezaError('unknown-partial', `there is no partial '${name}'`, hint === null ? {} : { hint });
    }
    if (++this.#depth > limits.evaluationDepth / 4) {
      throw new VezaError('evaluation-limit', `the partial '${name}' includes itself without end`);
    }
    const rendered = this.#includes(name, text, this.#values.partialContext(node, context));
    this.#depth -= 1;
    return node.indent === '' ? rendered : rendered.replace(/^(?!$)/gm, node.indent);
  }

  #partialName(node: Path | SubExpression, context: Context): string {
    if (node.type === 'PathExpression') return node.original;
    const name = this.#known(used(this.#values.expression(node, context)));
    if (typeof name === 'string') return name;
    throw new VezaError('evaluation-failed', `the name of a partial must be a text, not ${kindOf(name)}`);
  }

  #includes(name: string, text: string, context: Context): string {
    const inner = new Renderer(name, this.#scope, this.#partials, this.#budget);
    inner.#depth = this.#depth;
    return inner.program(parseHandlebars(text, name), context);
  }

  #known(value: Value): Value {
    if (isUnknown(value)) throw new StoppedByUnknown(value);
    return value;
  }
}
