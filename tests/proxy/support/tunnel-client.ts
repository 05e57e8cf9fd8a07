// WebSockets over HTTP/2 (RFC 8441) as Node's own client asks for them.
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';

export interface Tunnel {
  readonly stream: ClientHttp2Stream;
  readonly headers: IncomingHttpHeaders;
}

export class TunnelClient implements Disposable {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
  }

  static async open(port: number): Promise<TunnelClient> {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => undefined);
    await once(session, 'remoteSettings');
    return new TunnelClient(session);
  }

  /** Asks for a tunnel; `more` is added to the head, undefined takes away. */
  async ask(path: string, more: OutgoingHttpHeaders = {}, endStream = false): Promise<Tunnel> {
    const headers = {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': 'a.test',
      ':path': path,
      'sec-websocket-version': '13',
      ...more,
    };
    const stream = this.session.request(headers, { endStream });
    stream.on('error', () => undefined);
    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    return { stream, headers: answer };
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** All that comes until the end. */
export async function rest({ stream }: Tunnel): Promise<Buffer> {
  const pieces: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => pieces.push(bytes));
  await once(stream, 'end');
  return Buffer.concat(pieces);
}

/** So many bytes, as text. */
export async function take({ stream }: Tunnel, count: number): Promise<string> {
  let text = '';
  while (text.length < count) {
    const bytes = stream.read() as Buffer | null;
    if (bytes) text += bytes.toString('latin1');
    else await once(stream, 'readable');
  }
  return text;
}
