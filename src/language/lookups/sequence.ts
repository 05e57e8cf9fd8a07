// `lookup('sequence', ...)`: numbers in a row, written `start-end/stride:format` or as `start=1 end=5`.
import { fail } from '../budget.ts';
import { numberArgument } from '../callable.ts';
import { formatPercent } from '../format.ts';
import type { Value, ValueMap } from '../value.ts';
import type { LookupCall } from './index.ts';
import { readPairs } from './pairs.ts';

export const sequenceOptions = ['start', 'end', 'count', 'stride', 'format'];

export function sequence(terms: readonly Value[], call: LookupCall): readonly Value[] {
  const all = terms.length === 0 ? [{}] : terms;
  return all.flatMap((term) => numbers({ ...read(term), ...call.options }, call));
}

function read(term: Value): ValueMap {
  if (typeof term === 'number') return { end: term };
  if (typeof term === 'object' && term !== null) return term as ValueMap;
  const text = String(term);
  const [, start, end, stride, format] =
    /^(?:(0?x?[0-9a-f]+)\s*-)?\s*(0?x?[0-9a-f]+)\s*(?:\/\s*(-?(?:0x)?[0-9a-f]+))?\s*(?::(.+))?$/i.exec(text) ?? [];
  if (end === undefined) return readPairs('sequence', text, sequenceOptions).options;
  return {
    end: integerOf(end),
    ...(start !== undefined && { start: integerOf(start) }),
    ...(stride !== undefined && { stride: integerOf(stride) }),
    ...(format !== undefined && { format }),
  };
}

function numbers(options: ValueMap, { budget }: LookupCall): readonly Value[] {
  const number = (name: string): number | undefined => {
    const value = options[name];
    if (value === undefined) return undefined;
    const whole = typeof value === 'string' ? integerOf(value) : numberArgument(value, 0, name);
    return Number.isInteger(whole) ? whole : fail(`'${name}' of a sequence is a whole number`);
  };
  const strange = Object.keys(options).find((name) => !sequenceOptions.includes(name));
  if (strange !== undefined) fail(`a sequence has no '${strange}'`, `it has ${sequenceOptions.join(', ')}`);
  const [start = 1, count, stride = 1] = [number('start'), number('count'), number('stride')];
  const last = number('end');
  if (count !== undefined && last !== undefined) fail("a sequence has 'end' or 'count', not both");
  if (count === undefined && last === undefined) fail("a sequence needs 'end' or 'count'");
  if (count === 0 || stride === 0) return [];
  const end = last ?? start + stride * ((count ?? 0) - 1);
  if (stride > 0 && end < start) fail('to count backwards make the stride negative');
  if (stride < 0 && end > start) fail('to count forwards make the stride positive');
  const length = Math.floor((end - start) / stride) + 1;
  budget.spend(length * 4);
  const format = typeof options['format'] === 'string' ? options['format'] : '%d';
  return Array.from({ length }, (_, index) => formatPercent(format, start + index * stride, budget));
}

function integerOf(text: string): number {
  const [, sign = '', digits = ''] = /^(-?)(.*)$/.exec(text.trim()) ?? [];
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return Number.isInteger(value) ? (sign ? -value : value) : fail(`'${text}' is not a whole number`);
}
