// Names that every expression knows: functions, and `omit`. Variables of the same name win.
import { VezaError } from '../lib/errors.ts';
import { fail } from './budget.ts';
import {
  type Args,
  type Call,
  flagArgument,
  type GlobalFunction,
  integerArgument,
  mapArgument,
  textArgument,
} from './callable.ts';
import { controllerOf } from './controller.ts';
import { cycler, joiner } from './cycler.ts';
import { dateTime, dateTimeText } from './date-time.ts';
import { joinedResults, runLookup } from './lookups/index.ts';
import { keyText, textOf } from './text.ts';
import type { Value } from './value.ts';
import { isList, isUnknown, mapOf, omit, undefinedValue } from './values.ts';

const lookupSignature = { parameters: ['plugin'], required: 1, rest: true, named: true, keepsUnknown: true } as const;

const functions: Readonly<Record<string, GlobalFunction>> = {
  range: { parameters: ['start', 'stop', 'step'], required: 1, makesNew: true, run: range },
  dict: { parameters: ['pairs'], named: true, keepsUnknown: true, makesNew: true, run: mapOfPairs },
  namespace: { parameters: ['pairs'], named: true, keepsUnknown: true, makesNew: true, run: mapOfPairs },
  lookup: { ...lookupSignature, run: (args, call) => lookup(args, call, flag(call, 'wantlist')) },
  query: { ...lookupSignature, run: (args, call) => lookup(args, call, true) },
  q: { ...lookupSignature, run: (args, call) => lookup(args, call, true) },
  undef: {
    parameters: ['hint'],
    run: ([hint], { budget, where }) => {
      const said = textArgument(hint ?? undefined, 'it has no value on purpose: set it', budget);
      return { ...undefinedValue('a value that must be overridden', where, () => []), hint: said };
    },
  },
  now: { parameters: ['utc', 'fmt'], run: now },
  cycler: { parameters: [], rest: true, run: (args) => cycler(args as readonly Value[]) },
  joiner: { parameters: ['sep'], run: ([separator], { budget }) => joiner(textArgument(separator, ', ', budget)) },
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

function mapOfPairs([pairs]: Args, { named }: Call): Value {
  return { ...(pairs === undefined ? {} : mapFrom(pairs)), ...named };
}

/** A map from a map or from a list of pairs. */
function mapFrom(value: Value): Readonly<Record<string, Value>> {
  if (!isList(value)) return mapArgument(value, 'expected a map or a list of pairs');
  return mapOf(
    value.map((pair) => {
      if (!isList(pair) || pair.length !== 2) return fail('expected a list of pairs');
      const [key = null, part = null] = pair;
      return [keyText(key), part] as const;
    }),
  );
}

/** The controller's time; with `fmt` as a text. */
function now([utc, format]: Args, { scope, budget }: Call): Value {
  const controller = controllerOf(scope, 'the time');
  const timeMs = controller.now();
  const offset = flagArgument(utc, false) ? 0 : controller.zoneOffset(timeMs);
  const local = timeMs + offset * 60_000;
  if (format === undefined || format === null || format === '') return dateTime(local);
  return dateTimeText(local, textOf(format, budget), offset);
}

/** `errors='ignore'` (or 'warn') makes nothing of what cannot be found: '' or, as a list, []. */
function lookup([plugin, ...terms]: Args, call: Call, asList: boolean): Value {
  const { wantlist: _wantlist, errors, ...options } = call.named;
  if (isUnknown(plugin)) return plugin;
  try {
    const name = textOf(plugin ?? null, call.budget);
    const found = runLookup(name, terms as readonly Value[], options, call.scope, call.budget);
    return isUnknown(found) || asList ? found : joinedResults(found);
  } catch (error) {
    const ignores = errors === 'ignore' || errors === 'warn';
    if (ignores && error instanceof VezaError && error.code !== 'unknown-lookup') return asList ? [] : '';
    throw error;
  }
}

function flag({ named }: Call, name: string): boolean {
  return Object.hasOwn(named, name) && named[name] === true;
}
