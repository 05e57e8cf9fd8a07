// TLS to the servers of one backend in a worker: what is verified against, who we are, and the last session of each server.
import type { ConnectionOptions, SecureContext } from 'node:tls';
import { builtins } from '../../lib/builtins.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { BackendTlsConfig } from '../core/config/tls-model.ts';
import { ciphersOf } from '../core/tls/profile.ts';
import type { BackendMaterial, TlsMaterial } from './tls-material.ts';

export class UpstreamTls {
  readonly #context: SecureContext;
  readonly #verify: boolean;
  readonly #verifyName: boolean;
  /** By name and address: a ticket is worth nothing elsewhere. */
  readonly #sessions = new Map<string, Buffer>();

  constructor(config: BackendTlsConfig, { ca, cert, key }: BackendMaterial) {
    this.#verify = config.verify;
    this.#verifyName = config.verifyName;
    this.#context = builtins.tls.createSecureContext({
      minVersion: config.minVersion,
      maxVersion: config.maxVersion,
      ciphers: ciphersOf(config.ciphers, config.cipherSuites),
      ...(config.groups !== undefined && { ecdhCurve: config.groups }),
      ...(ca !== '' && { ca }),
      ...(cert !== '' && { cert, key }),
    });
  }

  /** How to connect to a server. `serverName` '': the address itself must stand in the certificate. */
  optionsFor(serverName: string, address: string, port: number, alpn: readonly string[]): ConnectionOptions {
    const session = this.#sessions.get(keyOf(serverName, address, port));
    return {
      secureContext: this.#context,
      rejectUnauthorized: this.#verify,
      // An IP address is never asked for; without a name Node.js verifies the host that it connects to.
      servername: serverName,
      ...(!this.#verifyName && { checkServerIdentity: () => undefined }),
      // Who speaks something else may turn away whoever asks for that.
      ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
      ...(session && { session }),
    };
  }

  /** The server gave a ticket: the next connection is cheaper. */
  keep(serverName: string, address: string, port: number, session: Buffer): void {
    this.#sessions.set(keyOf(serverName, address, port), session);
  }
}

export interface KeptUpstream {
  readonly made: string;
  readonly tls: UpstreamTls;
}

/** Those of a configuration by backend; the known ones where nothing about them changed, with their sessions. */
export function upstreamsOf(
  config: ProxyConfig,
  material: TlsMaterial,
  known: ReadonlyMap<string, KeptUpstream>,
): Map<string, KeptUpstream> {
  const found = new Map<string, KeptUpstream>();
  for (const { name, tls, servers } of config.backends) {
    const own = material.backends[name];
    if (!tls || !own) continue;
    const made = JSON.stringify([tls, own, servers.map(({ serverName }) => serverName)]);
    const before = known.get(name);
    found.set(name, before?.made === made ? before : { made, tls: new UpstreamTls(tls, own) });
  }
  return found;
}

function keyOf(serverName: string, address: string, port: number): string {
  return `${serverName} ${address} ${port}`;
}
