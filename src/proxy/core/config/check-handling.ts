// What a schema cannot say of frontends, rules and what they do with requests.
import { isNetwork } from '../address.ts';
import { protectedHeaders } from '../handling/header-edits.ts';
import { keyProblem } from '../handling/jwt.ts';
import { placeholders, unknownPlaceholders } from '../handling/template.ts';
import { durationMs } from './duration.ts';
import { nearName } from './explain.ts';
import type { ValueCondition } from './model.ts';
import type { Path } from './read.ts';
import type { ConditionsDocument, HandlingDocument, RuleDocument } from './resolve-frontend.ts';

export type Add = (code: string, message: string, path: Path, hint?: string) => void;

/** A rule does exactly one thing, and its conditions can be met. */
export function checkRule(rule: RuleDocument, path: Path, add: Add): void {
  const actions = [rule.backend, rule.redirect, rule.respond, rule.reject].filter((action) => action !== undefined);
  if (actions.length !== 1) {
    const hint = actions.length === 0 ? 'Say what it does: `backend: NAME`.' : 'Make a rule of each.';
    add('bad-rule', 'a rule needs exactly one of backend, redirect and respond', path, hint);
  }
  checkConditions(rule, path, add);
  for (const key of ['all', 'any', 'not'] as const) {
    rule[key].forEach((each, index) => checkConditions(each, [...path, key, index], add));
  }
  const { redirect, respond } = rule;
  if (redirect) {
    const { location, prefix, scheme, host, port } = redirect;
    const rest = scheme ?? host ?? port;
    if ([location, prefix, rest].filter((part) => part !== undefined).length !== 1) {
      add('bad-redirect', 'a redirect needs `location`, or `prefix`, or some of `scheme`, `host`, `port`', [
        ...path,
        'redirect',
      ]);
    }
    checkPlaceholders(location ?? '', [...path, 'redirect', 'location'], add);
  }
  if (respond) checkPlaceholders(respond.body, [...path, 'respond', 'body'], add);
  checkHandling(rule, path, add);
}

export function checkHandling(from: HandlingDocument, path: Path, add: Add): void {
  checkNetworks(from.allow ?? [], [...path, 'allow'], add);
  checkNetworks(from.deny ?? [], [...path, 'deny'], add);
  checkNetworks(from.maintenance?.allow ?? [], [...path, 'maintenance', 'allow'], add);
  for (const key of ['requestHeaders', 'responseHeaders'] as const) checkEdits(from[key], [...path, key], add);
  if (from.rewrite) checkMode(from.rewrite, [...path, 'rewrite'], add);
  if (from.rewrite) checkTexts(from.rewrite, [...path, 'rewrite'], add);
  if (from.rewrite?.regex) checkPattern(from.rewrite.regex.pattern, [...path, 'rewrite', 'regex', 'pattern'], add);
  if (from.rateLimit && durationMs(from.rateLimit.per) <= 0) {
    add('bad-value', '`per` must be more than 0', [...path, 'rateLimit', 'per']);
  }
  if (from.jwt) {
    const problem = from.jwt.key === undefined ? 'jwt needs `key`' : keyProblem(from.jwt.algorithm, from.jwt.key);
    if (problem !== undefined) add('bad-key', problem, [...path, 'jwt', 'key']);
    checkNames(Object.keys(from.jwt.forward), [...path, 'jwt', 'forward'], add);
  }
  if (from.cors?.credentials === true && from.cors.origins.includes('*')) {
    add(
      'unsafe-cors',
      'with credentials every origin must be named: `*` would let any site act as the user',
      [...path, 'cors', 'origins'],
      'List the origins, or use `https://*.example.org`.',
    );
  }
}

function checkTexts({ pathAndQuery, query }: NonNullable<HandlingDocument['rewrite']>, path: Path, add: Add): void {
  if (pathAndQuery) {
    checkPattern(pathAndQuery.pattern, [...path, 'pathAndQuery', 'pattern'], add);
    checkPlaceholders(pathAndQuery.to, [...path, 'pathAndQuery', 'to'], add);
  }
  if (query !== undefined) checkPlaceholders(query, [...path, 'query'], add);
}

