// Which backend a request goes to: the first rule of the frontend that holds.
import type { FrontendConfig, Rule } from './config/model.ts';

export type Router = (host: string, target: string) => string | undefined;

/** Compiles the rules of a frontend; the router returns the name of a backend. */
export function compileRules(frontend: FrontendConfig): Router {
  const rules = frontend.rules.map(compile);
  const { defaultBackend } = frontend;
  if (rules.length === 0) return () => defaultBackend;
  return (host, target) => {
    const question = target.indexOf('?');
    const path = question < 0 ? target : target.slice(0, question);
    const name = hostName(host);
    for (const rule of rules) {
      if (rule.matches(name, path)) return rule.backend;
    }
    return defaultBackend;
  };
}

function compile(rule: Rule): { readonly backend: string; readonly matches: Matcher } {
  const { host, path, pathPrefix } = rule;
  const pattern = rule.pathRegex === undefined ? undefined : new RegExp(rule.pathRegex);
  return {
    backend: rule.backend,
    matches: (name, actual) =>
      (host === undefined || hostMatches(host, name)) &&
      (path === undefined || path === actual) &&
      (pathPrefix === undefined || prefixMatches(pathPrefix, actual)) &&
      (pattern === undefined || pattern.test(actual)),
  };
}

type Matcher = (host: string, path: string) => boolean;

function hostMatches(rule: string, name: string): boolean {
  if (rule === '*') return true;
  return rule.startsWith('*.')
    ? name.endsWith(rule.slice(1)) && name.length > rule.length - 1
    : name === hostName(rule);
}

/** By whole segments: `/api` and `/api/` match `/api` and `/api/x`, not `/apiary`. */
function prefixMatches(prefix: string, path: string): boolean {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path.startsWith(bare) && (path.length === bare.length || path.charCodeAt(bare.length) === 0x2f);
}

/** Lower-case host without its port; IPv6 literals keep their brackets. */
function hostName(host: string): string {
  const colon = host.lastIndexOf(':');
  const bare = colon > host.lastIndexOf(']') ? host.slice(0, colon) : host;
  return bare.toLowerCase();
}
