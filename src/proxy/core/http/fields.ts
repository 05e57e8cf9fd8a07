// Small readers of single header values that requests and responses share.
import { trimmed } from './scan.ts';

/** Of one connection of HTTP/1: HTTP/2 has no place for them (RFC 9113, 8.2.2). */
export const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Appends the lower-case elements of a comma-separated list. */
export function splitTokens(value: string, to: string[]): void {
  // What nearly all say.
  if (value === 'keep-alive' || value === 'close') {
    to.push(value);
    return;
  }
  const lower = value.toLowerCase();
  if (!lower.includes(',')) {
    if (lower !== '') to.push(lower);
    return;
  }
  for (const part of lower.split(',')) {
    const token = trimmed(part, 0, part.length);
    if (token !== '') to.push(token);
  }
}

/** 0 if the only coding is chunked; 501 for known codings before it; 400 for anything else. */
export function readTransferEncoding(value: string): 0 | 400 | 501 {
  const lower = value.toLowerCase();
  if (lower === 'chunked') return 0;
  return /^(?:(?:gzip|x-gzip|deflate|compress|x-compress)[ \t]*,[ \t]*)+chunked$/.test(lower) ? 501 : 400;
}

/** Seconds of `Keep-Alive: timeout=N`, or -1. */
export function keepAliveTimeoutSeconds(value: string): number {
  const match = /(?:^|[,\s])timeout=([0-9]{1,6})/i.exec(value);
  return match ? Number(match[1]) : -1;
}
