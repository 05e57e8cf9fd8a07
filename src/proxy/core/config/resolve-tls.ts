// TLS of a checked document -> the model.
import { parseBind } from './bind.ts';
import { durationMs } from './duration.ts';
import type { ConfigDocument } from './read.ts';
import type {
  AcmeConfig,
  AcmeDnsConfig,
  BackendTlsConfig,
  ExpiryAlertsConfig,
  FrontendTlsConfig,
  TlsOffer,
} from './tls-model.ts';

type FrontendTlsDocument = NonNullable<ConfigDocument['frontends'][number]['tls']>;
type BackendDocument = ConfigDocument['backends'][number];
type BackendTlsDocument = NonNullable<BackendDocument['tls']>;

export function resolveFrontendTls(tls: FrontendTlsDocument): FrontendTlsConfig {
  const { clientAuth } = tls;
  return {
    binds: tls.bind.map((text) => parseBind(text)?.id ?? ''),
    certificates: tls.certificates.map((source) => {
      if (typeof source === 'string') return source;
      if ('acme' in source) return { acme: source.acme.map(lowerCase), challenge: source.challenge };
      return { cert: source.cert, key: source.key, names: source.names?.map(lowerCase) };
    }),
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
  const { directory, email, hosts, storage, trust, keyType, challenge, dns } = acme;
  return {
    ...{ directory, email, hosts: hosts.map(lowerCase), storage, trust, keyType, challenge },
    dns: dns && resolveAcmeDns(dns),
  };
}

function resolveAcmeDns(dns: NonNullable<NonNullable<ConfigDocument['acme']>['dns']>): AcmeDnsConfig {
  const { provider, credentials, module = '', options = {}, nameservers, propagation } = dns;
  const common = { nameservers, propagationMs: durationMs(propagation) };
  return provider === 'cloudns' ? { ...common, provider, credentials } : { ...common, provider, module, options };
}

export function resolveAlerts({ days, webhook, mail }: ConfigDocument['expiryAlerts']): ExpiryAlertsConfig {
  if (!mail) return { days, webhook, mail };
  const { host, port, security, user, passwordFile, from, to, trust } = mail;
  return { days, webhook, mail: { host, port, security, user, passwordFile, from, to, trust } };
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}
