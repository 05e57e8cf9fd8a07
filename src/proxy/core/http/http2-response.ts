// Head and trailers of an HTTP/2 response -> the same as of HTTP/1, by the same parser: all that follows knows one kind.
import { connectionFields } from './fields.ts';
import { parseResponseHead, type ResponseHead } from './response-head.ts';

export interface ResponseStart {
  /** The request was HEAD. */
  readonly bodiless: boolean;
  /** Nothing follows the head. */
  readonly ended: boolean;
  readonly reasonOf: (status: number) => string;
}

/** `fields`: names and values in turn. Why it is refused as a string. */
export function readHttp2Response(fields: readonly string[], start: ResponseStart): ResponseHead | string {
  const status = fields[fields.indexOf(':status') + 1] ?? '';
  const head = parseResponseHead(
    `HTTP/1.1 ${status} ${start.reasonOf(Number(status))}\r\n${linesOf(fields)}`,
    start.bodiless,
  );
  if (typeof head === 'string') return head;
  if (start.ended && head.length > 0) return 'a body that does not come';
  if (head.length !== -2) return head;
  // Clients of HTTP/1 must be told: for them it would go on until the connection ends.
  if (start.ended) head.fields += 'Content-Length: 0\r\n';
  head.length = start.ended ? 0 : -1;
  return head;
}

/** Header or trailer lines; what belongs to a connection of HTTP/1 has no place in them. */
export function linesOf(fields: readonly string[]): string {
  let lines = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!name.startsWith(':') && !connectionFields.has(name)) lines += `${name}: ${fields[at + 1] ?? ''}\r\n`;
  }
  return lines;
}
