// Authorities and certificates for tests, made anew in each: keys on the curve P-256, files in a folder of the test.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as never);

const keyAlgorithms = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
} as const;
const dayMs = 86_400_000;

export interface Leaf {
  readonly names: readonly string[];
  readonly ips?: readonly string[];
  readonly subject?: string;
  readonly kind?: 'ec' | 'rsa';
  readonly use?: 'server' | 'client' | 'peer' | 'ocsp';
  /** Days from now. */
  readonly from?: number;
  readonly until?: number;
  readonly responder?: string;
  readonly mustStaple?: boolean;
}

export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly serial: string;
  readonly certificate: x509.X509Certificate;
}

/** A folder for the files of one test. */
export class CertificateFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'veza-tls-test-'));

  /** Writes a file and returns its path. */
  write(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const uses = {
  server: [x509.ExtendedKeyUsage.serverAuth],
  client: [x509.ExtendedKeyUsage.clientAuth],
  peer: [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
  ocsp: ['1.3.6.1.5.5.7.3.9'],
} as const;

/** An authority that issues certificates. */
export class Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: string;
  readonly #keys: CryptoKeyPair;
  #serial = 0x1000;

  private constructor(certificate: x509.X509Certificate, keys: CryptoKeyPair, key: string) {
    this.certificate = certificate;
    this.#keys = keys;
    this.key = key;
  }

  static async create(name = 'Test Authority'): Promise<Authority> {
    const keys = await newKeys('ec');
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + 365 * dayMs),
      signingAlgorithm: keyAlgorithms.ec,
      keys: keys as never,
      extensions: [
        new x509.BasicConstraintsExtension(true, 1, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(certificate, keys, await keyPem(keys));
  }

  get pem(): string {
    return `${this.certificate.toString('pem')}\n`;
  }

  async issue(leaf: Leaf): Promise<Issued> {
    const { names, ips = [], kind = 'ec', use = 'server', from = -1, until = 90 } = leaf;
    const keys = await newKeys(kind);
    this.#serial += 1;
    const serial = this.#serial.toString(16);
    const extensions: x509.Extension[] = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension(uses[use]),
      await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey as never),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ];
    const alternatives = [
      ...names.map((value) => ({ type: 'dns' as const, value })),
      ...ips.map((value) => ({ type: 'ip' as const, value })),
    ];
    if (alternatives.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(alternatives));
    if (leaf.responder !== undefined) extensions.push(new x509.AuthorityInfoAccessExtension({ ocsp: leaf.responder }));
    if (leaf.mustStaple === true)
      extensions.push(new x509.Extension('1.3.6.1.5.5.7.1.24', false, Buffer.from('3003020105', 'hex')));
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: leaf.subject ?? `CN=${names[0] ?? 'nobody'}`,
      issuer: this.certificate.subject,
      notBefore: new Date(Date.now() + from * dayMs),
      notAfter: new Date(Date.now() + until * dayMs),
      signingAlgorithm: keyAlgorithms.ec,
      publicKey: keys.publicKey as never,
      signingKey: this.#keys.privateKey as never,
      extensions,
    });
    return { cert: `${certificate.toString('pem')}\n`, key: await keyPem(keys), serial, certificate };
  }

  /** A list of revoked certificates. */
  async revoke(serials: readonly string[]): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.certificate.subject,
      thisUpdate: new Date(Date.now() - dayMs),
      nextUpdate: new Date(Date.now() + 30 * dayMs),
      entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date(Date.now() - dayMs) })),
      signingAlgorithm: keyAlgorithms.ec,
      signingKey: this.#keys.privateKey as never,
    });
    return pemOf('X509 CRL', Buffer.from(list.rawData));
  }
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

async function newKeys(kind: 'ec' | 'rsa'): Promise<CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(keyAlgorithms[kind], true, ['sign', 'verify']);
}

async function keyPem({ privateKey }: CryptoKeyPair): Promise<string> {
  return pemOf('PRIVATE KEY', Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey)));
}

function pemOf(what: string, der: Buffer): string {
  const lines = der
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd();
  return `-----BEGIN ${what}-----\n${lines}\n-----END ${what}-----\n`;
}
