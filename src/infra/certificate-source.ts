// Where a cloud load balancer's uploaded certificate comes from: something that has certificates and can get new ones.
// Filled by ACME (dns-01); what is done with a certificate in the cloud is decided in desired/.

/** PEM, with what is needed to tell it from another one. */
export interface SourcedCertificate {
  readonly domains: readonly string[];
  /** The leaf first, then those above it. */
  readonly certificate: string;
  readonly privateKey: string;
  /** SHA-256 of the leaf: 64 hexadecimal digits in lower case, without colons. Changes with every renewal. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface CertificateSource {
  /** The certificate for exactly these domains that is there now; asks nobody. `null`: there is none, or it has run out. */
  current(domains: readonly string[]): Promise<SourcedCertificate | null>;
  /** Whether `obtain` would get a new one: there is none, or it is time for its renewal. Asks nobody, so that a dry run may call it. */
  isDue(domains: readonly string[]): Promise<boolean>;
  /** The one that is there, or a new one where it is due. Rejects with VezaError; the one that was there stays then. */
  obtain(domains: readonly string[], signal?: AbortSignal): Promise<SourcedCertificate>;
}
