// What a frontend in mode tcp cannot have: whatever looks into requests.
import type { Add } from './check-handling.ts';
import type { ConfigDocument, Path } from './read.ts';

type FrontendDocument = ConfigDocument['frontends'][number];
type RuleDocument = FrontendDocument['rules'][number];

const keys = [
  'allow',
  'deny',
  'rateLimit',
  'maintenance',
  'basicAuth',
  'jwt',
  'requestId',
  'plugins',
  'errors',
  'cors',
  'securityHeaders',
  'compression',
  'rewrite',
  'requestHeaders',
  'responseHeaders',
] as const;

/** Conditions that mean something before the first request, which mode tcp never sees. */
const conditions: ReadonlySet<string> = new Set([
  'sni',
  'alpn',
  'tlsVersion',
  'scheme',
  'source',
  'usable',
  'usableBelow',
]);
const groups = ['all', 'any', 'not'] as const;

/** All problems of the mode of a frontend. */
export function checkMode(
  frontend: FrontendDocument,
  backends: ConfigDocument['backends'],
  path: Path,
  add: Add,
): void {
  const { rules, defaultBackend } = frontend;
  if (frontend.mode !== 'tcp') {
    rules.forEach((rule, index) => onlyTcp(rule, [...path, 'rules', index], add));
    return;
  }
  for (const key of keys)
    if (frontend[key] !== undefined)
      add('bad-value', `\`${key}\` means nothing in mode tcp`, [...path, key], 'Remove it.');
  if (frontend.tls)
    add(
      'bad-value',
      '`tls` means nothing in mode tcp: its bytes go through as they are',
      [...path, 'tls'],
      'Let the servers have the certificates, or use mode http.',
    );
  if (frontend.allowConnect)
    add('bad-value', '`allowConnect` means nothing in mode tcp', [...path, 'allowConnect'], 'Remove it.');
  if (frontend.http2.clear) add('bad-value', '`http2` means nothing in mode tcp', [...path, 'http2'], 'Remove it.');
  if (rules.length === 0 && defaultBackend === undefined)
    add('missing-key', 'a frontend in mode tcp needs `defaultBackend` or rules', path, 'It is where connections go.');
  rules.forEach((rule, index) => checkTcpRule(rule, [...path, 'rules', index], add));
  checkBackend(defaultBackend, backends, [...path, 'defaultBackend'], add);
  rules.forEach(({ backend }, index) => checkBackend(backend, backends, [...path, 'rules', index, 'backend'], add));
}

function onlyTcp(rule: RuleDocument, path: Path, add: Add): void {
  if (rule.reject) add('bad-value', '`reject` is for mode tcp', [...path, 'reject'], 'Use `respond: { status: 403 }`.');
  for (const each of [rule, ...groups.flatMap((group) => rule[group])])
    if (each.alpn !== undefined)
      add('bad-value', '`alpn` is for mode tcp', each === rule ? [...path, 'alpn'] : path, 'Remove it.');
}

function checkTcpRule(rule: RuleDocument, path: Path, add: Add): void {
  const known = new Set<string>([...groups, 'backend', 'reject', 'priority', 'inherit']);
  for (const [key, value] of Object.entries(rule)) {
    if (known.has(key)) continue;
    if (!conditions.has(key) && isSaid(value))
      add('bad-value', `\`${key}\` of a rule means nothing in mode tcp`, [...path, key], tcpRules);
  }
  for (const group of groups)
    rule[group].forEach((each, index) => {
      for (const [key, value] of Object.entries(each))
        if (!conditions.has(key) && isSaid(value))
          add('bad-value', `\`${key}\` means nothing in mode tcp`, [...path, group, index, key], tcpRules);
    });
}

const tcpRules =
  'There a rule has sni, alpn, tlsVersion, scheme, source, usable or usableBelow, and backend or reject.';

/** Defaults are filled in: an empty list or mapping says nothing. */
function isSaid(value: unknown): boolean {
  if (value === false) return false;
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
}

function checkBackend(name: string | undefined, backends: ConfigDocument['backends'], path: Path, add: Add): void {
  const backend = backends.find((each) => each.name === name);
  if (!backend) return;
  if (backend.cookie)
    add(
      'bad-value',
      `backend \`${backend.name}\` has a cookie, which mode tcp cannot see`,
      path,
      'Use `stick` with the key source, or `balance: source`, to bind clients to servers.',
    );
  if (backend.stick?.on.some(({ key }) => key !== 'source'))
    add('bad-value', `backend \`${backend.name}\` sticks on what mode tcp cannot see`, path, 'Use the key source.');
  if (backend.servers.some((server) => (server.http2 ?? backend.http2) !== false))
    add(
      'bad-value',
      `backend \`${backend.name}\` has \`http2\`, which means nothing in mode tcp`,
      path,
      'Remove it there: bytes go through as they are.',
    );
}
