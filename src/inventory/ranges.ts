// Ranges in host names: `web[01:10]`, `db[a:f]`, `n[1:9:2]`, and products of several.
import { limits } from '../lib/limits.ts';

export type Expanded = { readonly names: readonly string[] } | { readonly problem: string };

/** All names that a pattern stands for; a name without ranges is itself. */
export function expandRanges(pattern: string): Expanded {
  const match = /^(.*?)\[([^\]]*)\](.*)$/.exec(pattern);
  if (!match) {
    const stray = /[[\]]/.test(pattern);
    return stray ? { problem: `the brackets of "${pattern}" do not match` } : { names: [pattern] };
  }
  const [, before = '', range = '', after = ''] = match;
  const values = valuesOf(range);
  if ('problem' in values) return values;
  const rest = expandRanges(after);
  if ('problem' in rest) return rest;
  if (values.names.length * rest.names.length > limits.inventoryHosts) {
    return { problem: `"${pattern}" stands for more than ${limits.inventoryHosts} hosts` };
  }
  return { names: values.names.flatMap((value) => rest.names.map((name) => before + value + name)) };
}

function valuesOf(range: string): Expanded {
  const [, first = '', last = '', stepText = '1'] = /^([^:]*):([^:]*)(?::([^:]*))?$/.exec(range) ?? [];
  const step = Number(stepText);
  if (!Number.isInteger(step) || step < 1) return { problem: `the step of the range [${range}] must be 1 or more` };
  if (/^\d*$/.test(first) && /^\d+$/.test(last)) return numbers(range, first === '' ? '0' : first, last, step);
  if (/^[A-Za-z]$/.test(first) && /^[A-Za-z]$/.test(last)) return letters(range, first, last, step);
  return { problem: `[${range}] is not a range such as [01:10] or [a:f]` };
}

function numbers(range: string, first: string, last: string, step: number): Expanded {
  const from = Number(first);
  const to = Number(last);
  if (from > to) return { problem: `the range [${range}] goes down` };
  if ((to - from) / step >= limits.inventoryHosts) return { problem: `the range [${range}] is too long` };
  // A leading zero says how many digits all have.
  const padded = first.startsWith('0') && first.length > 1;
  if (padded && first.length !== last.length) {
    return { problem: `the ends of the range [${range}] have different numbers of digits` };
  }
  const count = Math.floor((to - from) / step) + 1;
  const text = (value: number) => (padded ? String(value).padStart(first.length, '0') : String(value));
  return { names: Array.from({ length: count }, (_, index) => text(from + index * step)) };
}

function letters(range: string, first: string, last: string, step: number): Expanded {
  const from = first.charCodeAt(0);
  const to = last.charCodeAt(0);
  if (from > to || /[a-z]/.test(first) !== /[a-z]/.test(last)) {
    return { problem: `the range [${range}] does not go up within one alphabet` };
  }
  const count = Math.floor((to - from) / step) + 1;
  return { names: Array.from({ length: count }, (_, index) => String.fromCharCode(from + index * step)) };
}
