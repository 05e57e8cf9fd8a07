// Names that every expression knows: functions, and `omit`. Variables of the same name win.
import { messageOf, VezaError } from '../lib/errors.ts';
import { fail } from './budget.ts';
import { type Args, type Call, type GlobalFunction, integerArgument, mapArgument, textArgument } from './callable.ts';
import { didYouMean } from '../lib/suggest.ts';
import { keyText, textOf } from './text.ts';
import type { Value } from './value.ts';
import { isList, mapOf, omit } from './values.ts';

const lookupSignature = { parameters: ['plugin'], required: 1, rest: true, named: true } as const;

const functions: Readonly<Record<string, GlobalFunction>> = {
  range: { parameters: ['start', 'stop', 'step'], required: 1, makesNew: true, run: range },
  dict: {
    parameters: ['pairs'],
    named: true,
    keepsUnknown: true,
    makesNew: true,
    run: ([pairs], { named }) => ({ ...(pairs === undefined ? {} : mapFrom(pairs)), ...named }),
  },
  namespace: {
    parameters: ['pairs'],
    named: true,
    keepsUnknown: true,
    makesNew: true,
    run: ([pairs], { named }) => ({ ...(pairs === undefined ? {} : mapFrom(pairs)), ...named }),
  },
  lookup: { ...lookupSignature, run: (args, call) => lookup(args, call, flag(call, 'wantlist')) },
  query: { ...lookupSignature, run: (args, call) => lookup(args, call, true) },
  q: { ...lookupSignature, run: (args, call) => lookup(args, call, true) },
  undef: {
    parameters: ['hint'],
    run: ([hint], { budget }) => fail(textArgument(hint, 'undefined on purpose', budget)),
  },
};

export const globals: {
  readonly functions: ReadonlyMap<string, GlobalFunction>;
  readonly values: ReadonlyMap<string, Value>;
} = { functions: new Map(Object.entries(functions)), values: new Map<string, Value>([['omit', omit]]) };

function range([first, second, third]: Args, { budget }: Call): Value {
  const start = second === undefined ? 0 : integerArgument(first, 0);
  const stop = integerArgument(second ?? first, 0);
  const step = integerArgument(third, 1);
  if (step === 0) fail('the step of a range cannot be 0');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  budget.spend(length);
  return Array.from({ length }, (_, index) => start + index * step);
}

/** A map from a map or from a list of pairs. */
export function mapFrom(value: Value): Readonly<Record<string, Value>> {
  if (!isList(value)) return mapArgument(value, 'expected a map or a list of pairs');
  return mapOf(
    value.map((pair) => {
      if (!isList(pair) || pair.length !== 2) return fail('expected a list of pairs');
      const [key = null, part = null] = pair;
      return [keyText(key), part] as const;
    }),
  );
}

function lookup([plugin, ...terms]: Args, call: Call, asList: boolean): Value {
  const name = textOf(plugin ?? null, call.budget).replace(/^ansible\.builtin\./, '');
  const { wantlist: _wantlist, errors, default: fallback, ...others } = call.named;
  const [strange] = Object.keys(others);
  if (strange !== undefined) fail(`the lookup '${name}' has no option '${strange}' here`);
  const found = read(name, terms as readonly Value[], call, errors === 'ignore', fallback);
  return asList && !isList(found) ? (found === null ? [] : [found]) : found;
}

function read(
  name: string,
  terms: readonly Value[],
  call: Call,
  ignoresErrors: boolean,
  fallback: Value | undefined,
): Value {
  try {
    if (name === 'vars') return lookupVariables(terms, call, fallback);
    if (!call.scope.lookup) fail(`there is no controller to look up '${name}' on`);
    const found = call.scope.lookup(name, terms);
    return fallback !== undefined && (found === '' || found === null) ? fallback : found;
  } catch (error) {
    if (ignoresErrors && error instanceof VezaError) return null;
    if (error instanceof VezaError) throw error;
    throw new VezaError('lookup-failed', `the lookup '${name}' failed: ${messageOf(error)}`, { cause: error });
  }
}

function lookupVariables(terms: readonly Value[], { scope, budget }: Call, fallback: Value | undefined): Value {
  const values = terms.map((term) => {
    const name = textOf(term, budget);
    const value = scope.get(name);
    if (value !== undefined) return value;
    if (fallback !== undefined) return fallback;
    const hint = didYouMean(name, scope.names());
    throw new VezaError('undefined-variable', `'${name}' is undefined`, hint === null ? {} : { hint });
  });
  return values.length === 1 ? (values[0] ?? null) : values;
}

function flag({ named }: Call, name: string): boolean {
  return Object.hasOwn(named, name) && named[name] === true;
}
