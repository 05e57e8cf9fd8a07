// What a request asks for (RFC 9112, 3.2): a path, an absolute URI, `*`, or where a tunnel shall lead.
import type { RequestHead } from './request-head.ts';

/** Host of a URI with an optional port: a name, an IPv4 address or an IPv6 literal. */
export function isAuthority(text: string): boolean {
  return /^(?:[A-Za-z0-9._~%!$&'()*+;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/.test(text);
}

/** Puts the target into the form that all the rest knows, and the host that it names into the head. Returns why it cannot be. */
export function settleTarget(head: RequestHead, hasHost: boolean): string | undefined {
  return head.method === 'CONNECT' ? connectTarget(head) : normalizeTarget(head, hasHost);
}

/** Where the tunnel shall lead (RFC 9110, 9.3.6): a host and its port, which Host may leave out. */
function connectTarget(head: RequestHead): string | undefined {
  const { target } = head;
  const [, name = '', port = ''] = /^(.+):([0-9]{1,5})$/.exec(target) ?? [];
  if (!isAuthority(target) || Number(port) < 1 || Number(port) > 65_535) return 'malformed target';
  const host = head.host.toLowerCase();
  if (host !== '' && host !== target.toLowerCase() && host !== name.toLowerCase()) return 'target and Host differ';
  if (head.length !== 0) return 'a tunnel with a body';
  head.host = target;
  head.connects = true;
  head.expectContinue = false;
  return undefined;
}

function normalizeTarget(head: RequestHead, hasHost: boolean): string | undefined {
  const { target } = head;
  if (target.charCodeAt(0) === 0x2f) return undefined;
  if (target === '*') return head.method === 'OPTIONS' ? undefined : 'malformed target';
  const match = /^https?:\/\/([^/?]+)(.*)$/i.exec(target);
  const authority = match?.[1] ?? '';
  if (!match || !isAuthority(authority)) return 'malformed target';
  if (hasHost && authority.toLowerCase() !== head.host.toLowerCase()) return 'target and Host differ';
  const rest = match[2] ?? '';
  head.host = authority;
  // Without a path OPTIONS asks about the server as a whole (RFC 9112, 3.2.4).
  if (rest === '' && head.method === 'OPTIONS') head.target = '*';
  else head.target = rest.startsWith('/') ? rest : `/${rest}`;
  return undefined;
}
