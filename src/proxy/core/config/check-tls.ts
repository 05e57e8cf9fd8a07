// What a schema cannot say of TLS.
import { durationMs } from './duration.ts';
import type { Add } from './check-handling.ts';
import type { ConfigDocument, Path } from './read.ts';

type FrontendDocument = ConfigDocument['frontends'][number];
type BackendDocument = ConfigDocument['backends'][number];

export function checkFrontendTls(frontend: FrontendDocument, path: Path, add: Add): void {
  const { tls } = frontend;
  if (frontend.bind.length === 0 && !tls) {
    add(
      'missing-key',
      `frontend \`${frontend.name}\` needs the key \`bind\``,
      path,
      'Or `tls` with a `bind` of its own.',
    );
  }
  if (!tls) return;
  if (durationMs(tls.handshake) <= 0)
    add('bad-value', '`handshake` must be more than 0', [...path, 'tls', 'handshake']);
  if (tls.profile === 'modern' && tls.minVersion === 'TLSv1.2') {
    add('bad-value', 'the modern profile has no TLS 1.2', [...path, 'tls', 'minVersion'], 'Leave `minVersion` out.');
  }
  checkVersions(tls, tls.profile === 'modern', [...path, 'tls'], add);
}

function checkVersions(
  { minVersion, maxVersion }: { readonly minVersion?: string; readonly maxVersion?: string },
  isModern: boolean,
  path: Path,
  add: Add,
): void {
  if (maxVersion !== 'TLSv1.2' || (minVersion !== 'TLSv1.3' && !isModern)) return;
  add('bad-value', 'no version of TLS is left: the lowest is above the highest', [...path, 'maxVersion']);
}

export function checkBackendTls(backend: BackendDocument, path: Path, add: Add, warn: Add): void {
  const { tls } = backend;
  backend.servers.forEach((server, index) => {
    if (server.serverName === undefined || tls) return;
    add('missing-key', '`serverName` needs `tls` of the backend', [...path, 'servers', index, 'serverName']);
  });
  if (!tls) {
    if (backend.check?.tls === true)
      add('missing-key', 'a check with `tls` needs `tls` of the backend', [...path, 'check', 'tls']);
    return;
  }
  checkVersions(tls, false, [...path, 'tls'], add);
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    add('missing-key', 'tls needs both `cert` and `key`, or neither', [...path, 'tls']);
  }
  if (!tls.verifyName && !tls.insecureSkipVerify) {
    warn(
      'insecure-tls',
      `the names in the certificates of the servers of \`${backend.name}\` are not verified`,
      [...path, 'tls', 'verifyName'],
      'Any certificate of the same issuers is taken. Give the name in theirs as `serverName` instead.',
    );
  }
  if (tls.insecureSkipVerify) {
    warn(
      'insecure-tls',
      `the certificates of the servers of \`${backend.name}\` are not verified`,
      [...path, 'tls', 'insecureSkipVerify'],
      'Give the certificate of their issuer as `ca`, and the name in theirs as `serverName`.',
    );
    if (tls.ca !== undefined) {
      add(
        'bad-value',
        '`ca` means nothing with `insecureSkipVerify`',
        [...path, 'tls', 'ca'],
        'Leave one of them out.',
      );
    }
  }
}

/** Which hosts are allowed is checked where certificates are read. */
export function checkAcme({ acme, frontends }: ConfigDocument, add: Add): void {
  if (acme && !acme.agreeTerms) {
    add(
      'acme-terms',
      'acme needs `agreeTerms: true`',
      ['acme', 'agreeTerms'],
      "Read the authority's terms of use first; its directory has their address.",
    );
  }
  const known = new Map<string, string>();
  frontends.forEach(({ tls }, at) => {
    tls?.certificates.forEach((source, index) => {
      if (typeof source !== 'object' || !('acme' in source)) return;
      const path = ['frontends', at, 'tls', 'certificates', index, 'acme'];
      const names = source.acme.map((name) => name.toLowerCase());
      const [first = ''] = names;
      if (!acme) add('missing-key', '`acme` of a certificate needs the top-level key `acme`', path);
      if (names.some((name) => name.includes('*'))) {
        add(
          'acme-wildcard',
          'the proxy cannot get certificates with a wildcard: they need dns-01',
          path,
          'Get it with `veza-run prod ssl` and name its files, or list the names.',
        );
      }
      if ((known.get(first) ?? names.join()) !== names.join()) {
        add('duplicate-name', `another certificate for \`${first}\` has other names`, path, 'Make them one.');
      }
      known.set(first, names.join());
    });
  });
}
