// The target of a request as all see it, whatever form it came in.

/**
 * In absolute form it goes on as path and Host, with HAProxy as it is. Without a path OPTIONS asks about the whole server
 * (RFC 9112, 3.2.4), which others take for its root.
 */
export function commonTarget(method: string, target: string): string {
  const path = target.replace(/^https?:\/\/[^/?]*(?=[/?]|$)/i, '');
  if (method === 'OPTIONS' && (path === '' || path === '/')) return '*';
  return path.startsWith('/') || path === '*' ? path : `/${path}`;
}
