// Certificates and keys from files: single ones, pairs, folders. Says what is wrong with each, and never shows a key.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import type { CertificateMaterial } from './tls-material.ts';

/** Tells of a problem. `code` is stable. */
export type Complain = (code: string, message: string, hint?: string) => void;

const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const keyPattern = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]+?-----END (?:[A-Z]+ )?PRIVATE KEY-----/;
/** The extension that asks for stapling, with the feature `status_request` (5): RFC 7633. */
const mustStapleBytes = Buffer.from('06082b0601050507011804053003020105', 'hex');

/** Text of a file, or undefined and a complaint. */
export function readText(file: string, complain: Complain): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    complain(
      'cannot-read',
      `cannot read ${file}: ${messageOf(error)}`,
      'The user of veza-proxy must be able to read it.',
    );
    return undefined;
  }
}

/** A file of secrets must be there, and be nobody's but its readers'. */
export function checkSecret(file: string, complain: Complain): void {
  if (readText(file, complain) === undefined) return;
  const { mode } = statSync(file);
  if ((mode & 0o007) !== 0) {
    complain(
      'open-secret',
      `${file} holds a secret and everybody may read it`,
      `Let only its readers have it: chmod 0640 ${file}.`,
    );
  }
}

/** PEM text that holds certificates, or lists of revoked ones; '' and a complaint where it holds none. */
export function readPem(file: string, what: 'CERTIFICATE' | 'X509 CRL', complain: Complain): string {
  const text = readText(file, complain);
  if (text === undefined) return '';
  if (text.includes(`-----BEGIN ${what}-----`)) return text;
  complain(
    'bad-certificate',
    `${file} holds no ${what === 'CERTIFICATE' ? 'certificate' : 'list of revoked ones'} in PEM`,
  );
  return '';
}

/** Files beside a certificate that are about it, and what editors and packages leave behind. */
const beside = /\.(?:key|ocsp|issuer|sctl|csr|srl|bak|old|orig|dpkg-[a-z]+)$|~$/;
/** The same certificate with keys of other kinds, as HAProxy names them. */
const kinds = ['.rsa', '.ecdsa'] as const;

/** All certificates of a file or of a folder. */
export function readCertificates(path: string, nowMs: number, complain: Complain): CertificateMaterial[] {
  let isFolder: boolean;
  try {
    const bundle = existsSync(path) ? [] : kinds.map((kind) => path + kind).filter((file) => existsSync(file));
    if (bundle.length > 0) return bundle.flatMap((file) => readOne(file, nowMs, complain));
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    complain('cannot-read', `cannot read ${path}: ${messageOf(error)}`, 'Give a PEM file, or a folder of PEM files.');
    return [];
  }
  if (!isFolder) return readOne(path, nowMs, complain);
  const names = readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && !beside.test(entry.name))
    .map(({ name }) => name);
  const found = names.sort().flatMap((name) => {
    const file = join(path, name);
    const text = readText(file, complain);
    // A folder may hold keys and chains beside the certificates that they belong to.
    if (text?.includes('-----BEGIN CERTIFICATE-----') !== true) return [];
    const key = keyOf(file, text);
    return key === undefined ? [] : present(readPair(file, key, nowMs, complain));
  });
  if (found.length === 0) complain('no-certificate', `${path} holds no certificate with its key`);
  return found;
}

function readOne(file: string, nowMs: number, complain: Complain): CertificateMaterial[] {
  const text = readText(file, complain);
  return text === undefined ? [] : present(readPair(file, keyOf(file, text) ?? file, nowMs, complain));
}

