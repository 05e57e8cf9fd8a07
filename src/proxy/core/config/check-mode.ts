// What a frontend in mode tcp cannot have: whatever looks into requests.
import type { Add } from './check-handling.ts';
import type { ConfigDocument, Path } from './read.ts';

type FrontendDocument = ConfigDocument['frontends'][number];

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

/** All problems of the mode of a frontend. */
export function checkMode(
  frontend: FrontendDocument,
  backends: ConfigDocument['backends'],
  path: Path,
  add: Add,
): void {
  if (frontend.mode !== 'tcp') return;
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
  if (frontend.http2.clear) add('bad-value', '`http2` means nothing in mode tcp', [...path, 'http2'], 'Remove it.');
  if (frontend.rules.length > 0)
    add(
      'bad-value',
      '`rules` mean nothing in mode tcp',
      [...path, 'rules'],
      'Only `defaultBackend` says where connections go.',
    );
  if (frontend.defaultBackend === undefined)
    add('missing-key', 'a frontend in mode tcp needs `defaultBackend`', path, 'It is where all of its connections go.');
  const backend = backends.find(({ name }) => name === frontend.defaultBackend);
  if (backend?.cookie)
    add(
      'bad-value',
      `backend \`${backend.name}\` has a cookie, which mode tcp cannot see`,
      [...path, 'defaultBackend'],
      'Use `balance: source` to bind clients to servers.',
    );
  if (backend?.servers.some((server) => (server.http2 ?? backend.http2) !== false))
    add(
      'bad-value',
      `backend \`${backend.name}\` has \`http2\`, which means nothing in mode tcp`,
      [...path, 'defaultBackend'],
      'Remove it there: bytes go through as they are.',
    );
}
