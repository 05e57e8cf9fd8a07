// Reads a listening address (`*:80`, `127.0.0.1:8080`, `[::1]:80`, `:80`, `unix:/run/x.sock`).
import { hostAndPort } from '../server-address.ts';
import type { Bind } from './model.ts';

/** The bind, or undefined if the text is not one. `*` and an empty host mean every address, IPv4 and IPv6. */
export function parseBind(text: string): Bind | undefined {
  if (text.startsWith('unix:/') || text.startsWith('/')) {
    const path = text.replace(/^unix:/, '');
    return { kind: 'unix', id: `unix:${path}`, path };
  }
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^[\]:\s]*)):([0-9]{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const named = match[1] ?? match[2] ?? '';
  const host = named === '' || named === '*' ? '::' : named;
  return { kind: 'tcp', id: hostAndPort(host, port), host, port };
}
