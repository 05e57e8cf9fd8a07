// Python's two ways to format: `'%s' % x` and `'{}'.format(x)`, with the conversions that people use.
import { type Budget, checkTextLength, fail } from './budget.ts';
import { getAttribute, getItem } from './access.ts';
import { numberText, reprOf, textOf } from './text.ts';
import type { Value, ValueMap } from './value.ts';
import { isList, isMap, isUndefined, kindOf, ownValue } from './values.ts';

const widthLimit = 10_000;

/** `'%s is %05d' % [a, b]`; a map gives names: `%(name)s`. */
export function formatPercent(template: string, args: Value, budget: Budget): string {
  const list = isList(args) ? args : [args];
  let next = 0;
  const result = template.replace(
    /%(?:\((\w+)\))?([-+ #0]*)(\d+|\*)?(?:\.(\d+))?([\s\S]?)/g,
    (
      _whole,
      name: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      type: string,
    ) => {
      if (type === '%') return '%';
      if (width === '*') fail("'*' as a width is not supported");
      let value: Value | undefined;
      if (name !== undefined) value = isMap(args) ? ownValue(args, name) : fail('the format needs a map');
      else value = list[next++];
      if (value === undefined) fail(name === undefined ? 'too few values for the format' : `no value for '${name}'`);
      return pad(percentValue(value, type, precision, flags, budget), Number(width ?? 0), flags);
    },
  );
  if (next < list.length && !isMap(args) && !/%\(/.test(template)) fail('too many values for the format');
  return result;
}

function percentValue(
  value: Value,
  type: string,
  precision: string | undefined,
  flags: string,
  budget: Budget,
): string {
  if (type === 's') return cut(textOf(value, budget), precision);
  if (type === 'r') return cut(reprOf(value, budget), precision);
  if ('diuxXofFeEgG'.includes(type) && type !== '') {
    return withSign(numeric(toNumber(value), type, precision), flags);
  }
  if (type === 'c') return typeof value === 'number' ? String.fromCodePoint(value) : textOf(value, budget);
  return fail(type === '' ? 'the format ends after %' : `unknown conversion '%${type}'`);
}

/** `'{} {name:>8} {0.a[b]}'.format(...)`. Attributes are own properties, as everywhere. */
export function formatBraces(template: string, args: readonly Value[], named: ValueMap, budget: Budget): string {
  let next = 0;
  const pattern = /\{\{|\}\}|\{([^{}:!]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}|[{}]/g;
  return template.replace(pattern, (whole, path?: string, conversion?: string, spec?: string) => {
    if (whole === '{{' || whole === '}}') return whole.charAt(0);
    if (path === undefined) fail(`single '${whole}' in the format`, `write '${whole}${whole}' for itself`);
    const [, head = '', rest = ''] = /^([^.[]*)(.*)$/s.exec(path) ?? [];
    let value: Value | undefined;
    if (head === '') value = args[next++];
    else value = /^\d+$/.test(head) ? args[Number(head)] : ownValue(named, head);
    if (value === undefined) fail(`no value for '{${head}}'`);
    for (const [, attribute, index] of rest.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
      value = attribute === undefined ? getItem(value, indexOf(index ?? '')) : getAttribute(value, attribute);
      if (isUndefined(value)) fail(`no value for '{${path}}'`);
    }
    if (conversion !== undefined && conversion !== 's') value = reprOf(value, budget);
    return formatSpec(value, spec ?? '', budget);
  });
}

function indexOf(text: string): Value {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function formatSpec(value: Value, spec: string, budget: Budget): string {
  const match = /^(?:([\s\S])?([<>=^]))?([+ -]?)#?(0?)(\d*)(,?)(?:\.(\d+))?([a-zA-Z%]?)$/.exec(spec);
  if (!match) fail(`unknown format '${spec}'`);
  const [, fill, align, sign = '', zero, width = '', comma, precision, type = ''] = match;
  let body: string;
  let isNumber = typeof value === 'number' || (typeof value === 'boolean' && type !== '');
  if (type === '' || type === 's') {
    body = cut(textOf(value, budget), isNumber ? undefined : precision);
    if (isNumber && precision !== undefined) body = numeric(toNumber(value), 'g', precision);
  } else if (type === '%') {
    body = `${(toNumber(value) * 100).toFixed(Number(precision ?? 6))}%`;
    isNumber = true;
  } else {
    body = numeric(toNumber(value), type, precision);
  }
  if (comma) body = body.replace(/\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ','));
  if (isNumber && sign !== '') body = withSign(body, sign);
  const missing = checkedWidth(Number(width)) - body.length;
  if (missing <= 0) return body;
  const filler = fill ?? (zero ? '0' : ' ');
  const how = align ?? (zero ? '=' : isNumber ? '>' : '<');
  if (how === '<') return body + filler.repeat(missing);
  if (how === '>') return filler.repeat(missing) + body;
  if (how === '=') return body.replace(/^[+-]?/, (written) => written + filler.repeat(missing));
  return filler.repeat(Math.floor(missing / 2)) + body + filler.repeat(Math.ceil(missing / 2));
}

function numeric(value: number, type: string, precision: string | undefined): string {
  const digits = Math.min(Number(precision ?? 6), 100);
  const whole = Math.trunc(value);
  switch (type) {
    case 'd':
    case 'i':
    case 'u':
      return numberText(whole).replace(/\d+/, (text) => text.padStart(precision === undefined ? 0 : digits, '0'));
    case 'x':
      return whole.toString(16);
    case 'X':
      return whole.toString(16).toUpperCase();
    case 'o':
      return whole.toString(8);
    case 'b':
      return whole.toString(2);
    case 'f':
    case 'F':
      return value.toFixed(digits);
    case 'e':
    case 'E': {
      const text = value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
      return type === 'E' ? text.toUpperCase() : text;
    }
    case 'g':
    case 'G': {
      const text = Number(value.toPrecision(Math.max(1, digits)));
      return numberText(text);
    }
    case 'c':
      return String.fromCodePoint(Math.min(Math.max(0, whole), 0x10ffff));
    default:
      return fail(`unknown format type '${type}'`);
  }
}

function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  const hint = typeof value === 'string' ? 'convert it: | int' : undefined;
  return fail(`the format needs a number, not ${kindOf(value)}`, hint);
}

function withSign(text: string, flags: string): string {
  if (text.startsWith('-')) return text;
  if (flags.includes('+')) return `+${text}`;
  return flags.includes(' ') ? ` ${text}` : text;
}

function pad(text: string, width: number, flags: string): string {
  checkedWidth(width);
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || !/^[+-]?\d/.test(text)) return text.padStart(width);
  return text.replace(/^[+-]?/, (sign) => sign + '0'.repeat(Math.max(0, width - text.length)));
}

function checkedWidth(width: number): number {
  if (width > widthLimit) fail(`a width of ${width} is too large`);
  checkTextLength(width);
  return width;
}

function cut(text: string, precision: string | undefined): string {
  return precision === undefined ? text : text.slice(0, Number(precision));
}
