// A server of WebSockets on a plain socket: it shakes hands, or does not, as the path says, and then sends back all it gets.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { portOf } from '../../support/ports.ts';

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export class WebSocketBackend implements AsyncDisposable {
  readonly port: number;
  /** Heads of the requests so far. */
  readonly heads: string[] = [];
  readonly #sockets = new Set<Socket>();
  #latest: Socket | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = portOf(server);
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async start(): Promise<WebSocketBackend> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebSocketBackend(server);
  }

  /** The connection of the latest request. */
  get latest(): Socket {
    if (!this.#latest) throw new Error('no request came');
    return this.#latest;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    let head = '';
    socket.on('error', () => socket.destroy());
    const read = (bytes: Buffer): void => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      this.heads.push(head);
      this.#latest = socket;
      this.#answer(socket, head, /^\S+ ([^ ?]+)/.exec(head)?.[1] ?? '');
    };
    socket.on('data', read);
  }

  #answer(socket: Socket, head: string, path: string): void {
    const key = /\r\nsec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? '';
    const accept = createHash('sha1')
      .update(path === '/wrong' ? 'another key' : key + guid)
      .digest('base64');
    const protocol = /\r\nsec-websocket-protocol: *(\S+)/i.exec(head)?.[1];
    if (path === '/forbidden') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nX-Why: no\r\n\r\nnot so');
    else if (path === '/page') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage');
    else if (path === '/streamed') socket.end('HTTP/1.1 200 OK\r\n\r\npage');
    else if (path === '/silent') socket.resume();
    else {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          (path === '/unsigned' ? '' : `Sec-WebSocket-Accept: ${accept}\r\n`) +
          (protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`) +
          `\r\n${path === '/greets' ? 'hello' : ''}`,
      );
      this.#tunnel(socket, path);
    }
  }

  #tunnel(socket: Socket, path: string): void {
    if (path === '/quiet') socket.resume();
    else if (path === '/last-words') socket.resume().on('end', () => socket.end(Buffer.alloc(1_000_000, 'w')));
    else socket.pipe(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
