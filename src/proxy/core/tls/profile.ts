// Mozilla's "intermediate" recommendation for servers (guidelines 5.8 and 6.0): TLS 1.2 with forward secrecy and
// authenticated encryption only, TLS 1.3. Our order counts, with what it leaves the choice to clients for: a phone without
// AES in hardware, which names ChaCha20 first, gets it.

/** OpenSSL's names. */
export const cipherSuites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'].join(
  ':',
);

/** TLS 1.2 comes without the exchange by finite fields. */
export const oldCiphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** Those of TLS 1.3 first: without any of them Node.js would not speak it. */
export function ciphersOf(old: string | undefined, suites: string | undefined): string {
  return `${suites ?? cipherSuites}:${old ?? oldCiphers}`;
}

/** ML-KEM needs OpenSSL 3.5, which Node.js has since 22.20. */
export const groups = 'X25519MLKEM768:X25519:prime256v1:secp384r1';
export const groupsWithoutMlkem = 'X25519:prime256v1:secp384r1';

/** How long a session can be resumed, and how long its ticket's key is used: a key that gets out opens what it sealed. */
export const sessionSeconds = 43_200;
