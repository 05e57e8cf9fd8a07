// What is done with single requests: which rule they meet, how their paths are rewritten, whether they come too often.
import { VezaError } from '../../lib/errors.ts';
import { parseAddress } from '../core/address.ts';
import type { FrontendConfig } from '../core/config/model.ts';
import type { Incoming } from '../core/handling/incoming.ts';
import { RateLimit } from '../core/handling/rate-limit.ts';
import { type PathRewrite, pathRewrite, type RewriteConfig } from '../core/handling/rewrite.ts';
import { parseRequestHead } from '../core/http/request-head.ts';
import { compileRouter, type Router as Find } from '../core/routing.ts';
import type { Config } from './config.ts';

/** A request as rules look at it. */
export interface RequestFacts {
  readonly method?: string;
  readonly host: string;
  /** With the query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who is connected. */
  readonly source?: string;
  readonly scheme?: 'http' | 'https';
  /** The name that was asked for in the TLS handshake. */
  readonly sni?: string;
}

/** The rules of one frontend. */
export class Router {
  readonly #frontend: FrontendConfig;
  readonly #find: Find;

  /** Throws VezaError if the configuration has no such frontend. */
  constructor(config: Config, frontend: string) {
    const found = config.values.frontends.find(({ name }) => name === frontend);
    if (!found) throw new VezaError('unknown-frontend', `there is no frontend \`${frontend}\``);
    this.#frontend = found;
    this.#find = compileRouter(found.rules, found.ruleOrder);
  }

  /** The place of the rule that holds (-1: none) and the backend, if a backend answers. Throws VezaError for a bad request. */
  match(request: RequestFacts): { readonly rule: number; readonly backend: string | undefined } {
    const rule = this.#find(incomingOf(request, this.#frontend.name));
    const taken = this.#frontend.rules[rule];
    return { rule, backend: taken ? taken.backend : this.#frontend.defaultBackend };
  }
}

/** Judged by the same strict parser as requests of clients. */
function incomingOf(
  {
    method = 'GET',
    host,
    target,
    headers = {},
    source = '',
    sni,
    scheme = sni === undefined ? 'http' : 'https',
  }: RequestFacts,
  frontend: string,
): Incoming {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}`;
  const head = parseRequestHead(text, { headerBytes: 65_536, headers: 1000, uriBytes: 65_536 });
  if (head.refused) throw new VezaError('bad-request', `not a request: ${head.reason}`);
  const peer = parseAddress(source);
  return {
    head,
    peer,
    peerText: source,
    port: 0,
    client: source,
    scheme,
    tls: scheme === 'http' ? undefined : { sni: sni?.toLowerCase() ?? '', version: '', cipher: '', client: undefined },
    frontend,
    nowMs: 0,
    epochMs: 0,
    target,
    requestId: '',
  };
}

/** Changes paths, and maps what servers say about places back. */
export class Rewriter {
  readonly #rewrite: PathRewrite;

  constructor(rules: Partial<Omit<RewriteConfig, 'pathAndQuery' | 'query'>>) {
    const none = {
      stripPrefix: undefined,
      replacePrefix: undefined,
      regex: undefined,
      addPrefix: undefined,
      pathAndQuery: undefined,
      query: undefined,
      terraster: undefined,
    };
    this.#rewrite = pathRewrite({ ...none, location: true, ...rules });
  }

  /** The target for the server; undefined if there is no path left that could be asked for. */
  rewriteTarget(target: string): string | undefined {
    return this.#rewrite.target(target);
  }

  /**
   * A Location of the server in the client's terms. `authorities`: by which the server was addressed. `said`: the Host
   * of the request and the status of the response, which rules of terraster go by.
   */
  rewriteLocation(location: string, authorities: readonly string[], said = { host: '', status: 302 }): string {
    return this.#rewrite.location(
      location,
      authorities.map((authority) => authority.toLowerCase()),
      said,
    );
  }
}

/** Requests of a client in a time. A client over its limit costs others nothing. */
export class RateLimiter {
  readonly #limit: RateLimit;

  constructor(settings: { readonly requests: number; readonly perMs: number; readonly burst?: number }) {
    const { requests, perMs, burst = requests } = settings;
    this.#limit = new RateLimit({ requests, perMs, burst, key: 'source' });
  }

  /** Takes one request; 0, or after how many milliseconds there will be one. */
  take(client: string, nowMs = performance.now()): number {
    return this.#limit.take(client, nowMs);
  }

  allow(client: string, nowMs = performance.now()): boolean {
    return this.take(client, nowMs) === 0;
  }
}
