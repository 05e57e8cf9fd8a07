// Filters on numbers.
import { fail } from '../budget.ts';
import { type Args, elements, type Filter, flagArgument, integerArgument, numberArgument } from '../callable.ts';
import { order } from '../comparison.ts';
import { numberText } from '../text.ts';
import type { Value } from '../value.ts';
import { isUnknown, orElse } from '../values.ts';

export const numberFilters: Readonly<Record<string, Filter>> = {
  int: { parameters: ['default', 'base'], run: toInteger },
  float: {
    parameters: ['default'],
    run: (value, [fallback = 0]) => {
      if (typeof value === 'number') return value;
      if (typeof value === 'boolean') return Number(value);
      return typeof value === 'string' ? (parseFloatText(value) ?? fallback) : fallback;
    },
  },
  abs: { parameters: [], run: (value) => Math.abs(numberArgument(strict(value), 0)) },
  round: { parameters: ['precision', 'method'], run: round },
  sum: {
    parameters: ['attribute', 'start'],
    run: (value, [attribute, start], call) => {
      const parts = attribute === undefined ? value : call.filter('map', value, [], { attribute });
      return elements(parts, call.budget).reduce<number>(
        (total, part) => total + numberArgument(strict(part), 0, 'each part'),
        numberArgument(start, 0),
      );
    },
  },
  min: extreme((sign) => sign < 0),
  max: extreme((sign) => sign > 0),
  pow: { parameters: ['y'], required: 1, run: (value, [y]) => numberArgument(value, 0) ** numberArgument(y, 1) },
  root: { parameters: ['base'], run: (value, [base]) => nthRoot(numberArgument(value, 0), numberArgument(base, 2)) },
  log: { parameters: ['base'], run: (value, [base]) => logarithm(numberArgument(value, 0), base) },
  human_readable: { parameters: ['isbits', 'unit'], run: humanReadable },
  filesizeformat: { parameters: ['binary'], run: (value, [binary]) => fileSize(value, flagArgument(binary, false)) },
  human_to_bytes: { parameters: ['default_unit', 'isbits'], run: humanToBytes },
};

function strict(value: Value): Value {
  return typeof value === 'string' ? fail('expected a number, got a text', 'convert it: | int') : value;
}

function toInteger(value: Value, [fallback = 0, base]: Args): Value {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : fallback;
  if (typeof value !== 'string') return fallback;
  const radix = integerArgument(base, 10);
  const text = value.trim().replaceAll('_', '').toLowerCase();
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const prefix = { 16: '0x', 8: '0o', 2: '0b' }[radix];
  const digits = prefix && body.startsWith(prefix) ? body.slice(2) : body;
  if (isDigits(digits, radix)) {
    const parsed = Number.parseInt(digits, radix);
    return sign === '-' ? 0 - parsed : parsed;
  }
  const float = parseFloatText(value);
  return float === null || !Number.isFinite(float) ? fallback : Math.trunc(float);
}

function isDigits(text: string, radix: number): boolean {
  return /^[0-9a-z]+$/.test(text) && Array.from(text).every((digit) => Number.parseInt(digit, 36) < radix);
}

function parseFloatText(text: string): number | null {
  const trimmed = text.trim().replaceAll('_', '');
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) return Number(trimmed);
  const special = /^([+-]?)(?:inf|infinity)$/i.exec(trimmed);
  return special ? (special[1] === '-' ? -Infinity : Infinity) : null;
}

function round(value: Value, [precision, method = 'common']: Args): Value {
  const number = numberArgument(strict(value), 0);
  const digits = integerArgument(precision, 0);
  const scale = 10 ** digits;
  switch (method) {
    case 'ceil':
      return Math.ceil(number * scale) / scale;
    case 'floor':
      return Math.floor(number * scale) / scale;
    case 'common':
      return roundEven(number, digits);
    default:
      return fail("the method of round is 'common', 'ceil' or 'floor'");
  }
}

