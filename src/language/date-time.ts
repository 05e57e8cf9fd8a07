// Points in time and differences of them, as Python's datetime has them: without a zone, names of days in English.
import { fail } from './budget.ts';
import { liveFunction, type LiveObject, liveObject } from './live.ts';
import { formatTime, parseTime } from './time-format.ts';
import { liveBrand, type Value } from './value.ts';
import { kindOf } from './values.ts';

/** `timeMs`: milliseconds since 1970 by the clock on the wall. */
export function dateTime(timeMs: number): LiveObject {
  const date = new Date(timeMs);
  if (Number.isNaN(date.getTime())) return fail('the point in time is out of range');
  const fields: Readonly<Record<string, () => Value>> = {
    year: () => date.getUTCFullYear(),
    month: () => date.getUTCMonth() + 1,
    day: () => date.getUTCDate(),
    hour: () => date.getUTCHours(),
    minute: () => date.getUTCMinutes(),
    second: () => date.getUTCSeconds(),
    microsecond: () => date.getUTCMilliseconds() * 1000,
  };
  const functions: Readonly<Record<string, (argument: Value) => Value>> = {
    strftime: (format) => formatTime(timeMs, textOrFail(format), 0),
    isoformat: (separator) => isoText(timeMs, typeof separator === 'string' ? separator : 'T'),
    weekday: () => (date.getUTCDay() + 6) % 7,
    isoweekday: () => date.getUTCDay() || 7,
    timestamp: () => timeMs / 1000,
    date: () => isoText(timeMs, ' ').slice(0, 10),
    time: () => isoText(timeMs, ' ').slice(11),
  };
  return {
    [liveBrand]: 'a point in time',
    attribute: (name) => memberOf(name, fields, functions),
    names: () => [...Object.keys(fields), ...Object.keys(functions)],
    text: isoText(timeMs, ' '),
    amount: timeMs,
    minus: (other) => {
      const right = liveObject(other);
      if (right?.amount === undefined) return fail(`cannot take ${kindOf(other)} from a point in time`);
      return right[liveBrand] === 'a point in time'
        ? timeDelta(timeMs - right.amount)
        : dateTime(timeMs - right.amount);
    },
  };
}

function timeDelta(differenceMs: number): LiveObject {
  const dayMs = 86_400_000;
  const days = Math.floor(differenceMs / dayMs);
  const restMs = differenceMs - days * dayMs;
  const fields: Readonly<Record<string, () => Value>> = {
    days: () => days,
    seconds: () => Math.floor(restMs / 1000),
    microseconds: () => (restMs % 1000) * 1000,
  };
  const functions = { total_seconds: (): Value => differenceMs / 1000 };
  const clock = new Date(restMs)
    .toISOString()
    .slice(11, 19)
    .replace(/^0(?=\d:)/, '');
  const fraction = restMs % 1000 === 0 ? '' : `.${String((restMs % 1000) * 1000).padStart(6, '0')}`;
  return {
    [liveBrand]: 'a difference of times',
    attribute: (name) => memberOf(name, fields, functions),
    names: () => [...Object.keys(fields), ...Object.keys(functions)],
    text: `${days === 0 ? '' : `${days} day${Math.abs(days) === 1 ? '' : 's'}, `}${clock}${fraction}`,
    amount: differenceMs,
  };
}

/** Text of a moment of the wall clock; `offset` is what local time is ahead of UTC, in minutes. */
export function dateTimeText(timeMs: number, format: string, offset: number): string {
  return formatTime(timeMs, format, offset);
}

/** Python's strptime. Throws `evaluation-failed`. */
export function readDateTime(text: string, format: string): LiveObject {
  return dateTime(parseTime(text, format));
}

function memberOf(
  name: string,
  fields: Readonly<Record<string, () => Value>>,
  functions: Readonly<Record<string, (argument: Value) => Value>>,
): Value | undefined {
  if (Object.hasOwn(fields, name)) return fields[name]?.();
  const run = Object.hasOwn(functions, name) ? functions[name] : undefined;
  return run && liveFunction(`the function '${name}' of a time`, ({ positional }) => run(positional[0] ?? null));
}

function isoText(timeMs: number, separator: string): string {
  const [day = '', clock = ''] = new Date(timeMs).toISOString().replace('Z', '').split('T');
  return day + separator + clock.replace(/\.000$/, '').replace(/(\.\d{3})$/, '$1000');
}

function textOrFail(value: Value): string {
  return typeof value === 'string' ? value : fail(`the format of a time is a text, not ${kindOf(value)}`);
}
