// An authority of this machine's own, for names that no public one may certify: .test, .localhost and .local. Its
// certificate says that it is good for nothing else, so that trusting it does not put anybody's other traffic at risk.
import { randomBytes, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { isForDomains, readCertificate } from './certificate.ts';
import { AcmeError } from './errors.ts';
import { makePrivateFolder, writeAtomically } from './files.ts';
import type { AcmeClock, StoredCertificate } from './model.ts';
import { isDue } from './schedule.ts';
import { CertificateStore } from './store.ts';

export interface LocalAuthorityOptions {
  /** The authority's own certificate and key, and those that it issued, are below it. */
  readonly folder: string;
  readonly clock: Pick<AcmeClock, 'now'>;
}

interface Own {
  readonly certificate: string;
  readonly privateKey: string;
}

const dayMs = 86_400_000;
const leafDays = 365;
const ownDays = 3650;
/** Clocks differ. */
const backdateMs = 3600_000;
const localTops = ['test', 'localhost', 'local'];
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const loopbackRanges = ['127.0.0.0/8', '::1/128'];

/** Names of the tops themselves and all below them. */
export function isLocalDomain(domain: string): boolean {
  return localTops.some((top) => domain === top || domain.endsWith(`.${top}`));
}

export class LocalAuthority {
  readonly #folder: string;
  readonly #clock: Pick<AcmeClock, 'now'>;
  readonly #store: CertificateStore;
  #own: Promise<Own> | null = null;

  constructor({ folder, clock }: LocalAuthorityOptions) {
    this.#folder = folder;
    this.#clock = clock;
    this.#store = new CertificateStore(folder, { certificateMode: 0o644 });
  }

  /** The authority's own certificate (PEM), to be trusted by browsers; made when it is not there. */
  async certificate(): Promise<{ readonly pem: string; readonly file: string }> {
    return { pem: (await this.#open()).certificate, file: this.#certificateFile };
  }

  /** The certificate for these domains, made or renewed (at a third of its life) where it is due. Rejects with AcmeError. */
  async ensure(name: string, domains: readonly string[]): Promise<StoredCertificate> {
    const foreign = domains.filter((domain) => !isLocalDomain(domain));
    if (foreign.length > 0) {
      throw new AcmeError('acme-domain-not-allowed', `no local certificate for ${foreign.join(', ')}`, {
        hint: `Local names end with ${localTops.map((top) => `.${top}`).join(', ')}; others can have one by ACME.`,
      });
    }
    const own = await this.#open();
    const there = await this.#store.read(name);
    const usable = there && isForDomains(there, domains) && there.certificate.includes(own.certificate.trim());
    if (usable && !isDue(there, this.#clock.now())) return there;
    const { certificate, privateKey } = await this.#issue(own, domains);
    return this.#store.write(name, certificate, privateKey);
  }

  /** The certificate that is there, whatever its age. */
  async current(name: string): Promise<StoredCertificate | null> {
    return this.#store.read(name);
  }

  async remove(name: string): Promise<void> {
    await this.#store.remove(name);
  }

  get #certificateFile(): string {
    return join(this.#folder, 'ca.pem');
  }

  #open(): Promise<Own> {
    this.#own ??= this.#load().catch((error: unknown) => {
      this.#own = null;
      throw error;
    });
    return this.#own;
  }

  async #load(): Promise<Own> {
    const keyFile = join(this.#folder, 'ca-key.pem');
    try {
      const certificate = await readFile(this.#certificateFile, 'utf8');
      const privateKey = await readFile(keyFile, 'utf8');
      // Leaves must not outlive what vouches for them.
      if (readCertificate(certificate).notAfterMs > this.#clock.now() + leafDays * dayMs)
        return { certificate, privateKey };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
        throw new AcmeError('acme-wrong-options', `the local authority cannot be read: ${messageOf(error)}`, {
          hint: `Remove ${this.#folder} to have a new one; it must be trusted anew then.`,
        });
      }
    }
    const own = await this.#make();
    await makePrivateFolder(this.#folder);
    await writeAtomically(keyFile, own.privateKey, 0o600);
    await writeAtomically(this.#certificateFile, own.certificate, 0o644);
    return own;
  }

  async #make(): Promise<Own> {
    const { x509, asn1, convert } = await loadX509();
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const names = localTops.map((dNSName) => new asn1.GeneralName({ dNSName }));
    const ranges = loopbackRanges.map((iPAddress) => new asn1.GeneralName({ iPAddress }));
    const permitted = [...names, ...ranges].map((base) => new asn1.GeneralSubtree({ base }));
    const constraints = new asn1.NameConstraints({ permittedSubtrees: new asn1.GeneralSubtrees(permitted) });
    const now = this.#clock.now();
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      // A number of its own, so that browsers can tell a new one from the one before it.
      name: `CN=veza-run local authority ${randomBytes(4).toString('hex')}`,
      notBefore: new Date(now - backdateMs),
      notAfter: new Date(now + ownDays * dayMs),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.Extension(asn1.id_ce_nameConstraints, true, convert.serialize(constraints)),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { certificate: `${made.toString('pem')}\n`, privateKey: await pemOf(keys.privateKey) };
  }

  async #issue(own: Own, domains: readonly string[]): Promise<Own> {
    const { x509 } = await loadX509();
    const authority = new x509.X509Certificate(own.certificate);
    const der = Buffer.from(own.privateKey.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    const signingKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const now = this.#clock.now();
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [domains[0] ?? ''] }],
      issuer: authority.subject,
      notBefore: new Date(now - backdateMs),
      notAfter: new Date(now + leafDays * dayMs),
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(domains.map((value) => ({ type: 'dns', value }))),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ],
    });
    return { certificate: `${made.toString('pem')}\n${own.certificate}`, privateKey: await pemOf(keys.privateKey) };
  }
}

/** Loaded when they are needed: they are large. */
async function loadX509() {
  const [x509, asn1, schema] = await Promise.all([
    import('@peculiar/x509'),
    import('@peculiar/asn1-x509'),
    import('@peculiar/asn1-schema'),
  ]);
  return { x509, asn1, convert: schema.AsnConvert };
}

/** Positive and of full length: the first half byte is never zero. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${base64.replaceAll(/(.{64})/g, '$1\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}
