// Durations and addresses as HAProxy writes them.

/** A duration in our words; a bare number is in milliseconds. Undefined if it is none. */
export function durationOf(text: string): string | undefined {
  const match = /^([0-9]+)(us|ms|s|m|h|d)?$/.exec(text);
  if (!match) return undefined;
  const count = Number(match[1]);
  if (match[2] !== undefined) return text;
  return count % 1000 === 0 && count > 0 ? `${count / 1000}s` : `${count}ms`;
}

/** `*:80`, `:80`, `10.0.0.1:80,10.0.0.2:80`, `:::80`, `/run/x.sock`, `*:8000-8003` -> ours; undefined if it is none. */
export function bindsOf(text: string): string[] | undefined {
  const found = text.split(',').map(oneBind);
  return found.every((each) => each !== undefined) ? found.flat() : undefined;
}

function oneBind(given: string): string[] | undefined {
  const text = given.replace(/^(?:ipv4|ipv6|tcp|tcp4|tcp6|unix|uxst|uxdg)@/, '');
  if (text.startsWith('/')) return [`unix:${text}`];
  if (/^(?:abns|fd|sockpair|quic[46]?|rhttp)@/.test(given)) return undefined;
  const match = /^(.*?):([0-9]+)(?:-([0-9]+))?$/.exec(text);
  if (!match) return undefined;
  const [, named = '', from = '', to = from] = match;
  const bare = named.replace(/^\[|\]$/g, '');
  // HAProxy's `*` is IPv4 only.
  const host =
    bare === '' || bare === '*'
      ? given.startsWith('ipv6@')
        ? '[::]'
        : '0.0.0.0'
      : bare.includes(':')
        ? `[${bare}]`
        : bare;
  if (Number(to) - Number(from) > 100 || Number(to) < Number(from)) return undefined;
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${host}:${Number(from) + index}`);
}

/** Host and port of a server, or `unix:/path`; `port` undefined where HAProxy takes that of the client. */
export function addressOf(given: string): { readonly address: string; readonly port: number | undefined } | undefined {
  const text = given.replace(/^(?:ipv4|ipv6|tcp|tcp4|tcp6)@/, '');
  const path = /^(?:unix@)?(\/.*)$/.exec(given)?.[1];
  if (path !== undefined) return { address: `unix:${path}`, port: undefined };
  if (/^[a-z0-9+]+@/.test(text)) return undefined;
  const match =
    /^\[([^\]]+)\](?::([0-9]+))?$/.exec(text) ?? /^([^:]+)(?::([0-9]+))?$/.exec(text) ?? /^(.+):([0-9]+)$/.exec(text);
  if (!match?.[1]) return undefined;
  return { address: match[1], port: match[2] === undefined ? undefined : Number(match[2]) };
}
