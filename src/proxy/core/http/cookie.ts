// The persistence cookie, `insert indirect nocache`: found and taken out of requests, put into responses.
import type { CookieConfig } from '../config/model.ts';
import type { ResponseHead } from './response-head.ts';
import { trimmed } from './scan.ts';

export interface FoundCookie {
  /** Value of the first cookie of that name; undefined if there is none. */
  readonly value: string | undefined;
  /** The header without it; '' when nothing is left. */
  readonly rest: string;
}

/** Takes the cookie called `name`, if one is wanted, out of a Cookie header. */
export function takeCookie(header: string, name: string | undefined): FoundCookie {
  if (name === undefined || !header.includes(name)) return { value: undefined, rest: header };
  let value: string | undefined;
  const rest: string[] = [];
  for (const part of header.split(';')) {
    const crumb = trimmed(part, 0, part.length);
    const equals = crumb.indexOf('=');
    if (equals > 0 && crumb.slice(0, equals).trimEnd() === name)
      value ??= unquoted(crumb.slice(equals + 1).trimStart());
    else if (crumb !== '') rest.push(crumb);
  }
  return value === undefined ? { value, rest: header } : { value, rest: rest.join('; ') };
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** Value of one cookie, for hash keys. */
export function cookieValue(header: string, name: string): string | undefined {
  return takeCookie(header, name).value;
}

/** The Set-Cookie line for a server, and `Cache-Control: private` where a shared cache could keep it. */
export function insertedCookie(
  config: CookieConfig,
  value: string,
  head: ResponseHead,
  request: { readonly method: string; readonly isTls: boolean },
): string {
  const { method, isTls } = request;
  const attributes = isTls ? config.secureAttributes : config.attributes;
  const line = `Set-Cookie: ${config.name}=${value}; path=/${attributes}\r\n`;
  return isCacheable(head, method) ? `${line}Cache-Control: private\r\n` : line;
}

const cacheableStatuses = new Set([200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501]);

function isCacheable(head: ResponseHead, method: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (!cacheableStatuses.has(head.status) || /\b(?:private|no-store)\b/.test(head.cacheControl)) return false;
  return head.hasValidator || /\b(?:s-maxage|max-age|public)\b/.test(head.cacheControl);
}

/** Header lines without a Set-Cookie of that name, which only the proxy may set. */
export function withoutSetCookie(fields: string, name: string): string {
  if (!fields.includes(`${name}=`)) return fields;
  return fields
    .split('\r\n')
    .filter((line) => line !== '' && !new RegExp(`^set-cookie:[ \\t]*${escaped(name)}[ \\t]*=`, 'i').test(line))
    .map((line) => `${line}\r\n`)
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
