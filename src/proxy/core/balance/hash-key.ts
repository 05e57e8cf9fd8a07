// What a hash policy hashes, taken out of a request, and its number. HAProxy's numbers: the same key, the same server.
import { type Address, isIpv4, networkOf } from '../address.ts';
import type { HashConfig, KeyConfig } from '../config/model.ts';
import { cookieValue } from '../http/cookie.ts';
import { fieldValue } from '../http/scan.ts';
import { sdbm } from './hash-ring.ts';

export interface KeySource {
  readonly target: string;
  readonly fields: string;
  readonly cookie: string;
  readonly host: string;
}

/** The number, or undefined if the request has no key. `client` is the key of `source`. */
export function hashOf(config: HashConfig, request: KeySource, client: Address | undefined): number | undefined {
  if (config.key === 'source') return client && addressHash(client, config.ipv4Prefix, config.ipv6Prefix);
  const key = hashKeyOf(config, request);
  return key === undefined ? undefined : sdbm(key);
}

/** The 32-bit words of an address, one upon the other: one word of IPv4, four of IPv6. */
function addressHash(address: Address, ipv4Prefix: number, ipv6Prefix: number): number {
  const network = networkOf(address, ipv4Prefix, ipv6Prefix);
  let hash = 0;
  for (let index = isIpv4(address) ? 6 : 0; index < 8; index += 2) {
    hash ^= ((network[index] ?? 0) << 16) | (network[index + 1] ?? 0);
  }
  return hash >>> 0;
}

/** The key as text; none of `source`. */
export function hashKeyOf(config: KeyConfig, request: KeySource): string | undefined {
  const { target } = request;
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  switch (config.key) {
    case 'uri':
      return limited(config.whole ? target : path, config.len, config.depth);
    case 'path-segment':
      return path.split('/')[config.index] || undefined;
    case 'path-regex':
      return patternOf(config.pattern).exec(path)?.[1];
    case 'header':
      return config.name.toLowerCase() === 'host'
        ? request.host
        : fieldValue(request.fields, config.name.toLowerCase());
    case 'query':
      return question < 0 ? undefined : queryValue(target.slice(question + 1), config.name);
    case 'cookie':
      return cookieValue(request.cookie, config.name);
    case 'source':
      return undefined;
    default:
      return config.key satisfies never;
  }
}

/** The first `len` bytes, and of these the first `depth` segments, counted as HAProxy does: by slashes behind the first. */
function limited(text: string, len: number, depth: number): string {
  const short = len === 0 ? text : text.slice(0, len);
  if (depth === 0) return short;
  let slashes = 0;
  for (let at = 0; at < short.length; at += 1) {
    if (short.charCodeAt(at) === 0x2f && slashes++ === depth) return short.slice(0, at);
  }
  return short;
}

function queryValue(query: string, name: string): string | undefined {
  const pair = query.split('&').find((part) => part.startsWith(name) && part.charCodeAt(name.length) === 0x3d);
  return pair?.slice(name.length + 1);
}

const patterns = new Map<string, RegExp>();

/** Patterns come from the configuration only, so the cache is bounded by it. */
function patternOf(source: string): RegExp {
  const known = patterns.get(source);
  if (known) return known;
  const pattern = new RegExp(source);
  patterns.set(source, pattern);
  return pattern;
}
