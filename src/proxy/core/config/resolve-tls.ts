// TLS of a checked document -> the model.
import { parseBind } from './bind.ts';
import { durationMs } from './duration.ts';
import type { ConfigDocument } from './read.ts';
import type { AcmeConfig, BackendTlsConfig, FrontendTlsConfig, TlsOffer } from './tls-model.ts';

type FrontendTlsDocument = NonNullable<ConfigDocument['frontends'][number]['tls']>;
type BackendDocument = ConfigDocument['backends'][number];
type BackendTlsDocument = NonNullable<BackendDocument['tls']>;

export function resolveFrontendTls(tls: FrontendTlsDocument): FrontendTlsConfig {
  const { clientAuth } = tls;
  return {
    binds: tls.bind.map((text) => parseBind(text)?.id ?? ''),
    certificates: tls.certificates.map((source) =>
      typeof source === 'object' && 'acme' in source ? { acme: source.acme.map(lowerCase) } : source,
    ),
    ...offerOf(tls, tls.profile === 'modern' ? 'TLSv1.3' : 'TLSv1.2'),
    sessionTickets: tls.sessionTickets,
    alpn: tls.alpn,
    strictSni: tls.strictSni,
    clientAuth: clientAuth && { ca: clientAuth.ca, mode: clientAuth.mode, crl: clientAuth.crl },
    ocsp: tls.ocsp,
    handshakeMs: durationMs(tls.handshake),
  };
}

export function resolveBackendTls(tls: BackendTlsDocument): BackendTlsConfig {
  const { ca, cert, key, insecureSkipVerify, verifyName } = tls;
  return { ca, cert, key, verify: !insecureSkipVerify, verifyName, ...offerOf(tls, 'TLSv1.2') };
}

function offerOf(tls: FrontendTlsDocument | BackendTlsDocument, lowest: TlsOffer['minVersion']): TlsOffer {
  const { minVersion = lowest, maxVersion = 'TLSv1.3', ciphers, cipherSuites, groups } = tls;
  return { minVersion, maxVersion, ciphers, cipherSuites, groups };
}

/** What is spoken to a server. */
export function protocolOf(http2: BackendDocument['http2'], { tls }: BackendDocument): 'h1' | 'h2' | 'negotiated' {
  if (http2 === false) return 'h1';
  return http2 === true && tls ? 'negotiated' : 'h2';
}

export function resolveAcme(acme: NonNullable<ConfigDocument['acme']>): AcmeConfig {
  const { directory, email, hosts, storage, trust, keyType } = acme;
  return { directory, email, hosts: hosts.map(lowerCase), storage, trust, keyType };
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}