/** The file with the key: the same, or one beside it. */
function keyOf(file: string, text: string): string | undefined {
  if (keyPattern.test(text)) return file;
  const bare = join(dirname(file), basename(file).replace(/\.[^.]+$/, ''));
  return [`${bare}.key`, `${file}.key`].find((other) => existsSync(other));
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

/** A certificate with its chain, and its key, which may be in the same file. */
export function readPair(
  certFile: string,
  keyFile: string,
  nowMs: number,
  complain: Complain,
): CertificateMaterial | undefined {
  const certText = readText(certFile, complain);
  const keyText = keyFile === certFile ? certText : readText(keyFile, complain);
  if (certText === undefined || keyText === undefined) return undefined;
  return pairOf({ certFile, certText, keyFile, keyText }, nowMs, complain);
}

/** The texts of a pair, and the files that they are of. */
export interface PairTexts {
  readonly certFile: string;
  readonly certText: string;
  readonly keyFile: string;
  readonly keyText: string;
}

export function pairOf(
  { certFile, certText, keyFile, keyText }: PairTexts,
  nowMs: number,
  complain: Complain,
): CertificateMaterial | undefined {
  const chain = certText.match(certificatePattern) ?? [];
  const [first] = chain;
  if (first === undefined) {
    complain('bad-certificate', `${certFile} holds no certificate in PEM`);
    return undefined;
  }
  const certificate = parseCertificate(first, certFile, complain);
  const key = parseKey(keyText, keyFile, complain);
  if (!certificate || !key) return undefined;
  if (!certificate.checkPrivateKey(key.object)) {
    complain(
      'mismatched-key',
      `the key in ${keyFile} is not that of the certificate in ${certFile}`,
      'The certificate itself must come first in its file, before those of its issuers.',
    );
    return undefined;
  }
  checkTimes(certificate, certFile, nowMs, complain);
  return {
    cert: `${chain.join('\n')}\n`,
    key: key.pem,
    names: namesOf(certificate),
    hasNamesOfFile: true,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    keyType: key.object.asymmetricKeyType ?? '',
    file: certFile,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    isKept: false,
    mustStaple: certificate.raw.includes(mustStapleBytes),
    issuer: chain[1] ?? textBeside(certFile, 'issuer', 'utf8'),
    answer: textBeside(certFile, 'ocsp', 'base64'),
    responder: /^OCSP - URI:(\S+)$/m.exec(certificate.infoAccess ?? '')?.[1] ?? '',
  };
}

/** What a file of the same name and this ending holds, as HAProxy has it; '' without one. */
function textBeside(file: string, ending: string, encoding: 'utf8' | 'base64'): string {
  try {
    return readFileSync(`${file}.${ending}`, encoding);
  } catch {
    return '';
  }
}

function parseCertificate(pem: string, file: string, complain: Complain): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    complain('bad-certificate', `the certificate in ${file} cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

function parseKey(
  text: string,
  file: string,
  complain: Complain,
): { readonly object: KeyObject; readonly pem: string } | undefined {
  const pem = keyPattern.exec(text)?.[0];
  if (pem === undefined) {
    complain(
      'bad-key',
      `${file} holds no private key in PEM`,
      'Put it behind the certificate, or name both as `{ cert, key }`.',
    );
    return undefined;
  }
  try {
    return { object: createPrivateKey(pem), pem: `${pem}\n` };
  } catch (error) {
    const encrypted = /ENCRYPTED/.test(pem);
    complain(
      'bad-key',
      `the private key in ${file} ${encrypted ? 'is encrypted' : `cannot be read: ${messageOf(error)}`}`,
      encrypted ? 'Decrypt it: `openssl pkey -in FILE -out FILE`.' : undefined,
    );
    return undefined;
  }
}

function checkTimes(certificate: X509Certificate, file: string, nowMs: number, complain: Complain): void {
  if (Date.parse(certificate.validTo) <= nowMs) {
    complain('expired-certificate', `the certificate in ${file} expired on ${certificate.validTo}`, 'Renew it.');
  } else if (Date.parse(certificate.validFrom) > nowMs) {
    complain(
      'expired-certificate',
      `the certificate in ${file} is valid from ${certificate.validFrom} on only`,
      'Is the clock of this machine right?',
    );
  }
}

/** Names that clients may ask for. Without alternative names, as in old certificates, the common name is one. */
function namesOf(certificate: X509Certificate): string[] {
  const { subjectAltName } = certificate;
  if (subjectAltName === undefined) return present(/^CN=(\S+)$/m.exec(certificate.subject)?.[1]);
  return [...subjectAltName.matchAll(/(?:^|, )DNS:([^\s",]+)/g)].map(([, name = '']) => name);
}
