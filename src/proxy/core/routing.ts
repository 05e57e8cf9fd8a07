// Which rule of a frontend a request meets: the first that holds, in the order of the file or by how much each says.
import { type Address, AddressSet } from './address.ts';
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

/** What must hold of a request, or of whatever else there are rules for. */
export type Condition<S> = (subject: S) => boolean;

/** How many servers of a backend can be used now. */
export type UsableOf = (backend: string) => number;

/** For who knows of no servers: all of them can be. */
export const allUsable: UsableOf = () => Infinity;

/** Finds the place of the rule for a request in the list that the router was made of; -1 = none. */
export type Router = (incoming: Incoming) => number;

export function compileRouter(
  rules: readonly RuleConfig[],
  order: 'listed' | 'specific',
  usableOf: UsableOf = allUsable,
): Router {
  const read = (from: Conditions): Condition<Subject>[] => [...poolConditions(from, usableOf), ...ownConditions(from)];
  const all = rules.map((rule, index) => ({ index, rule, conditions: conditionsOf(rule, read) }));
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

/** All conditions of a rule; `read` compiles those of one group. */
export function conditionsOf<S>(rule: RuleConfig, read: (from: Conditions) => Condition<S>[]): Condition<S>[] {
  const { all, any, not } = rule;
  const own = read(rule);
  for (const each of all) own.push(...read(each));
  if (any.length > 0) own.push(oneOf(any.map(read)));
  for (const each of not) own.push(none(read(each)));
  return own;
}

function oneOf<S>(groups: readonly (readonly Condition<S>[])[]): Condition<S> {
  return (subject) => groups.some((conditions) => conditions.every((holds) => holds(subject)));
}

function none<S>(conditions: readonly Condition<S>[]): Condition<S> {
  return (subject) => !conditions.every((holds) => holds(subject));
}

/** What must hold of backends, whatever the request is. */
export function poolConditions({ usable, usableBelow }: Conditions, usableOf: UsableOf): (() => boolean)[] {
  return [
    ...Object.entries(usable).map(
      ([backend, least]) =>
        () =>
          usableOf(backend) >= least,
    ),
    ...Object.entries(usableBelow).map(
      ([backend, limit]) =>
        () =>
          usableOf(backend) < limit,
    ),
  ];
}

/** Cheap ones first. */
function ownConditions(rule: Conditions): Condition<Subject>[] {
  const { host, sni, tlsVersion, clientCertificate, clientName, path, pathPrefix, scheme, methods, source } = rule;
  const found: (Condition<Subject> | undefined)[] = [
    host === undefined || host === '*' ? undefined : hostCondition(host),
    sni === undefined || sni === '*' ? undefined : sniCondition(sni),
    path === undefined ? undefined : (subject) => subject.path === path,
    pathPrefix === undefined ? undefined : prefixCondition(pathPrefix),
    scheme === undefined ? undefined : ({ incoming }) => incoming.scheme === scheme,
    methods.length === 0 ? undefined : ({ incoming }) => methods.includes(incoming.head.method),
    source.length === 0 ? undefined : peerCondition(source),
    tlsVersion.length === 0
      ? undefined
      : ({ incoming: { tls } }) => tls !== undefined && tlsVersion.includes(tls.version),
    clientCertificate === undefined
      ? undefined
      : ({ incoming: { tls } }) => (tls?.client !== undefined) === clientCertificate,
    clientName === undefined ? undefined : clientNameCondition(clientName),
    ...Object.entries(rule.headers).map(([name, wanted]) => headerCondition(name.toLowerCase(), wanted)),
    ...Object.entries(rule.query).map(([name, wanted]) => queryCondition(name, wanted)),
    rule.pathRegex === undefined ? undefined : regexCondition(rule.pathRegex),
    rule.uriRegex === undefined ? undefined : uriCondition(rule.uriRegex),
  ];
  return found.filter((condition) => condition !== undefined);
}

function hostCondition(rule: string): Condition<Subject> {
  const holds = nameCondition(rule);
  return ({ host }) => holds(host);
}

/** Without TLS or without a name no such rule holds. */
function sniCondition(rule: string): Condition<Subject> {
  const holds = nameCondition(rule);
  return ({ incoming: { tls } }) => tls !== undefined && tls.sni !== '' && holds(tls.sni);
}

function clientNameCondition(wanted: ValueCondition): Condition<Subject> {
  const holds = valueCondition(wanted);
  return ({ incoming: { tls } }) => holds(tls?.client && commonNameOf(tls.client.subject));
}

/** `www.example.org`, `*.example.org` for all names below it, or `*`. */
export function nameCondition(rule: string): (name: string) => boolean {
  if (rule === '*') return () => true;
  if (!rule.startsWith('*.')) {
    const wanted = hostName(rule);
    return (name) => name === wanted;
  }
  const suffix = rule.slice(1);
  return (name) => name.length > suffix.length && name.endsWith(suffix);
}

/** By whole segments: `/api` and `/api/` match `/api` and `/api/x`, not `/apiary`. */
function prefixCondition(prefix: string): Condition<Subject> {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return ({ path }) => path.startsWith(bare) && (path.length === bare.length || path.charCodeAt(bare.length) === 0x2f);
}

export function sourceCondition(ranges: readonly string[]): Condition<{ readonly peer: Address | undefined }> {
  const set = new AddressSet(ranges);
  return ({ peer }) => set.has(peer);
}

function peerCondition(ranges: readonly string[]): Condition<Subject> {
  const holds = sourceCondition(ranges);
  return ({ incoming }) => holds(incoming);
}

function regexCondition(source: string): Condition<Subject> {
  const pattern = new RegExp(source);
  return ({ path }) => pattern.test(path);
}

function uriCondition(source: string): Condition<Subject> {
  const pattern = new RegExp(source);
  return ({ incoming }) => pattern.test(incoming.head.target);
}

function headerCondition(name: string, wanted: ValueCondition): Condition<Subject> {
  const holds = valueCondition(wanted);
  return ({ incoming: { head } }) => {
    if (name === 'host') return holds(head.host);
    if (name === 'cookie') return holds(head.cookie === '' ? undefined : head.cookie);
    return holds(fieldValue(head.fields, name));
  };
}

function queryCondition(name: string, wanted: ValueCondition): Condition<Subject> {
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
