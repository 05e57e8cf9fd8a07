// Reads the files that the TLS keys of a configuration name. Every problem has the place of the key that named the file.
import type { SecureContextOptions } from 'node:tls';
import { builtins } from '../../lib/builtins.ts';
import type { Diagnostic, Position } from '../../lib/diagnostic.ts';
import { messageOf } from '../../lib/errors.ts';
import type { BackendConfig, ProxyConfig } from '../core/config/model.ts';
import type { Path } from '../core/config/read.ts';
import type {
  AcmeConfig,
  CertificateFiles,
  CertificateSource,
  FrontendTlsConfig,
  TlsOffer,
} from '../core/config/tls-model.ts';
import type { PeerTlsConfig } from '../core/peers/model.ts';
import { ciphersOf } from '../core/tls/profile.ts';
import { checkAllowed, readKept } from './acme-files.ts';
import { type Complain, checkSecret, readCertificates, readPair, readPem } from './certificate-files.ts';
import type { BackendMaterial, CertificateMaterial, FrontendMaterial, TlsMaterial } from './tls-material.ts';

type ComplainAt = (path: Path, severity?: Diagnostic['severity']) => Complain;

export interface ReadMaterial {
  readonly material: TlsMaterial;
  readonly diagnostics: readonly Diagnostic[];
}

/** A certificate that is not valid now is no mistake of the file: `validate` objects, what runs goes on with it. */
export const outdatedCode = 'expired-certificate';

export function readTlsFiles(config: ProxyConfig, where: (path: Path) => Position, nowMs: number): ReadMaterial {
  const diagnostics: Diagnostic[] = [];
  const complainAt: ComplainAt =
    (path, severity = 'error') =>
    (code, message, hint) => {
      diagnostics.push({ severity, code, message, where: where(path), ...(hint !== undefined && { hint }) });
    };
  const { acme } = config;
  const frontends: Record<string, FrontendMaterial> = {};
  const backends: Record<string, BackendMaterial> = {};
  const peers: Record<string, BackendMaterial> = {};
  config.frontends.forEach(({ name, tls }, at) => {
    const inside: ComplainAt = (path, severity) => complainAt(['frontends', at, 'tls', ...path], severity);
    if (tls) frontends[name] = frontendMaterial(tls, acme, inside, nowMs);
  });
  config.backends.forEach((backend, at) => {
    if (backend.tls) backends[backend.name] = backendMaterial(backend.tls, complainAt(['backends', at, 'tls']), nowMs);
  });
  config.peers.forEach(({ name, tls }, at) => {
    if (tls) peers[name] = peersMaterial(tls, complainAt(['peers', at, 'tls']), nowMs);
  });
  if (acme?.dns?.provider === 'cloudns' && acme.dns.credentials !== undefined) {
    checkSecret(acme.dns.credentials, complainAt(['acme', 'dns', 'credentials']));
  }
  const { mail } = config.expiryAlerts;
  const inMail = (key: string): Complain => complainAt(['expiryAlerts', 'mail', key]);
  if (mail?.passwordFile !== undefined) checkSecret(mail.passwordFile, inMail('passwordFile'));
  if (mail?.trust !== undefined) readPem(mail.trust, 'CERTIFICATE', inMail('trust'));
  const acmeTrust = acme?.trust === undefined ? '' : readPem(acme.trust, 'CERTIFICATE', complainAt(['acme', 'trust']));
  return { material: { frontends, backends, peers, acmeTrust }, diagnostics };
}

function frontendMaterial(
  { certificates, clientAuth, ...offer }: FrontendTlsConfig,
  acme: AcmeConfig | undefined,
  complainAt: ComplainAt,
  nowMs: number,
): FrontendMaterial {
  const found = certificates.flatMap((source, index) => {
    return certificatesOf(
      source,
      acme,
      (path, severity) => complainAt(['certificates', index, ...path], severity),
      nowMs,
    );
  });
  found.forEach(({ cert, key, file }) => tryContext({ cert, key }, file, complainAt(['certificates'])));
  tryOffer(offer, complainAt([]));
  const ca = clientAuth ? readPem(clientAuth.ca, 'CERTIFICATE', complainAt(['clientAuth', 'ca'])) : '';
  const crl =
    clientAuth?.crl === undefined ? '' : readPem(clientAuth.crl, 'X509 CRL', complainAt(['clientAuth', 'crl']));
  if (clientAuth && ca !== '') {
    tryContext({ ca, ...(crl !== '' && { crl }) }, clientAuth.crl ?? clientAuth.ca, complainAt(['clientAuth']));
  }
  return { certificates: found, ca, crl };
}

function certificatesOf(
  source: CertificateSource,
  acme: AcmeConfig | undefined,
  complainAt: ComplainAt,
  nowMs: number,
): readonly CertificateMaterial[] {
  if (typeof source === 'string') return readCertificates(source, nowMs, complainAt([]));
  if ('cert' in source) return filesOf(source, nowMs, complainAt([]));
  if (!acme) return [];
  checkAllowed(acme, source.acme, complainAt(['acme']));
  const kept = readKept(acme, source.acme, nowMs, complainAt(['acme'], 'warning'));
  return kept ? [kept] : [];
}

function filesOf({ cert, key, names }: CertificateFiles, nowMs: number, complain: Complain): CertificateMaterial[] {
  const pair = key === undefined ? undefined : readPair(cert, key, nowMs, complain);
  const found = key === undefined ? readCertificates(cert, nowMs, complain) : pair ? [pair] : [];
  return names ? found.map((each) => ({ ...each, names, hasNamesOfFile: false })) : found;
}

function backendMaterial(
  { ca, cert, key, ...offer }: NonNullable<BackendConfig['tls']>,
  complain: Complain,
  nowMs: number,
): BackendMaterial {
  const own = cert !== undefined && key !== undefined ? readPair(cert, key, nowMs, complain) : undefined;
  tryOffer(offer, complain);
  return { ca: ca === undefined ? '' : readAuthorities(ca, complain), cert: own?.cert ?? '', key: own?.key ?? '' };
}

function peersMaterial({ ca, cert, key }: PeerTlsConfig, complain: Complain, nowMs: number): BackendMaterial {
  const own = readPair(cert, key, nowMs, complain);
  if (own) tryContext({ cert: own.cert, key: own.key }, cert, complain);
  return { ca: readAuthorities(ca, complain), cert: own?.cert ?? '', key: own?.key ?? '' };
}

function readAuthorities(file: string, complain: Complain): string {
  const authorities = readPem(file, 'CERTIFICATE', complain);
  if (authorities !== '') tryContext({ ca: authorities }, file, complain);
  return authorities;
}

/** Names of ciphers and groups that OpenSSL does not know. */
function tryOffer({ ciphers, cipherSuites, groups }: TlsOffer, complain: Complain): void {
  tryContext({ ciphers: ciphersOf(ciphers, undefined) }, '`ciphers`', complain);
  tryContext({ ciphers: ciphersOf(undefined, cipherSuites) }, '`cipherSuites`', complain);
  if (groups !== undefined) tryContext({ ecdhCurve: groups }, '`groups`', complain);
}

/** OpenSSL has the last word: on keys that are too short, and on what a part of a chain is. */
function tryContext(options: SecureContextOptions, file: string, complain: Complain): void {
  try {
    builtins.tls.createSecureContext(options);
  } catch (error) {
    complain('bad-certificate', `OpenSSL refuses what is in ${file}: ${messageOf(error)}`);
  }
}
