// TLS of one frontend in a worker: which certificate a name gets, and who may come in. The certificates of a
// configuration stay with the handshakes that began with them; a reload makes a new terminator.
import { constants, createHash, type X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { SecureContext, SecureContextOptions, Server, TLSSocket } from 'node:tls';
import { builtins } from '../../lib/builtins.ts';
import type { FrontendTlsConfig } from '../core/config/tls-model.ts';
import type { ClientCertificate, TlsFacts } from '../core/tls/facts.ts';
import { NameMap } from '../core/tls/names.ts';
import { ciphersOf, groups, groupsWithoutMlkem, sessionSeconds } from '../core/tls/profile.ts';
import type { CertificateMaterial, FrontendMaterial } from './tls-material.ts';

/** Stapled answers by the SHA-256 of the certificate that they are about; DER. */
export type Staples = ReadonlyMap<string, Buffer>;

/** A client that came through its handshake. */
export type Secured = (socket: TLSSocket, facts: TlsFacts) => void;

/** Certificates for the same names, and the context that has them; undefined is that of the server itself. */
interface Served {
  readonly context: SecureContext | undefined;
  readonly names: NameMap<true>;
}

export class TlsTerminator {
  readonly #config: FrontendTlsConfig;
  readonly #server: Server;
  readonly #names = new NameMap<Served>();
  readonly #first: Served;
  readonly #waiting = new WeakMap<Socket, Secured>();

  constructor(frontend: string, config: FrontendTlsConfig, material: FrontendMaterial, staples: () => Staples) {
    this.#config = config;
    const options = optionsOf(config, material);
    const [first = [], ...others] = groupsOf(material.certificates, config);
    // For the names of the first group nothing is switched: only so both kinds of keys can be offered.
    this.#first = this.#serve(undefined, first);
    for (const group of others) this.#serve(builtins.tls.createSecureContext({ ...options, ...pems(group) }), group);
    const names = this.#names;
    this.#server = builtins.tls.createServer({
      ...options,
      ...pems(first),
      ALPNProtocols: [...config.alpn],
      handshakeTimeout: config.handshakeMs,
      requestCert: config.clientAuth !== undefined,
      rejectUnauthorized: config.clientAuth?.mode === 'required',
      sessionTimeout: sessionSeconds,
      sessionIdContext: sessionScope(frontend, config, material),
      SNICallback: (name, done) => {
        const found = names.find(name);
        if (!found && config.strictSni) done(new Error('there is no certificate for this name'));
        else done(null, found?.context);
      },
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    // The raw socket closes, which is all that anybody wants to know.
    this.#server.on('tlsClientError', () => undefined);
    if (material.certificates.some((certificate) => mayStaple(config, certificate))) {
      this.#server.on(
        'OCSPRequest',
        (certificate: Buffer, _issuer: Buffer, done: (error: null, answer?: Buffer) => void) => {
          done(null, staples().get(createHash('sha256').update(certificate).digest('hex')));
        },
      );
    }
  }

  /** Whether the certificate that a client gets who asks for `sni` covers a host, in lower case, too. */
  covers(sni: string, host: string): boolean {
    return sni === host || (this.#names.find(sni) ?? this.#first).names.find(host) === true;
  }

  #serve(context: SecureContext | undefined, group: readonly CertificateMaterial[]): Served {
    const served = { context, names: new NameMap<true>() };
    for (const name of namesOf(group)) {
      this.#names.add(name, served);
      served.names.add(name, true);
    }
    return served;
  }

  /** One key for all workers, so that a client's ticket is good in each of them. */
  setTicketKeys(keys: Buffer): void {
    this.#server.setTicketKeys(keys);
  }

  /** Begins the handshake; where it fails the socket closes, and so it does when the client leaves meanwhile. */
  accept(raw: Socket, secured: Secured): void {
    this.#waiting.set(raw, secured);
    // What the TLS socket begins with: nobody would hear its end before the handshake is over.
    raw.allowHalfOpen = false;
    this.#server.emit('connection', raw);
  }

  #secured(socket: TLSSocket): void {
    const raw = rawOf(socket);
    const secured = this.#waiting.get(raw);
    // It holds what belongs to the handshake for as long as the socket lives otherwise.
    this.#waiting.delete(raw);
    const sni = typeof socket.servername === 'string' ? socket.servername.toLowerCase() : '';
    const certificate = this.#config.clientAuth ? socket.getPeerX509Certificate() : undefined;
    // Whoever has a certificate that is not valid must not pass for somebody without one.
    const forged = certificate !== undefined && !socket.authorized;
    if (!secured || forged || (sni === '' && this.#config.strictSni)) {
      socket.destroy();
      return;
    }
    socket.allowHalfOpen = true;
    secured(socket, {
      sni,
      version: socket.getProtocol() ?? '',
      cipher: socket.getCipher().standardName,
      client: certificate && factsOf(certificate),
    });
  }
}

