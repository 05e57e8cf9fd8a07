// Lines of a head or of trailers as the proxy writes them for HTTP/1 -> the fields that HTTP/2 has.
import { connectionFields } from './fields.ts';
import { trimmed } from './scan.ts';

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
