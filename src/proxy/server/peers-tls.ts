// TLS between machines that share stick tables: each shows a certificate of their authority to the other.
import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { builtins } from '../../lib/builtins.ts';
import type { BackendMaterial } from './tls-material.ts';

export class PeersTls {
  readonly #material: BackendMaterial;
  readonly #server: Server;

  /** `refused` hears of callers that have no such certificate. */
  constructor(
    material: BackendMaterial,
    handshakeMs: number,
    called: (socket: TLSSocket) => void,
    refused: (reason: string, from: string) => void,
  ) {
    this.#material = material;
    // Who has none is not turned away before it can be told.
    const options = { ...material, minVersion, requestCert: true, rejectUnauthorized: false } as const;
    this.#server = builtins.tls.createServer({ ...options, handshakeTimeout: handshakeMs }, (socket) => {
      if (socket.authorized) {
        called(socket);
        return;
      }
      refused(`it has no certificate that counts (${String(socket.authorizationError)})`, socket.remoteAddress ?? '?');
      socket.destroy();
    });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      refused(error.code ?? error.message, socket.remoteAddress ?? '?');
      socket.destroy();
    });
  }

  /** Somebody called: who it is follows. */
  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Whoever has a certificate of the authority may be called, whatever its name. */
  call(host: string, port: number): TLSSocket {
    const identity = { checkServerIdentity: () => undefined };
    return builtins.tls.connect({ ...this.#material, ...identity, host, port, minVersion, rejectUnauthorized: true });
  }
}

const minVersion = 'TLSv1.2' as const;
