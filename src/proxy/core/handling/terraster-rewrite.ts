// Paths as terraster rewrites them (`rewrite: { mode: terraster }`), rule by rule, also where one would do it otherwise:
// `rewrite: /` makes `//x` of `/x`, and the path of a server's URL is only looked at, never put in front.
import { pathOf, queryOf } from './incoming.ts';
import type { PathRewrite, RewriteConfig, Said } from './rewrite.ts';

export class TerrasterRewrite implements PathRewrite {
  readonly #prefix: string;
  readonly #to: string | undefined;
  readonly #strips: boolean;

  constructor({ prefix = '/', to, serverPath = '/' }: NonNullable<RewriteConfig['terraster']>) {
    this.#prefix = prefix;
    this.#to = to === undefined || to === '' ? undefined : withSlash(to);
    const [location, server] = [clean(prefix), clean(serverPath)];
    this.#strips = location === '/' || server === '/' || location !== server;
  }

  target(target: string): string {
    if (!target.startsWith('/') || !this.#strips) return target;
    const path = pathOf(target);
    if (this.#prefix === '/' && path === '/' && this.#to === undefined) return target;
    const rest = path.startsWith(this.#prefix) ? path.slice(this.#prefix.length) : path;
    const trimmed = rest.startsWith('/') ? rest : `/${rest}`;
    return (this.#to ?? '') + trimmed + queryOf(target);
  }

  /** Only redirects that name the server; they name the client's host afterwards. */
  location(location: string, asked: readonly string[], { host, status }: Said): string {
    const [, scheme = '', authority = '', rest = ''] = /^(https?:\/\/)([^/?#]*)(.*)$/i.exec(location) ?? [];
    if (status < 300 || status > 399 || scheme === '' || !asked.includes(authority.toLowerCase())) return location;
    const isBack = this.#strips && this.#to === undefined && this.#prefix !== '/';
    return `${scheme}${host}${isBack ? clean(this.#prefix) : ''}${rest}`;
  }
}

/** `v2/` -> `/v2`; `/` stays. */
function withSlash(to: string): string {
  const path = to.startsWith('/') ? to : `/${to}`;
  return path === '/' ? path : path.replace(/\/$/, '');
}

/** Without double slashes and one at the end. */
function clean(path: string): string {
  const found = `/${path}`.replaceAll(/\/+/g, '/').replace(/\/$/, '');
  return found === '' ? '/' : found;
}
