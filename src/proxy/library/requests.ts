// What is done with single requests: which rule they meet, how their paths are rewritten, whether they come too often.
import { VezaError } from '../../lib/errors.ts';
import type { FrontendConfig } from '../core/config/model.ts';
import { RateLimit } from '../core/handling/rate-limit.ts';
import { type PathRewrite, pathRewrite, type RewriteConfig } from '../core/handling/rewrite.ts';
import { incomingOf, type RequestFacts } from '../core/request-facts.ts';
import { compileRouter, type Router as Find } from '../core/routing.ts';
import type { Config } from './config.ts';

export type { RequestFacts } from '../core/request-facts.ts';

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
