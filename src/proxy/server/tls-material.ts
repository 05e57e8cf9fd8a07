// What the files that a configuration names hold: certificates, keys, authorities. It goes to the workers beside the
// configuration, never in it.

export interface CertificateMaterial {
  /** PEM: the certificate, then its chain. */
  readonly cert: string;
  readonly key: string;
  /** DNS names, perhaps with a wildcard. */
  readonly names: readonly string[];
  /** False: the configuration says for which names it is. */
  readonly hasNamesOfFile: boolean;
  /** SHA-256 of the certificate, in hexadecimal digits. */
  readonly fingerprint: string;
  readonly keyType: string;
  /** The file that it is from, for messages. */
  readonly file: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** The proxy got it and renews it. */
  readonly isKept: boolean;
  /** Clients shall refuse it without a stapled answer of its issuer (RFC 7633). */
  readonly mustStaple: boolean;
  /** Where its issuer answers questions about it; '' = nowhere. */
  readonly responder: string;
  /** PEM: its issuer; '' = unknown. */
  readonly issuer: string;
  /** What stands beside it as an answer of its issuer, in Base64; '' = nothing. */
  readonly answer: string;
}

export interface FrontendMaterial {
  readonly certificates: readonly CertificateMaterial[];
  /** PEM; '' = none. */
  readonly ca: string;
  readonly crl: string;
}

export interface BackendMaterial {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** By name of the frontend, and of the backend. */
export interface TlsMaterial {
  readonly frontends: Readonly<Record<string, FrontendMaterial>>;
  readonly backends: Readonly<Record<string, BackendMaterial>>;
  /** By name of the section: of machines that share stick tables. */
  readonly peers: Readonly<Record<string, BackendMaterial>>;
  /** PEM: who else is trusted to have issued the certificate of the ACME directory; '' = nobody. */
  readonly acmeTrust: string;
}
