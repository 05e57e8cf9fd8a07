// Changes the path that servers see, and maps what they say about places back.
import { pathOf, queryOf } from './incoming.ts';

export interface RewriteConfig {
  readonly stripPrefix: string | undefined;
  readonly replacePrefix: { readonly from: string; readonly to: string } | undefined;
  readonly regex: { readonly pattern: string; readonly to: string } | undefined;
  readonly addPrefix: string | undefined;
  /** Map Location of responses back. */
  readonly location: boolean;
}

export class Rewrite {
  readonly #config: RewriteConfig;
  readonly #pattern: RegExp | undefined;

  constructor(config: RewriteConfig) {
    this.#config = config;
    this.#pattern = config.regex && new RegExp(config.regex.pattern);
  }

  /** The target for servers; undefined if what a regular expression made of it is no path. */
  target(target: string): string | undefined {
    if (!target.startsWith('/')) return target;
    const { stripPrefix, replacePrefix, regex, addPrefix } = this.#config;
    let path = pathOf(target);
    if (stripPrefix !== undefined) path = swap(path, stripPrefix, '');
    if (replacePrefix) path = swap(path, replacePrefix.from, replacePrefix.to);
    if (regex && this.#pattern) path = path.replace(this.#pattern, regex.to);
    if (addPrefix !== undefined) path = `${bare(addPrefix)}${path}`;
    // Captures come from a target that was accepted, so only the beginning can be wrong.
    return path.startsWith('/') && !path.startsWith('//') ? path + queryOf(target) : undefined;
  }

  /**
   * A Location of a server in the client's terms. `asked`: the authorities that mean the server itself; others are left
   * alone, and so is a path that is not below what was added.
   */
  location(location: string, asked: readonly string[]): string {
    const { stripPrefix, replacePrefix, addPrefix, location: wanted } = this.#config;
    const match = /^(https?:\/\/([^/?#]*))?(\/[^/\\].*|\/)?$/i.exec(location);
    const [, origin = '', authority = '', rest = '/'] = match ?? [];
    if (!wanted || !match || (origin !== '' && !asked.includes(authority.toLowerCase()))) return location;
    const end = rest.search(/[?#]/);
    let path = end < 0 ? rest : rest.slice(0, end);
    if (addPrefix !== undefined) path = swap(path, addPrefix, '');
    if (replacePrefix) path = swap(path, replacePrefix.to, replacePrefix.from);
    if (stripPrefix !== undefined) path = `${bare(stripPrefix)}${path}`;
    return path + (end < 0 ? '' : rest.slice(end));
  }
}

/** Without a `/` at the end. */
function bare(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}

/** Puts `to` in place of a prefix of whole segments. */
function swap(path: string, from: string, to: string): string {
  const prefix = bare(from);
  if (!path.startsWith(prefix) || (path.length > prefix.length && path.charCodeAt(prefix.length) !== 0x2f)) return path;
  const swapped = bare(to) + path.slice(prefix.length);
  return swapped === '' ? '/' : swapped;
}
