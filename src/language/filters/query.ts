// `json_query`: JMESPath over data. The language is that of Python's jmespath, which Ansible uses; what the library has
// beyond it (variables, arithmetic, more functions) is refused, so that a playbook means the same in both.
import { compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import { messageOf, VezaError } from '../../lib/errors.ts';
import { type Budget, fail } from '../budget.ts';
import type { Filter } from '../callable.ts';
import type { Value } from '../value.ts';
import { isList, isMap, kindOf, used } from '../values.ts';

export const queryFilters: Readonly<Record<string, Filter>> = {
  json_query: {
    parameters: ['expr'],
    required: 1,
    run: (value, [query], { budget }) => search(value, query, budget),
  },
};

type Query = ReturnType<typeof compile>;

/** https://jmespath.org/specification.html#built-in-functions */
const functions: ReadonlySet<string> = new Set(
  (
    'abs avg ceil contains ends_with floor join keys length map max max_by merge min min_by not_null reverse sort sort_by ' +
    'starts_with sum to_array to_number to_string type values'
  ).split(' '),
);
const beyond: ReadonlySet<string> = new Set([
  'Arithmetic',
  'Binding',
  'LetExpression',
  'Root',
  'Ternary',
  'Unary',
  'Variable',
]);

function search(value: Value, query: Value | undefined, budget: Budget): Value {
  const text = typeof query === 'string' ? query : fail(`json_query needs a text, not ${kindOf(query ?? null)}`);
  let compiled: Query;
  try {
    compiled = compile(text, { enable_legacy_literals: true });
  } catch (error) {
    return fail(`the query "${text}" is no JMESPath: ${messageOf(error)}`);
  }
  const size = new Measure(budget);
  const data = size.dataOf(value);
  // A list of expressions makes its input that many times as large; piped into the next one, the product of both.
  budget.spend(size.parts * (wideningOf(compiled) - 1));
  try {
    return valueOf(TreeInterpreter.search(compiled, data), budget);
  } catch (error) {
    if (error instanceof VezaError) throw error;
    return fail(`the query "${text}" fails: ${messageOf(error)}`);
  }
}

/** Checks that a query is in the language; how many times as large as its input its result can be. */
function wideningOf(node: unknown): number {
  if (Array.isArray(node)) return node.reduce<number>((product, part) => product * wideningOf(part), 1);
  if (typeof node !== 'object' || node === null || !('type' in node)) return 1;
  const { type, name, children } = node as { type: string; name?: string; children?: readonly unknown[] };
  if (beyond.has(type)) fail(`json_query has no ${type.toLowerCase()} expressions`);
  if (type === 'Function' && !functions.has(name ?? '')) fail(`json_query has no function "${name ?? ''}"`);
  // The value of a literal is data, not a part of the query.
  if (type === 'Literal') return 1;
  const own = type.startsWith('MultiSelect') ? Math.max(1, children?.length ?? 0) : 1;
  return own * wideningOf(Object.values(node));
}

/** Values as the library's data. Without a prototype: a query finds keys and nothing else. */
class Measure {
  parts = 0;
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  dataOf(given: Value): JSONValue {
    this.parts += 1;
    this.#budget.spend(1);
    const value = used(given);
    if (isList(value)) return value.map((part) => this.dataOf(part));
    if (isMap(value)) {
      const entries = Object.entries(value).map(([key, part]) => [key, this.dataOf(part)] as const);
      return Object.assign(Object.create(null) as Record<string, JSONValue>, Object.fromEntries(entries));
    }
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return value;
    return fail(`json_query takes data, not ${kindOf(value)}`);
  }
}

/** What the library found, as data of our own; whatever is no data (it knows `undefined`) is null. */
function valueOf(found: unknown, budget: Budget): Value {
  budget.spend(1);
  if (Array.isArray(found)) return found.map((part) => valueOf(part, budget));
  if (typeof found === 'object' && found !== null)
    return Object.fromEntries(Object.entries(found).map(([key, part]) => [key, valueOf(part, budget)]));
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? found : null;
}
