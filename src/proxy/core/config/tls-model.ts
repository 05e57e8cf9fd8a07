// TLS and HTTP/2 in the configuration as the program uses it. Only names of files: what is in them travels apart, so
// that no private key is ever shown with a configuration.

/** Where a certificate is: a file or folder, a file for each part, or the names for which one is to be got. */
export type CertificateSource = string | CertificateFiles | AcmeSource;

export interface CertificateFiles {
  readonly cert: string;
  /** undefined: in the same file, or beside it. */
  readonly key: string | undefined;
  /** undefined: for those that it has. */
  readonly names: readonly string[] | undefined;
}

/** Names for which a certificate is to be got. */
export interface AcmeSource {
  readonly acme: readonly string[];
  /** undefined: as for all. */
  readonly challenge: 'http-01' | 'dns-01' | undefined;
}

/** Certificates that the proxy gets itself. */
export interface AcmeConfig {
  readonly directory: string;
  readonly email: string | undefined;
  readonly hosts: readonly string[];
  readonly storage: string;
  /** PEM file; undefined: the well-known authorities. */
  readonly trust: string | undefined;
  readonly keyType: 'ecdsa' | 'rsa';
  readonly challenge: 'http-01' | 'dns-01';
  readonly dns: AcmeDnsConfig | undefined;
}

/** Who publishes DNS records. Credentials are read by who needs them and stand nowhere here. */
export type AcmeDnsConfig = (
  | { readonly provider: 'cloudns'; readonly credentials: string | undefined }
  | {
      readonly provider: 'module';
      /** Path of the module; behind `?v=` what its text comes to, so that a changed one is another. */
      readonly module: string;
      readonly options: Readonly<Record<string, unknown>>;
    }
) & { readonly nameservers: readonly string[] | undefined; readonly propagationMs: number };

export interface ExpiryAlertsConfig {
  readonly days: number;
  readonly webhook: string | undefined;
  readonly mail: AlertMailConfig | undefined;
}

/** Password and authority are read from their files by who sends it. */
export interface AlertMailConfig {
  readonly host: string;
  readonly port: number | undefined;
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly trust: string | undefined;
}

/** What is offered in handshakes. Undefined: the profile's. */
export interface TlsOffer {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers: string | undefined;
  readonly cipherSuites: string | undefined;
  readonly groups: string | undefined;
}

export interface FrontendTlsConfig extends TlsOffer {
  /** Ids of the binds that speak TLS. */
  readonly binds: readonly string[];
  readonly certificates: readonly CertificateSource[];
  readonly sessionTickets: boolean;
  readonly alpn: readonly ('h2' | 'http/1.1')[];
  readonly strictSni: boolean;
  readonly clientAuth:
    { readonly ca: string; readonly mode: 'required' | 'optional'; readonly crl: string | undefined } | undefined;
  readonly ocsp: 'auto' | 'on' | 'off';
  readonly handshakeMs: number;
}

export interface Http2Config {
  readonly maxStreams: number;
  readonly clear: boolean;
  readonly webSockets: boolean;
}

export interface BackendTlsConfig extends TlsOffer {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly verify: boolean;
  /** The certificate must have the name (or address) that was asked for. */
  readonly verifyName: boolean;
}
