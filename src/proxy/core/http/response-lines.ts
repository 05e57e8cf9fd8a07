// Text of a response head as the proxy writes it for HTTP/1 -> what HTTP/2 needs of it.
import { connectionFields } from './fields.ts';
import { trimmed } from './scan.ts';

/** Status and fields of a head; fields that come more than once have a list. */
export interface ResponseFields {
  readonly status: number;
  readonly fields: Record<string, string | string[]>;
}

/** `text`: the status line and the lines of the head, without the empty one at its end. */
export function readResponseLines(text: string): ResponseFields {
  const first = text.indexOf('\r\n');
  return { status: Number(text.slice(9, 12)), fields: readLines(first < 0 ? '' : text.slice(first + 2)) };
}

/** Header or trailer lines as fields, with names in lower case. */
export function readLines(lines: string): Record<string, string | string[]> {
  // No prototype: a server may well send a header `__proto__`.
  const fields = Object.create(null) as Record<string, string | string[]>;
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf('\r\n', at);
    const stop = end < 0 ? lines.length : end;
    const colon = lines.indexOf(':', at);
    if (colon > at && colon < stop) {
      const name = lines.slice(at, colon).toLowerCase();
      const value = trimmed(lines, colon + 1, stop);
      const before = fields[name];
      if (connectionFields.has(name)) {
        // These are about an HTTP/1 connection.
      } else if (before === undefined) fields[name] = value;
      else if (typeof before === 'string') fields[name] = [before, value];
      else before.push(value);
    }
    at = stop + 2;
  }
  return fields;
}
