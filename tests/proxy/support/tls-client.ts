// Clients of other makes that talk TLS to the proxy: OpenSSL's and curl; and Node's own where a test needs a handle.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import tls from 'node:tls';
import { portOf } from '../../support/ports.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a program; `input` goes to it. Never rejects for its exit code. */
export function run(file: string, args: readonly string[], input = ''): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const child = execFile(file, args, { timeout: 30_000, maxBuffer: 50_000_000 }, (error, out, text) => {
    const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
    resolve({ code, out, error: text });
  });
  // It may be done before it reads.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return promise;
}

/** OpenSSL's client: what it prints about a handshake. */
export async function sClient(port: number, args: readonly string[], input = ''): Promise<string> {
  const { out, error } = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], input);
  return out + error;
}

/** curl: what it prints; the body goes to nowhere unless `args` say otherwise. */
export function curl(args: readonly string[]): Promise<Ran> {
  return run('curl', ['--silent', '--show-error', '--max-time', '20', ...args]);
}

/** One request over a connection of its own. */
export async function get(
  options: tls.ConnectionOptions,
  path = '/',
  headers = '',
): Promise<{ text: string; socket: tls.TLSSocket }> {
  const socket = tls.connect({ host: '127.0.0.1', ALPNProtocols: ['http/1.1'], ...options });
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${options.servername ?? 'a.test'}\r\nConnection: close\r\n${headers}\r\n`,
  );
  await Promise.race([once(socket, 'close'), once(socket, 'error').then(([error]) => Promise.reject(error as Error))]);
  return { text, socket };
}

/** A backend in this process that tells what it got. */
export async function echoBackend(listener?: RequestListener): Promise<{ port: number; server: Server }> {
  const server = createServer(
    listener ??
      ((request, response) => {
        request.resume();
        request.on('end', () => response.end(JSON.stringify({ url: request.url, headers: request.headers })));
      }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: portOf(server), server };
}