/** Python's round: ties to even, decided on the exact binary value. */
function roundEven(number: number, digits: number): number {
  if (!Number.isFinite(number) || digits > 15) return number;
  if (digits < 0) return roundEven(number * 10 ** digits, 0) * 10 ** -digits;
  const rounded = Number(number.toFixed(digits));
  // toFixed shows the exact value; a 5 with nothing behind it is a tie.
  const [head = '', tail = ''] = splitAt(Math.abs(number).toFixed(digits + 25), -25);
  if (!/^50*$/.test(tail)) return rounded + 0;
  return /[02468]\.?$/.test(head) ? Math.sign(number) * Number(head) + 0 : rounded;
}

function splitAt(text: string, index: number): readonly string[] {
  return [text.slice(0, index), text.slice(index)];
}

function extreme(better: (sign: number) => boolean): Filter {
  return {
    parameters: ['case_sensitive', 'attribute'],
    run(value, [caseSensitive, attribute], call) {
      const list = elements(value, call.budget);
      const keys = attribute === undefined ? list : elements(call.filter('map', list, [], { attribute }), call.budget);
      const folds = !flagArgument(caseSensitive, false);
      const key = (index: number): Value => {
        const found = keys[index] ?? null;
        return folds && typeof found === 'string' ? found.toLowerCase() : found;
      };
      let best = 0;
      for (let index = 1; index < list.length; index++) {
        const sign = order(key(index), key(best), call.budget);
        if (isUnknown(sign)) return sign;
        if (better(sign)) best = index;
      }
      return orElse(list[best], () => call.missing('the extreme of an empty list'));
    },
  };
}

function nthRoot(number: number, base: number): number {
  if (base === 2) return Math.sqrt(number);
  return base === 3 ? Math.cbrt(number) : number ** (1 / base);
}

function logarithm(number: number, base: Value | undefined): number {
  if (base === undefined) return Math.log(number);
  const by = numberArgument(base, Math.E);
  if (by === 10) return Math.log10(number);
  return by === 2 ? Math.log2(number) : Math.log(number) / Math.log(by);
}

const unitLetters: readonly string[] = ['Y', 'Z', 'E', 'P', 'T', 'G', 'M', 'K'];

function humanReadable(value: Value, [isBits, unit]: Args): string {
  const number = numberArgument(value, 0);
  const bits = flagArgument(isBits, false);
  const base = bits ? 'bits' : 'Bytes';
  const wanted = typeof unit === 'string' ? unit.toUpperCase() : null;
  const letter = unitLetters.find((each, index) => {
    return wanted ? wanted.startsWith(each) : number >= 1024 ** (unitLetters.length - index);
  });
  if (letter === undefined) return `${number.toFixed(2)} ${base}`;
  const size = 1024 ** (unitLetters.length - unitLetters.indexOf(letter));
  return `${(number / size).toFixed(2)} ${letter}${bits ? 'b' : 'B'}`;
}

function humanToBytes(value: Value, [unit, isBits]: Args): number {
  const text = typeof value === 'string' ? value : typeof value === 'number' ? numberText(value) : '';
  const match = /^\s*(\d*\.?\d*)\s*([A-Za-z]+)?\s*$/.exec(text);
  if (!match?.[1]) return fail(`cannot read '${text}' as a size`, "for instance '10M' or '1.5 GB'");
  const letters = (match[2] ?? (typeof unit === 'string' ? unit : 'B')).toUpperCase();
  const power = unitLetters.indexOf(letters.charAt(0));
  if (power === -1 && !/^(?:B|BYTES?|BITS?)$/.test(letters)) return fail(`there is no unit '${letters}'`);
  if (flagArgument(isBits, false) && /B$/.test(match[2] ?? '')) return fail(`'${text}' is not in bits`);
  const factor = power === -1 ? 1 : 1024 ** (unitLetters.length - power);
  return Math.round(Number(match[1]) * factor);
}

function fileSize(value: Value, binary: boolean): string {
  const number = numberArgument(value, 0);
  const base = binary ? 1024 : 1000;
  if (number === 1) return '1 Byte';
  if (number < base) return `${Math.trunc(number)} Bytes`;
  const units = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'].map((letter) =>
    binary ? `${letter.toUpperCase()}iB` : `${letter}B`,
  );
  let power = 1;
  while (power < units.length && number >= base ** (power + 1)) power++;
  return `${(number / base ** power).toFixed(1)} ${units[power - 1] ?? ''}`;
}
