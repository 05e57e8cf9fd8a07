// strftime and strptime of the C library, in the C locale.
import { fail } from './budget.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const dayMs = 86_400_000;

type Field = (date: Date, offset: number) => readonly [value: number | string, width?: number, pad?: string];

const fields: Readonly<Record<string, Field>> = {
  Y: (date) => [date.getUTCFullYear()],
  C: (date) => [Math.floor(date.getUTCFullYear() / 100), 2],
  y: (date) => [date.getUTCFullYear() % 100, 2],
  m: (date) => [date.getUTCMonth() + 1, 2],
  d: (date) => [date.getUTCDate(), 2],
  e: (date) => [date.getUTCDate(), 2, ' '],
  H: (date) => [date.getUTCHours(), 2],
  k: (date) => [date.getUTCHours(), 2, ' '],
  I: (date) => [date.getUTCHours() % 12 || 12, 2],
  l: (date) => [date.getUTCHours() % 12 || 12, 2, ' '],
  M: (date) => [date.getUTCMinutes(), 2],
  S: (date) => [date.getUTCSeconds(), 2],
  f: (date) => [date.getUTCMilliseconds() * 1000, 6],
  j: (date) => [dayOfYear(date) + 1, 3],
  u: (date) => [date.getUTCDay() || 7],
  w: (date) => [date.getUTCDay()],
  U: (date) => [Math.floor((dayOfYear(date) + 7 - date.getUTCDay()) / 7), 2],
  W: (date) => [Math.floor((dayOfYear(date) + 7 - ((date.getUTCDay() + 6) % 7)) / 7), 2],
  V: (date) => [isoWeek(date).week, 2],
  G: (date) => [isoWeek(date).year],
  g: (date) => [isoWeek(date).year % 100, 2],
  a: (date) => [(days[date.getUTCDay()] ?? '').slice(0, 3)],
  A: (date) => [days[date.getUTCDay()] ?? ''],
  b: (date) => [(months[date.getUTCMonth()] ?? '').slice(0, 3)],
  h: (date) => [(months[date.getUTCMonth()] ?? '').slice(0, 3)],
  B: (date) => [months[date.getUTCMonth()] ?? ''],
  p: (date) => [date.getUTCHours() < 12 ? 'AM' : 'PM'],
  P: (date) => [date.getUTCHours() < 12 ? 'am' : 'pm'],
  s: (date, offset) => [Math.floor(date.getTime() / 1000) - offset * 60],
  z: (_date, offset) => [zone(offset)],
  Z: (_date, offset) => [offset === 0 ? 'UTC' : zone(offset)],
  n: () => ['\n'],
  t: () => ['\t'],
  '%': () => ['%'],
};

const shorthands: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
};

/** `timeMs` is by the clock on the wall, `offset` minutes ahead of UTC. What strftime does not know stays as it is. */
export function formatTime(timeMs: number, format: string, offset: number): string {
  const date = new Date(timeMs);
  if (Number.isNaN(date.getTime())) return fail('the point in time is out of range');
  const whole = format.replace(/%([cDFRrTxX])/g, (_, name: string) => shorthands[name] ?? '');
  return whole.replace(/%([-_0^]?)([A-Za-z%])/g, (written: string, flag: string, name: string) => {
    const found = Object.hasOwn(fields, name) ? fields[name]?.(date, offset) : undefined;
    if (!found) return written;
    const [value, width = 0, pad = '0'] = found;
    if (flag === '-') return String(value);
    const padded = String(value).padStart(width, flag === '_' ? ' ' : flag === '0' ? '0' : pad);
    return flag === '^' ? padded.toUpperCase() : padded;
  });
}

type Part = 'year' | 'short' | 'month' | 'day' | 'hour' | 'half' | 'minute' | 'second' | 'micro' | 'yearDay' | 'epoch';

const digits = (part: Part, length: string): readonly [string, Part] => [`(\\d{${length}})`, part];
const names = (list: readonly string[]): string => `(${list.join('|')})`;
const short = (list: readonly string[]): readonly string[] => list.map((name) => name.slice(0, 3));

const readers: Readonly<Record<string, readonly [pattern: string, part: Part | 'name' | 'noon' | 'ignored']>> = {
  Y: digits('year', '4'),
  y: digits('short', '2'),
  m: digits('month', '1,2'),
  d: digits('day', '1,2'),
  H: digits('hour', '1,2'),
  I: digits('half', '1,2'),
  M: digits('minute', '1,2'),
  S: digits('second', '1,2'),
  f: digits('micro', '1,6'),
  j: digits('yearDay', '1,3'),
  b: [names(short(months)), 'name'],
  B: [names(months), 'name'],
  a: [names(short(days)), 'ignored'],
  A: [names(days), 'ignored'],
  p: ['(AM|PM)', 'noon'],
  z: ['([+-]\\d{2}:?\\d{2}|Z)', 'ignored'],
  Z: ['(UTC|GMT)', 'ignored'],
};

/** Milliseconds since 1970 by the clock on the wall. Throws `evaluation-failed`. */
export function parseTime(text: string, format: string): number {
  const order: (Part | 'name' | 'noon' | 'ignored')[] = [];
  const whole = format.replace(/%([DFRTxX])/g, (_, name: string) => shorthands[name] ?? '');
  const pattern = whole.replace(
    /%(.)|([\\^$.*+?()[\]{}|])|\s+/gs,
    (written: string, name?: string, special?: string) => {
      if (special !== undefined) return `\\${special}`;
      if (name === undefined) return '\\s+';
      if (name === '%') return '%';
      const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
      if (!reader) return fail(`'${written}' cannot be read from a text`);
      order.push(reader[1]);
      return reader[0];
    },
  );
  const match = new RegExp(`^${pattern}$`, 'i').exec(text);
  if (!match) return fail(`'${text}' does not look like '${format}'`, 'give the format: to_datetime("%Y-%m-%d")');
  const parts: Partial<Record<Part, number>> = {};
  let noon = '';
  order.forEach((part, index) => {
    const found = match[index + 1] ?? '';
    if (part === 'noon') noon = found.toUpperCase();
    else if (part === 'name')
      parts.month = short(months).findIndex((name) => name.toLowerCase() === found.slice(0, 3).toLowerCase()) + 1;
    else if (part === 'micro') parts.micro = Number(found.padEnd(6, '0'));
    else if (part !== 'ignored') parts[part] = Number(found);
  });
  return timeOf(parts, noon, text);
}

function timeOf(parts: Partial<Record<Part, number>>, noon: string, text: string): number {
  const { short: two, month = 1, day = 1, minute = 0, second = 0, micro = 0 } = parts;
  const year = parts.year ?? (two === undefined ? 1900 : two + (two < 69 ? 2000 : 1900));
  const half = parts.half === undefined ? undefined : (parts.half % 12) + (noon === 'PM' ? 12 : 0);
  const hour = parts.hour ?? half ?? 0;
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second, Math.floor(micro / 1000));
  const date = new Date(timeMs);
  const fits = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!fits) return fail(`'${text}' is no point in time`);
  return parts.yearDay === undefined ? timeMs : timeMs + (parts.yearDay - 1) * dayMs;
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs);
}

function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * dayMs);
  return { year: thursday.getUTCFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 };
}

function zone(offset: number): string {
  const minutes = Math.abs(offset);
  const text = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join('');
  return (offset < 0 ? '-' : '+') + text;
}
