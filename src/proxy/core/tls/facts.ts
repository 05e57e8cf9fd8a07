// What is known of a client's TLS connection, for rules, header edits and logs. Plain data.

export interface TlsFacts {
  /** The name that the client asked for, in lower case; '' = none. */
  readonly sni: string;
  /** `TLSv1.3` */
  readonly version: string;
  readonly cipher: string;
  /** Its certificate, if it has one: it was verified. */
  readonly client: ClientCertificate | undefined;
}

export interface ClientCertificate {
  /** Distinguished names as RFC 4514 writes them, in one line of ASCII. */
  readonly subject: string;
  readonly issuer: string;
  /** In upper-case hexadecimal digits. */
  readonly serial: string;
  /** SHA-256, in lower-case hexadecimal digits. */
  readonly fingerprint: string;
  /** The whole certificate (DER) in Base64. */
  readonly der: string;
}

/** The common name of a subject as above, its first one; undefined if it has none. An escaped comma ends no part. */
export function commonNameOf(subject: string): string | undefined {
  const [, name] = /^(?:(?:[^,\\]|\\.)*,)*CN=((?:[^,\\]|\\.)*)/.exec(subject) ?? [];
  return name?.replaceAll(/\\([^0-9A-F])/g, '$1');
}
