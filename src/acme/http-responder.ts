// A web server for http-01 alone, for as long as a command runs: for machines where nothing else answers on port 80.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../lib/errors.ts';
import { AcmeError } from './errors.ts';
import { HttpTokens } from './http-tokens.ts';
import type { HttpChallenge } from './model.ts';

export interface HttpResponder extends HttpChallenge, AsyncDisposable {
  readonly port: number;
}

/** Starts it. Rejects with AcmeError where the port cannot be had. */
export async function startHttpResponder(port = 80, address?: string): Promise<HttpResponder> {
  const tokens = new HttpTokens();
  const server = createServer((request, response) => {
    const body = request.method === 'GET' ? tokens.answer(new URL(request.url ?? '/', 'http://host').pathname) : null;
    response.writeHead(body === null ? 404 : 200, { 'content-type': 'text/plain', connection: 'close' });
    response.end(body ?? 'not found\n');
  });
  try {
    server.listen(port, address);
    await once(server, 'listening');
  } catch (error) {
    throw new AcmeError('acme-challenge-unavailable', `cannot answer http-01 on port ${port}: ${messageOf(error)}`, {
      hint: 'It needs root or CAP_NET_BIND_SERVICE, and no other web server there; or use dns-01.',
      cause: error,
    });
  }
  return {
    port: (server.address() as AddressInfo).port,
    present: (host, token, keyAuthorization) => tokens.present(host, token, keyAuthorization),
    remove: (host, token) => tokens.remove(host, token),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
