// What follows a redirect: RFC 9110, section 15.4.
import type { HttpResponse } from '../../core/module.ts';

export type RedirectPolicy = 'all' | 'safe' | 'none';

export interface RequestStep {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array;
}

/** The next request; null where the answer is to be taken as it is. */
export function redirectOf(step: RequestStep, response: HttpResponse, policy: RedirectPolicy): RequestStep | null {
  const { status, headers } = response;
  const { location } = headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status) || policy === 'none') return null;
  const isSafe = step.method === 'GET' || step.method === 'HEAD';
  if (policy === 'safe' && !isSafe) return null;
  if (!URL.canParse(location, step.url)) return null;
  const next = new URL(location, step.url);
  if (next.protocol !== 'http:' && next.protocol !== 'https:') return null;
  const keepsMethod = isSafe || status === 307 || status === 308;
  const sameOrigin = next.origin === new URL(step.url).origin;
  const dropped = new Set([
    // Credentials are for the server that they were given for.
    ...(sameOrigin ? [] : ['authorization', 'cookie']),
    'host',
    ...(keepsMethod ? [] : ['content-type', 'content-length']),
  ]);
  return {
    url: next.href,
    method: keepsMethod ? step.method : 'GET',
    headers: Object.fromEntries(Object.entries(step.headers).filter(([name]) => !dropped.has(name.toLowerCase()))),
    ...(keepsMethod && step.body && { body: step.body }),
  };
}
