// The key that `balance: hash` hashes, taken out of a request.
import type { HashConfig } from '../config/model.ts';
import { cookieValue } from '../http/cookie.ts';
import { fieldValue } from '../http/scan.ts';

export interface KeySource {
  readonly target: string;
  readonly fields: string;
  readonly cookie: string;
  readonly host: string;
}

/** The key, or undefined if the request has none. `clientAddress` is the key of `source`. */
export function hashKeyOf(config: HashConfig, request: KeySource, clientAddress: string): string | undefined {
  const { target } = request;
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  switch (config.key) {
    case 'uri':
      return limitDepth(config.whole ? target : path, config.depth);
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
      return clientAddress;
    default:
      return config.key satisfies never;
  }
}

/** The first `depth` segments, counted as HAProxy does: by slashes behind the first. */
function limitDepth(text: string, depth: number): string {
  if (depth === 0) return text;
  let slashes = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) === 0x2f && slashes++ === depth) return text.slice(0, at);
  }
  return text;
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
