// A mail server that writes down what it is told.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { portOf } from '../../support/ports.ts';

export interface MailServerOptions {
  /** Needed for STARTTLS too. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** TLS from the first byte. */
  readonly secure?: boolean;
  /** A command that it refuses. */
  readonly refuses?: string;
}

export interface MailServer extends Disposable {
  readonly port: number;
  /** Each line, after `tls` or `plain`. */
  readonly said: readonly string[];
}

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { tls, refuses } = options;
  const said: string[] = [];
  const serve = (socket: Socket, secure: boolean) => {
    let rest = '';
    let inData = false;
    const answer = (line: string) => {
      said.push(`${secure ? 'tls' : 'plain'} ${line}`);
      if (inData) {
        if (line === '.') socket.write('250 taken\r\n');
        inData = line !== '.';
        return;
      }
      const [word = ''] = line.split(' ');
      inData = word === 'DATA';
      if (word === refuses) socket.write('550-not\r\n550 from you\r\n');
      else if (word === 'EHLO') socket.write('250-here\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN\r\n');
      else if (word === 'AUTH') socket.write('235 welcome\r\n');
      else if (word === 'DATA') socket.write('354 go on\r\n');
      else if (word === 'STARTTLS') {
        socket.write('220 go\r\n');
        socket.removeAllListeners('data');
        serve(new TLSSocket(socket, { isServer: true, ...tls }), true);
      } else socket.write(word === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
    };
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      lines.forEach(answer);
    });
  };
  const { secure = false } = options;
  const server = createServer((plain) => {
    const socket = secure ? new TLSSocket(plain, { isServer: true, ...tls }) : plain;
    serve(socket, secure);
    socket.write('220-hello\r\n220 there\r\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: portOf(server), said, [Symbol.dispose]: () => void server.close() };
}