/** Words of one mode of `rewrite` mean nothing in the other. */
function checkMode(rewrite: NonNullable<HandlingDocument['rewrite']>, path: Path, add: Add): void {
  const own = ['stripPrefix', 'replacePrefix', 'regex', 'addPrefix', 'pathAndQuery', 'query'] as const;
  const others = ['prefix', 'to', 'serverPath'] as const;
  for (const key of rewrite.mode === 'terraster' ? own : others) {
    if (rewrite[key] === undefined) continue;
    const where = rewrite.mode === 'terraster' ? 'in mode terraster' : 'without `mode: terraster`';
    add('bad-value', `\`${key}\` means nothing ${where}`, [...path, key], 'Remove it.');
  }
}

function checkConditions(from: ConditionsDocument, path: Path, add: Add): void {
  if (from.pathRegex !== undefined) checkPattern(from.pathRegex, [...path, 'pathRegex'], add);
  if (from.uriRegex !== undefined) checkPattern(from.uriRegex, [...path, 'uriRegex'], add);
  checkNetworks(from.source, [...path, 'source'], add);
  for (const key of ['host', 'sni'] as const) {
    const name = from[key];
    if (name !== undefined && !hostPattern.test(name))
      add('bad-host', `\`${name}\` is no name of a host`, [...path, key], hostHint);
  }
  if (from.clientName !== undefined) checkValues({ clientName: from.clientName }, path, add);
  checkValues(from.headers, [...path, 'headers'], add);
  checkValues(from.query, [...path, 'query'], add);
}

/** An asterisk stands for whole labels at the beginning only. */
const hostPattern = /^(?:\*|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?|(?:\*\.)?[^\s*/:?#@\\[\]]+(?::[0-9]+)?)$/;
const hostHint = 'Write `www.example.org`, `*.example.org` or `[2001:db8::1]`, without `https://` and path.';

function checkValues(conditions: Readonly<Record<string, ValueCondition>>, path: Path, add: Add): void {
  for (const [name, wanted] of Object.entries(conditions)) {
    if (typeof wanted === 'object' && 'regex' in wanted) checkPattern(wanted.regex, [...path, name, 'regex'], add);
  }
}

function checkEdits(edits: HandlingDocument['requestHeaders'], path: Path, add: Add): void {
  if (!edits) return;
  checkNames(edits.remove, [...path, 'remove'], add);
  edits.replace.forEach(({ header, pattern, to }, index) => {
    const at = [...path, 'replace', index];
    if (protectedHeaders.has(header.toLowerCase())) checkNames([header], at, add);
    checkPattern(pattern, [...at, 'pattern'], add);
    checkPlaceholders(to, [...at, 'to'], add);
  });
  for (const key of ['set', 'add'] as const) {
    checkNames(Object.keys(edits[key]), [...path, key], add);
    for (const [name, value] of Object.entries(edits[key])) checkPlaceholders(value, [...path, key, name], add);
  }
}

function checkNames(names: readonly string[], path: Path, add: Add): void {
  names.forEach((name, index) => {
    if (!protectedHeaders.has(name.toLowerCase())) return;
    const at = path.at(-1) === 'remove' ? index : name;
    const hint = name.toLowerCase() === 'host' ? 'Use `hostHeader` of the backend.' : undefined;
    add('protected-header', `\`${name}\` frames messages and cannot be edited`, [...path, at], hint);
  });
}

export function checkPlaceholders(text: string, path: Path, add: Add): void {
  for (const name of unknownPlaceholders(text)) {
    add('unknown-placeholder', `there is no placeholder \`\${${name}}\``, path, nearName(name, placeholders));
  }
}

export function checkNetworks(texts: readonly string[], path: Path, add: Add): void {
  texts.forEach((text, index) => {
    const hint = 'Write `192.0.2.1`, `192.0.2.0/24`, `2001:db8::1` or `2001:db8::/32`.';
    if (!isNetwork(text)) add('bad-address', `\`${text}\` is not an address or CIDR range`, [...path, index], hint);
  });
}

/** Expressions run in time linear to the text (see main.ts), but for these. */
const unboundable = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</;

export function checkPattern(source: string, path: Path, add: Add): void {
  try {
    new RegExp(source);
  } catch (error) {
    const hint = "Expressions are JavaScript's; a special character is meant literally after a backslash.";
    add('bad-regex', error instanceof Error ? error.message : 'not a regular expression', path, hint);
    return;
  }
  if (unboundable.test(source)) {
    const hint =
      'Write it without them; rules are tried in order, so an earlier rule can take out what must not match.';
    add('unsafe-regex', 'look-around and back references can take a server down with one request', path, hint);
  }
}
