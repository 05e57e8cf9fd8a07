// Tests of registered results: `result is changed`.
import { fail } from '../budget.ts';
import type { ValueTest } from '../callable.ts';
import { not } from '../comparison.ts';
import { truth } from '../operators.ts';
import type { Value } from '../value.ts';
import { isMap, kindOf, ownValue, type Unknown } from '../values.ts';

export const resultTests: Readonly<Record<string, ValueTest>> = {
  changed: result((value) => flag(value, 'changed')),
  change: result((value) => flag(value, 'changed')),
  failed: result((value) => flag(value, 'failed')),
  failure: result((value) => flag(value, 'failed')),
  succeeded: result((value) => not(flag(value, 'failed'))),
  success: result((value) => not(flag(value, 'failed'))),
  successful: result((value) => not(flag(value, 'failed'))),
  skipped: result((value) => flag(value, 'skipped')),
  skip: result((value) => flag(value, 'skipped')),
  unreachable: result((value) => flag(value, 'unreachable')),
  reachable: result((value) => not(flag(value, 'unreachable'))),
  finished: result((value) => flag(value, 'finished')),
  started: result((value) => flag(value, 'started')),
  timedout: result((value) => flag(value, 'timedout')),
};

function result(holds: (value: Value) => boolean | Unknown): ValueTest {
  return { parameters: [], keepsUnknown: true, run: holds };
}

function flag(value: Value, name: string): boolean | Unknown {
  if (!isMap(value)) return fail(`expected the result of a task, got ${kindOf(value)}`, 'name what `register` names');
  return truth(ownValue(value, name) ?? false);
}
