// Which requests go elsewhere when one configuration takes the place of another: examples made of the rules of both, asked of both.
// Conditions of which no example can be made (expressions, ranges of addresses) are left out; rules that changed are told anyway.
import type { Conditions, FrontendConfig, RuleConfig, ValueCondition } from '../config/model.ts';
import type { Incoming } from '../handling/incoming.ts';
import { isSecretName, mask } from '../logging/entry.ts';
import { incomingOf, type RequestFacts } from '../request-facts.ts';
import { compileRouter } from '../routing.ts';

/** Hosts times paths; more would say nothing new. */
const maxExamples = 20_000;
const maxLines = 25;
/** A host, and the rest of a path, that no rule names. */
const elsewhere = 'elsewhere.invalid';
const below = '-';

interface Example {
  /** `/api/*`, with what else it has. */
  readonly shown: string;
  /** '' = that of no rule. */
  readonly host: string;
  readonly request: RequestFacts;
}

/** Lines such as `~ requests for example.org/api/* go to backend api, not to backend web`. */
export function routeLines(before: FrontendConfig, after: FrontendConfig): readonly string[] {
  if (before.mode !== 'http' || after.mode !== 'http' || deciding(before) === deciding(after)) return [];
  const rules = [...before.rules, ...after.rules];
  const [old, now] = [outcomes(before), outcomes(after)];
  const changes = new Map<string, string[]>();
  const hosts = new Set<string>();
  for (const { shown, host, request } of examples(rules)) {
    hosts.add(host);
    const incoming = requestOf(request);
    if (!incoming) continue;
    const [from, to] = [old(incoming), now(incoming)];
    if (from === to) continue;
    const change = `${shown}\n go to ${to}, not to ${from}`;
    changes.set(change, [...(changes.get(change) ?? []), host]);
  }
  const lines = [...changes].flatMap(([change, at]) => {
    const [shown = '', effect = ''] = change.split('\n');
    if (at.length === hosts.size) return [`~ requests for ${shown}${effect}`];
    return at.map((host) => `~ requests for ${host === '' ? `${shown} of other hosts` : host + shown}${effect}`);
  });
  const more = lines.length - maxLines;
  return more > 0 ? [...lines.slice(0, maxLines), `~ and ${more} more such requests go elsewhere`] : lines;
}

function outcomes({ rules, ruleOrder, defaultBackend }: FrontendConfig): (incoming: Incoming) => string {
  const find = compileRouter(rules, ruleOrder);
  return (incoming) => {
    const rule = rules[find(incoming)];
    if (!rule) return defaultBackend === undefined ? 'nobody' : `backend ${defaultBackend}`;
    if (rule.redirect) return 'a redirect';
    return rule.respond ? `an answer ${rule.respond.status}` : `backend ${rule.backend ?? ''}`;
  };
}

/** All that outcomes depend on. */
function deciding({ rules, ruleOrder, defaultBackend }: FrontendConfig): string {
  return JSON.stringify([rules, ruleOrder, defaultBackend]);
}

/** Undefined where a rule asks for what no request has. */
function requestOf(facts: RequestFacts): Incoming | undefined {
  try {
    return incomingOf(facts, '');
  } catch {
    return undefined;
  }
}

function examples(rules: readonly RuleConfig[]): readonly Example[] {
  const hosts = new Set(['', ...rules.flatMap(({ host }) => (host === undefined || host === '*' ? [] : host))]);
  const paths = new Set(['/*', ...rules.flatMap((rule) => pathOf(rule) ?? [])]);
  const plain = [...hosts].flatMap((host) => [...paths].map((path) => ({ host, path })));
  const special = rules.filter((rule) => extrasOf(rule) !== undefined);
  return [
    ...plain.slice(0, maxExamples).map(({ host, path }) => exampleOf(host, path, undefined)),
    ...special.map((rule) => exampleOf(hostOf(rule), pathOf(rule) ?? '/*', extrasOf(rule))),
  ];
}

function hostOf({ host }: Conditions): string {
  return host === undefined || host === '*' ? '' : host;
}

/** `/exact`, or `/prefix/*`. */
function pathOf({ path, pathPrefix }: Conditions): string | undefined {
  if (path !== undefined) return path;
  return pathPrefix === undefined ? undefined : `${pathPrefix.replace(/\/$/, '')}/*`;
}

type Extras = Pick<RequestFacts, 'method' | 'headers' | 'scheme' | 'sni'> & {
  readonly query: string;
  readonly shown: string;
};

/** What a request needs beside host and path to meet a rule; undefined if nothing. */
function extrasOf({ methods, headers, query, scheme, sni }: RuleConfig): Extras | undefined {
  const [method] = methods;
  const lines = textsOf(headers);
  const wanted = textsOf(query);
  const parameters = new URLSearchParams(wanted).toString();
  const masked = Object.entries(wanted).map(
    ([name, value]) => `${name}=${isSecretName(name) ? mask : encodeURIComponent(value)}`,
  );
  const shown = [
    ...(method === undefined ? [] : [method]),
    ...Object.entries(lines).map(([name, value]) => `${name}: ${isSecretName(name) ? mask : value}`),
    ...(masked.length === 0 ? [] : [`?${masked.join('&')}`]),
    ...(scheme === undefined ? [] : [scheme]),
    ...(sni === undefined ? [] : [`sni ${sni}`]),
  ];
  if (shown.length === 0) return undefined;
  return {
    ...(method !== undefined && { method }),
    ...(scheme !== undefined && { scheme }),
    ...(sni !== undefined && { sni: nameFor(sni) }),
    headers: lines,
    query: parameters,
    shown: shown.join(', '),
  };
}

function textsOf(wanted: Readonly<Record<string, ValueCondition>>): Record<string, string> {
  const texts = Object.entries(wanted).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'string') return [[name, value]];
    return 'present' in value && value.present ? [[name, below]] : [];
  });
  return Object.fromEntries(texts);
}

function nameFor(rule: string): string {
  return rule.replace(/^\*/, rule === '*' ? elsewhere : below);
}

function exampleOf(host: string, path: string, extras: Extras | undefined): Example {
  const { query = '', shown, ...facts } = extras ?? {};
  const target = path.replace(/\*$/, below) + (query === '' ? '' : `?${query}`);
  const request = { ...facts, host: host === '' ? elsewhere : nameFor(host), target };
  return { host, shown: shown === undefined ? path : `${path} (${shown})`, request };
}
