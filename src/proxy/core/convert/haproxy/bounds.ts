// Numbers as patterns of HAProxy: `gt 100`, `ge 2 le 5`, `80 443`, `1024:65535`; any of them.

/** From the first number up to and with the last. */
export type Bounds = readonly [least: number, most: number];

/** Undefined where something else stands there. `numberOf` reads one number. */
export function boundsOf(
  values: readonly string[],
  numberOf: (text: string) => number | undefined = wholeNumber,
): readonly Bounds[] | undefined {
  const found: Bounds[] = [];
  let operator = 'eq';
  for (const value of values) {
    if (/^(?:eq|ge|gt|le|lt)$/.test(value)) {
      operator = value;
      continue;
    }
    const [from = '', to, ...others] = value.split(':');
    const [least, most] = [from === '' ? 0 : numberOf(from), to === '' ? Infinity : numberOf(to ?? from)];
    if (least === undefined || most === undefined || others.length > 0) return undefined;
    if (to !== undefined && operator !== 'eq') return undefined;
    found.push(to === undefined ? compared(operator, least) : [least, most]);
  }
  return found.length === 0 ? undefined : found;
}

function wholeNumber(text: string): number | undefined {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

function compared(operator: string, count: number): Bounds {
  switch (operator) {
    case 'ge':
      return [count, Infinity];
    case 'gt':
      return [count + 1, Infinity];
    case 'le':
      return [0, count];
    case 'lt':
      return [0, count - 1];
    default:
      return [count, count];
  }
}