/** An answer that somebody has put beside a certificate is there to be sent. */
export function mayStaple({ ocsp }: FrontendTlsConfig, certificate: CertificateMaterial): boolean {
  const { mustStaple, responder, answer } = certificate;
  return ocsp !== 'off' && (answer !== '' || (responder !== '' && (ocsp === 'on' || mustStaple)));
}

/** The socket that carries a TLS socket (undocumented, and there in every version so far). */
function rawOf(socket: TLSSocket): Socket {
  return (socket as unknown as { readonly _parent: Socket })._parent;
}

function optionsOf(config: FrontendTlsConfig, { ca, crl }: FrontendMaterial): SecureContextOptions {
  return {
    minVersion: config.minVersion,
    maxVersion: config.maxVersion,
    ciphers: ciphersOf(config.ciphers, config.cipherSuites),
    ecdhCurve: config.groups ?? knownGroups(),
    honorCipherOrder: true,
    secureOptions:
      // A client that would rather have ChaCha20 than all else gets it.
      constants.SSL_OP_PRIORITIZE_CHACHA |
      // A client that asks for handshake upon handshake within one connection makes us work for nothing.
      constants.SSL_OP_NO_RENEGOTIATION |
      (config.sessionTickets ? 0 : constants.SSL_OP_NO_TICKET),
    ...(ca !== '' && { ca }),
    ...(crl !== '' && { crl }),
  };
}

let foundGroups: string | undefined;

/** An older Node.js than the pinned one may not know all of them. */
function knownGroups(): string {
  if (foundGroups === undefined) {
    try {
      builtins.tls.createSecureContext({ ecdhCurve: groups });
      foundGroups = groups;
    } catch {
      foundGroups = groupsWithoutMlkem;
    }
  }
  return foundGroups;
}

/**
 * Certificates for the same names with keys of different kinds. In the first group clients get the one that they
 * understand; elsewhere the last serves alone, since Node.js switches to one certificate and not to a set of them, and
 * so does what is stapled: an answer is about one.
 */
function groupsOf(certificates: readonly CertificateMaterial[], config: FrontendTlsConfig): CertificateMaterial[][] {
  const found: CertificateMaterial[][] = [];
  for (const certificate of certificates) {
    const names = certificate.names.toSorted().join();
    const group = found.find(
      (others) =>
        others[0]?.names.toSorted().join() === names && others.every(({ keyType }) => keyType !== certificate.keyType),
    );
    if (group) group.push(certificate);
    else found.push([certificate]);
  }
  // Elliptic curves last: they cost a tenth.
  const sorted = found.map((group) => group.toSorted((one, other) => Number(isCurve(one)) - Number(isCurve(other))));
  return sorted.map((group, index) =>
    index > 0 || group.some((certificate) => mayStaple(config, certificate)) ? group.slice(-1) : group,
  );
}

function isCurve({ keyType }: CertificateMaterial): boolean {
  return keyType !== 'rsa';
}

function namesOf([first]: readonly CertificateMaterial[]): readonly string[] {
  return first?.names ?? [];
}

function pems(group: readonly CertificateMaterial[]): { readonly cert: string[]; readonly key: string[] } {
  return { cert: group.map(({ cert }) => cert), key: group.map(({ key }) => key) };
}

/** A session of one frontend, or from before other clients were trusted, is worth nothing here. */
function sessionScope(frontend: string, { clientAuth }: FrontendTlsConfig, { ca, crl }: FrontendMaterial): string {
  const scope = JSON.stringify([frontend, clientAuth?.mode ?? '', ca, crl]);
  return createHash('sha256').update(scope).digest('hex').slice(0, 32);
}

function factsOf(certificate: X509Certificate): ClientCertificate {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    der: certificate.raw.toString('base64'),
  };
}

/** A distinguished name as RFC 4514 has it: the last part first, in ASCII that can stand in a header. */
function oneLine(name: string): string {
  const line = name.split('\n').toReversed().join(',');
  return line.replaceAll(/[^\x20-\x7e]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  );
}
