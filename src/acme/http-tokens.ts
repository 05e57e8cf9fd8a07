// http-01: the tokens under way, which a web server answers from. A server of many processes hands them to each.
import type { HttpChallenge } from './model.ts';

const acmeChallengePath = '/.well-known/acme-challenge/';

export class HttpTokens implements HttpChallenge {
  readonly #tokens = new Map<string, { readonly host: string; readonly keyAuthorization: string }>();

  present(host: string, token: string, keyAuthorization: string): void {
    this.#tokens.set(token, { host, keyAuthorization });
  }

  remove(_host: string, token: string): void {
    this.#tokens.delete(token);
  }

  /** How many are under way: where none is, no request needs to be looked at. */
  get size(): number {
    return this.#tokens.size;
  }

  /** The body (`text/plain`) for a path without query, or `null` where it is not ours to answer. */
  answer(path: string): string | null {
    if (!path.startsWith(acmeChallengePath)) return null;
    return this.#tokens.get(path.slice(acmeChallengePath.length))?.keyAuthorization ?? null;
  }
}
