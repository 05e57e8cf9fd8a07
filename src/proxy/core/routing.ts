// Which rule of a frontend a request meets: the first that holds, in the order of the file or by how much each says.
import { AddressSet } from './address.ts';
import type { Conditions, RuleConfig, ValueCondition } from './config/model.ts';
import { type Incoming, pathOf, queryOf } from './handling/incoming.ts';
import { normalPath } from './handling/normal-path.ts';
import { fieldValue } from './http/scan.ts';
import { commonNameOf } from './tls/facts.ts';

/** What rules look at, computed once for a request. */
interface Subject {
  readonly incoming: Incoming;
  readonly host: string;
  readonly path: string;
}

type Condition = (subject: Subject) => boolean;

/** Finds the place of the rule for a request in the list that the router was made of; -1 = none. */
export type Router = (incoming: Incoming) => number;

export function compileRouter(rules: readonly RuleConfig[], order: 'listed' | 'specific'): Router {
  const all = rules.map((rule, index) => ({ index, rule, conditions: conditionsOf(rule) }));
  if (order === 'specific') all.sort((one, other) => specificity(other.rule) - specificity(one.rule));
  if (all.length === 0) return () => -1;
  return (incoming) => {
    const subject = { incoming, host: hostName(incoming.head.host), path: normalPath(pathOf(incoming.head.target)) };
    const found = all.find(({ conditions }) => conditions.every((holds) => holds(subject)));
    return found?.index ?? -1;
  };
}

/** An exact host before a longer wildcard before a shorter one; then exact paths, longer prefixes, expressions. */
function specificity({ host, path, pathPrefix, pathRegex }: RuleConfig): number {
  const byHost = host === undefined || host === '*' ? 0 : host.startsWith('*.') ? 1 + host.length : 1000;
  const byPath = path !== undefined ? 9000 : pathPrefix !== undefined ? 2 + pathPrefix.length : pathRegex ? 1 : 0;
  return byHost * 10_000 + byPath;
}

function conditionsOf(rule: RuleConfig): Condition[] {
  const { all, any, not } = rule;
  const own = ownConditions(rule);
  for (const each of all) own.push(...ownConditions(each));
  if (any.length > 0) own.push(oneOf(any.map(ownConditions)));
  for (const each of not) own.push(none(ownConditions(each)));
  return own;
}

function oneOf(groups: readonly (readonly Condition[])[]): Condition {
  return (subject) => groups.some((conditions) => conditions.every((holds) => holds(subject)));
}

function none(conditions: readonly Condition[]): Condition {
  return (subject) => !conditions.every((holds) => holds(subject));
}

/** Cheap ones first. */
function ownConditions(rule: Conditions): Condition[] {
  const { host, sni, clientCertificate, clientName, path, pathPrefix, scheme, methods, source } = rule;
  const found: (Condition | undefined)[] = [
    host === undefined || host === '*' ? undefined : hostCondition(host),
    sni === undefined || sni === '*' ? undefined : sniCondition(sni),
    path === undefined ? undefined : (subject) => subject.path === path,
    pathPrefix === undefined ? undefined : prefixCondition(pathPrefix),
    scheme === undefined ? undefined : ({ incoming }) => incoming.scheme === scheme,
    methods.length === 0 ? undefined : ({ incoming }) => methods.includes(incoming.head.method),
    source.length === 0 ? undefined : sourceCondition(source),
    clientCertificate === undefined
      ? undefined
      : ({ incoming: { tls } }) => (tls?.client !== undefined) === clientCertificate,
    clientName === undefined ? undefined : clientNameCondition(clientName),
    ...Object.entries(rule.headers).map(([name, wanted]) => headerCondition(name.toLowerCase(), wanted)),
    ...Object.entries(rule.query).map(([name, wanted]) => queryCondition(name, wanted)),
    rule.pathRegex === undefined ? undefined : regexCondition(rule.pathRegex),
  ];
  return found.filter((condition) => condition !== undefined);
}

function hostCondition(rule: string): Condition {
  const holds = nameCondition(rule);
  return ({ host }) => holds(host);
}

/** Without TLS or without a name no such rule holds. */
function sniCondition(rule: string): Condition {
  const holds = nameCondition(rule);
  return ({ incoming: { tls } }) => tls !== undefined && tls.sni !== '' && holds(tls.sni);
}

function clientNameCondition(wanted: ValueCondition): Condition {
  const holds = valueCondition(wanted);
  return ({ incoming: { tls } }) => holds(tls?.client && commonNameOf(tls.client.subject));
}

function nameCondition(rule: string): (name: string) => boolean {
  if (!rule.startsWith('*.')) {
    const wanted = hostName(rule);
    return (name) => name === wanted;
  }
  const suffix = rule.slice(1);
  return (name) => name.length > suffix.length && name.endsWith(suffix);
}

/** By whole segments: `/api` and `/api/` match `/api` and `/api/x`, not `/apiary`. */
function prefixCondition(prefix: string): Condition {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return ({ path }) => path.startsWith(bare) && (path.length === bare.length || path.charCodeAt(bare.length) === 0x2f);
}

function sourceCondition(ranges: readonly string[]): Condition {
  const set = new AddressSet(ranges);
  return ({ incoming }) => set.has(incoming.peer);
}

function regexCondition(source: string): Condition {
  const pattern = new RegExp(source);
  return ({ path }) => pattern.test(path);
}

function headerCondition(name: string, wanted: ValueCondition): Condition {
  const holds = valueCondition(wanted);
  return ({ incoming: { head } }) => {
    if (name === 'host') return holds(head.host);
    if (name === 'cookie') return holds(head.cookie === '' ? undefined : head.cookie);
    return holds(fieldValue(head.fields, name));
  };
}

function queryCondition(name: string, wanted: ValueCondition): Condition {
  const holds = valueCondition(wanted);
  return ({ incoming }) => holds(new URLSearchParams(queryOf(incoming.head.target)).get(name) ?? undefined);
}

function valueCondition(wanted: ValueCondition): (value: string | undefined) => boolean {
  if (typeof wanted === 'string') return (value) => value === wanted;
  if ('present' in wanted) return (value) => (value !== undefined) === wanted.present;
  const pattern = new RegExp(wanted.regex);
  return (value) => value !== undefined && pattern.test(value);
}

/** Lower-case host without its port and a final dot; IPv6 literals keep their brackets. */
function hostName(host: string): string {
  const colon = host.lastIndexOf(':');
  const bare = colon > host.lastIndexOf(']') ? host.slice(0, colon) : host;
  return (bare.endsWith('.') ? bare.slice(0, -1) : bare).toLowerCase();
}
