// `show`, `set`, `commit` and `abort ssl cert` of the stats socket: how tools that renew certificates hand them over. What is
// set is in memory only, as with HAProxy: it counts until files are read again.
import { X509Certificate } from 'node:crypto';
import type { SslAction } from '../core/stats/command.ts';
import { failure, note, type Reply } from '../core/stats/reply.ts';
import { pairOf } from './certificate-files.ts';
import type { ControlledProxy } from './controlled-proxy.ts';
import type { CertificateMaterial, TlsMaterial } from './tls-material.ts';

export class SslCommands {
  readonly #proxy: ControlledProxy;
  /** What was set and not yet committed: one certificate at a time, as with HAProxy. */
  #pending: CertificateMaterial | undefined;

  constructor(proxy: ControlledProxy) {
    this.#proxy = proxy;
  }

  async run(action: SslAction, file: string, payload: string | undefined, actor: string): Promise<Reply> {
    switch (action) {
      case 'show':
        return file === '' ? this.#list() : this.#details(file);
      case 'set':
        return this.#set(file, payload);
      case 'commit':
        return this.#commit(file, actor);
      case 'abort':
        return this.#abort(file);
      default:
        return action satisfies never;
    }
  }

  #list(): string {
    const pending = this.#pending ? `# transaction\n*${this.#pending.file}\n` : '';
    const files = [...new Set(allOf(this.#proxy.loaded().tls).map(({ file }) => file))];
    return `${pending}${files.length > 0 ? '# filename\n' : ''}${files.map((file) => `${file}\n`).join('')}`;
  }

  #details(file: string): Reply {
    const isPending = file.startsWith('*');
    const found = isPending ? this.#pending : this.#find(file);
    if (!found || (isPending && file !== `*${found.file}`)) {
      return failure("Can't display the certificate: Not found or the certificate is a bundle!\n");
    }
    const status = isPending ? 'Unused' : 'Used';
    return [`Filename: ${file}`, `Status: ${status}`, ...detailsOf(found.cert)].map((line) => `${line}\n`).join('');
  }

  #set(file: string, payload: string | undefined): Reply {
    if (file === '' || payload === undefined) {
      return failure("'set ssl cert expects a filename and a certificate as a payload\n");
    }
    const before = this.#find(file);
    if (!before) {
      return failure(
        `Can't replace a certificate which is not referenced by the configuration!\nCan't update ${file}!\n`,
      );
    }
    if (this.#pending && this.#pending.file !== file) {
      return failure(
        `The ongoing transaction is about '${this.#pending.file}' but you are trying to set '${file}'!\nCan't update ${file}!\n`,
      );
    }
    const problems: string[] = [];
    // A certificate alone goes on with the key that there is.
    const keyText = payload.includes('PRIVATE KEY-----') ? payload : before.key;
    const texts = { certFile: file, certText: payload, keyFile: file, keyText };
    const found = pairOf(texts, Date.now(), (_, message) => problems.push(message));
    if (!found || problems.length > 0)
      return failure(`${problems.join('\n')}\nCan't load the payload\nCan't update ${file}!\n`);
    const done = this.#pending ? 'updated' : 'created';
    this.#pending = found;
    return note(`Transaction ${done} for certificate ${file}!\n`, 'notice');
  }

  async #commit(file: string, actor: string): Promise<Reply> {
    if (file === '') return failure("'commit ssl cert expects a filename\n");
    const pending = this.#pending;
    if (!pending) return failure(`No ongoing transaction! !\nCan't commit ${file}!\n`);
    if (pending.file !== file) {
      return failure(
        `The ongoing transaction is about '${pending.file}' but you are trying to set '${file}'!\nCan't commit ${file}!\n`,
      );
    }
    const problem = await this.#proxy.replaceCertificates((tls) => withCertificate(tls, pending));
    if (problem !== undefined) return failure(`Committing ${file}.\n${problem}\nCan't commit ${file}!\n`);
    this.#pending = undefined;
    this.#proxy.events.emit('admin_action', {
      actor,
      action: 'commit-ssl-cert',
      detail: { file, names: pending.names, fingerprint: pending.fingerprint },
    });
    return `Committing ${file}.\nSuccess!\n`;
  }

  #abort(file: string): Reply {
    if (file === '') return failure("'abort ssl cert' expects a filename\n");
    if (!this.#pending) return failure('No ongoing transaction!\n');
    if (this.#pending.file !== file) {
      return failure(
        `The ongoing transaction is about '${this.#pending.file}' but you are trying to abort a transaction for '${file}'!\n`,
      );
    }
    this.#pending = undefined;
    return note(`Transaction aborted for certificate '${file}'!\n`, 'notice');
  }

  #find(file: string): CertificateMaterial | undefined {
    return allOf(this.#proxy.loaded().tls).find((each) => each.file === file);
  }
}

function allOf({ frontends }: TlsMaterial): readonly CertificateMaterial[] {
  return Object.values(frontends).flatMap(({ certificates }) => certificates);
}

/** Wherever the certificate of its file is used. */
function withCertificate(tls: TlsMaterial, renewed: CertificateMaterial): TlsMaterial {
  const frontends = Object.fromEntries(
    Object.entries(tls.frontends).map(([name, material]) => {
      const certificates = material.certificates.map((each) => {
        if (each.file !== renewed.file) return each;
        const { names, hasNamesOfFile } = each;
        return hasNamesOfFile ? renewed : { ...renewed, names, hasNamesOfFile };
      });
      return [name, { ...material, certificates }];
    }),
  );
  return { ...tls, frontends };
}

function detailsOf(pem: string): readonly string[] {
  const certificate = new X509Certificate(pem);
  const { asymmetricKeyType = '', asymmetricKeyDetails: details } = certificate.publicKey;
  const curves: Readonly<Record<string, string>> = { prime256v1: 'EC256', secp384r1: 'EC384', secp521r1: 'EC521' };
  const curve = details?.namedCurve;
  const algorithm =
    curve === undefined
      ? `${asymmetricKeyType.toUpperCase()}${details?.modulusLength ?? ''}`
      : (curves[curve] ?? curve);
  const name = (text: string): string =>
    text
      .split('\n')
      .map((part) => `/${part}`)
      .join('');
  return [
    `Serial: ${certificate.serialNumber}`,
    `notBefore: ${certificate.validFrom}`,
    `notAfter: ${certificate.validTo}`,
    ...(certificate.subjectAltName === undefined ? [] : [`Subject Alternative Name: ${certificate.subjectAltName}`]),
    `Algorithm: ${algorithm}`,
    `SHA1 FingerPrint: ${certificate.fingerprint.replaceAll(':', '')}`,
    `Subject: ${name(certificate.subject)}`,
    `Issuer: ${name(certificate.issuer)}`,
  ];
}
