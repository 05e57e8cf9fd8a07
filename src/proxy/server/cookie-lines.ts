// What the persistence cookie does to the header lines of a response.
import type { CookieConfig } from '../core/config/model.ts';
import { insertedCookie, withoutSetCookie } from '../core/http/cookie.ts';
import { markedSetCookie, persistenceValue } from '../core/http/persistence.ts';
import type { ResponseHead } from '../core/http/response-head.ts';
import type { ExchangeState } from './exchange-state.ts';
import type { ServerRuntime } from './runtime.ts';

/** Of Set-Cookie of that name only what the proxy lets through: none that it sets itself, others with the server in it. */
export function ownSetCookie(cookie: CookieConfig, fields: string, server: ServerRuntime): string {
  if (cookie.mode === 'insert') return withoutSetCookie(fields, cookie.name);
  return markedSetCookie(cookie, fields, server.config.cookie);
}

/**
 * Only a client that did not come with this server's cookie gets one, or whose cookie is old. A rule that names the server
 * binds nobody to it, as in HAProxy: its condition may be about this request only.
 */
export function cookieLine(exchange: ExchangeState, server: ServerRuntime, head: ResponseHead): string {
  const { config, cookie, cookieRenew, cookieSince, handling, incoming, head: request } = exchange;
  if (config.cookie?.mode !== 'insert' || handling.server === server.config.name) return '';
  const same = cookie === server.config.cookie;
  if (same && !cookieRenew) return '';
  const since = same ? cookieSince : 0;
  const value = persistenceValue(config.cookie, server.config.cookie, since, incoming.epochMs / 1000);
  return insertedCookie(config.cookie, value, head, { method: request.method, isTls: incoming.scheme === 'https' });
}
