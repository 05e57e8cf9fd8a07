// Changes the path that servers see, and maps what they say about places back.
import { GroupTemplate } from './group-template.ts';
import { type Incoming, pathOf, queryOf } from './incoming.ts';
import { Template } from './template.ts';
import { TerrasterRewrite } from './terraster-rewrite.ts';

export interface RewriteConfig {
  readonly stripPrefix: string | undefined;
  readonly replacePrefix: { readonly from: string; readonly to: string } | undefined;
  readonly regex: { readonly pattern: string; readonly to: string } | undefined;
  readonly addPrefix: string | undefined;
  /** Where it fits path and query, the text is what stands for both. */
  readonly pathAndQuery: { readonly pattern: string; readonly to: string } | undefined;
  /** What the query is; '' = there is none. */
  readonly query: string | undefined;
  /** Map Location of responses back. */
  readonly location: boolean;
  /** The rules of terraster in place of all that. */
  readonly terraster:
    | { readonly prefix: string | undefined; readonly to: string | undefined; readonly serverPath: string | undefined }
    | undefined;
}

/** What a response and its request say besides the place. */
export interface Said {
  /** As the client asked. */
  readonly host: string;
  readonly status: number;
}

export interface PathRewrite {
  /** The target for servers; undefined if what was made of it is no path. Without a request texts with placeholders do nothing. */
  target(target: string, incoming?: Incoming): string | undefined;
  /**
   * A Location of a server in the client's terms. `asked`: the authorities that mean the server itself; others are left
   * alone.
   */
  location(location: string, asked: readonly string[], said: Said): string;
}

export function pathRewrite(config: RewriteConfig): PathRewrite {
  return config.terraster ? new TerrasterRewrite(config.terraster) : new Rewrite(config);
}

class Rewrite implements PathRewrite {
  readonly #config: RewriteConfig;
  readonly #pattern: RegExp | undefined;
  readonly #whole: { readonly pattern: RegExp; readonly to: GroupTemplate } | undefined;
  readonly #query: Template | undefined;

  constructor(config: RewriteConfig) {
    this.#config = config;
    this.#pattern = config.regex && new RegExp(config.regex.pattern);
    const { pathAndQuery, query } = config;
    this.#whole = pathAndQuery && {
      pattern: new RegExp(pathAndQuery.pattern),
      to: new GroupTemplate(pathAndQuery.to),
    };
    this.#query = query === undefined ? undefined : new Template(query);
  }

  /** Undefined if a regular expression made no path of it. */
  target(target: string, incoming?: Incoming): string | undefined {
    if (!target.startsWith('/')) return target;
    const { stripPrefix, replacePrefix, regex, addPrefix } = this.#config;
    let path = pathOf(target);
    if (stripPrefix !== undefined) path = swap(path, stripPrefix, '');
    if (replacePrefix) path = swap(path, replacePrefix.from, replacePrefix.to);
    if (regex && this.#pattern) path = path.replace(this.#pattern, regex.to);
    if (addPrefix !== undefined) path = `${bare(addPrefix)}${path}`;
    let result = path + queryOf(target);
    const match = incoming && this.#whole?.pattern.exec(result);
    if (match && this.#whole) result = safe(this.#whole.to.fill(match, incoming));
    if (incoming && this.#query) result = withQuery(result, safe(this.#query.fill(incoming)));
    // The rest is of a target that was accepted, so only the beginning can be wrong.
    return result.startsWith('/') && !result.startsWith('//') ? result : undefined;
  }

  /** A path that is not below what was added is left alone. */
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

function withQuery(target: string, query: string): string {
  return query === '' ? pathOf(target) : `${pathOf(target)}?${query}`;
}

/** What placeholders brought cannot end the target: it stands in the first line of a request. */
function safe(text: string): string {
  return text.toWellFormed().replaceAll(/[^!-"$-~]+/g, (part) => (part === '#' ? '%23' : encodeURIComponent(part)));
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
