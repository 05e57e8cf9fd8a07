// The words of the ACME part: what is asked for, what one gets, and what others must provide (ports). Types only.

/** Time and chance, injected so that decisions can be tested. */
export interface AcmeClock {
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

/** Names of the authorities that need no URL; anything else is the URL of a directory. */
export type AcmeDirectory = 'production' | 'staging' | (string & {});

export interface WantedCertificate {
  /** What it is filed under; default of most users: its first domain. Letters, digits, dots, dashes, `_` and `*`. */
  readonly name: string;
  /** Lower case; wildcards (`*.example.com`) need dns-01. */
  readonly domains: readonly string[];
  /** Default: dns-01 where a domain is a wildcard or there is no http-01, else http-01. */
  readonly challenge?: 'http-01' | 'dns-01';
}

export interface CertificateInfo {
  readonly domains: readonly string[];
  /** The issuer's common name. */
  readonly issuer: string;
  readonly serialNumber: string;
  /** SHA-256 of the leaf: 64 hexadecimal digits in lower case. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A certificate on disk. `certificate` is PEM, the leaf first. */
export interface StoredCertificate extends CertificateInfo {
  readonly name: string;
  readonly certificate: string;
  readonly privateKey: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Publishes TXT records for dns-01. `name` is complete: `_acme-challenge.example.com`. */
export interface DnsChallenge {
  /** Adds the value; values of others at the same name stay. */
  present(name: string, value: string, signal?: AbortSignal): Promise<void>;
  /** Removes this value only. It is no error where it is gone already. */
  remove(name: string, value: string, signal?: AbortSignal): Promise<void>;
  /** Resolves when everybody who asks sees the value. */
  ready?(name: string, value: string, signal?: AbortSignal): Promise<void>;
}

/** Answers http-01: `GET http://host/.well-known/acme-challenge/TOKEN` with the key authorization, on port 80. */
export interface HttpChallenge {
  /** Resolves when every process that answers for `host` knows it. */
  present(host: string, token: string, keyAuthorization: string): void | Promise<void>;
  remove(host: string, token: string): void | Promise<void>;
}

/** What happens; for logs, events and alerts. */
export type AcmeEvent =
  | { readonly kind: 'ordering'; readonly name: string; readonly domains: readonly string[] }
  | { readonly kind: 'issued'; readonly certificate: StoredCertificate; readonly renewed: boolean }
  | {
      /** An answer to a challenge that could not be cleared away; the order went on. */
      readonly kind: 'left-behind';
      readonly domain: string;
      readonly challenge: 'http-01' | 'dns-01';
      readonly reason: string;
    }
  | {
      readonly kind: 'failed';
      readonly name: string;
      readonly error: Error;
      /** Milliseconds since 1970; `null` where nobody tries again by itself. */
      readonly nextAttemptMs: number | null;
      /** The old certificate, which stays in use. */
      readonly kept: StoredCertificate | null;
    };

export interface AcmeOptions {
  readonly directory: AcmeDirectory;
  /** Account and certificates are below it; made with mode 0700. */
  readonly folder: string;
  /** For messages of the authority. */
  readonly email?: string;
  /** The authority's terms must be agreed to by a person; without it no account is made. */
  readonly termsAgreed: boolean;
  /** Only these may be asked for: exact names, or `*.example.com` for itself and names of one label below example.com. */
  readonly allowedDomains: readonly string[];
  readonly http?: HttpChallenge;
  readonly dns?: DnsChallenge;
  /** PEM of an authority to trust for the directory's own TLS (beside the usual ones). */
  readonly trust?: string | undefined;
  /** Default `ecdsa` (P-256). */
  readonly keyType?: 'ecdsa' | 'rsa';
  readonly clock: AcmeClock;
  readonly onEvent?: (event: AcmeEvent) => void;
}
