// A forward proxy in this process, as stands behind a balancer that lets CONNECT through: it opens tunnels to this machine.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { portOf } from '../../support/ports.ts';

export class ForwardProxy implements AsyncDisposable {
  readonly port: number;
  /** Requests so far. */
  readonly seen: { readonly method: string; readonly target: string; readonly headers: IncomingMessage['headers'] }[] =
    [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = portOf(server);
    const note = ({ method = '', url = '', headers }: IncomingMessage): void => {
      this.seen.push({ method, target: url, headers });
    };
    server.on('connection', (socket) => this.#sockets.add(socket));
    server.on('request', (request, response) => {
      note(request);
      response.end('no tunnel');
    });
    server.on('connect', (request: IncomingMessage, socket: Socket, first: Buffer) => {
      note(request);
      open(request.url ?? '', socket, first);
    });
  }

  static async start(): Promise<ForwardProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ForwardProxy(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function open(target: string, socket: Socket, first: Buffer): void {
  socket.on('error', () => socket.destroy());
  const [host = '', port = ''] = target.split(':');
  if (host !== '127.0.0.1') {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nforbidden');
    return;
  }
  const there = connect({ host, port: Number(port), allowHalfOpen: true });
  there.on('error', () => socket.destroy());
  there.on('connect', () => {
    // A length, which means nothing here (RFC 9110, 9.3.6).
    socket.write('HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\nVia: 1.1 forward\r\n\r\n');
    there.write(first);
    socket.pipe(there);
    there.pipe(socket);
  });
}
