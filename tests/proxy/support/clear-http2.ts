// A proxy that speaks HTTP/2 without TLS, in front of one server of HTTP/1.
import type { RequestListener } from 'node:http';
import { type RunningProxy, startProxy } from './proxy.ts';
import { echoBackend } from './tls-client.ts';

/** `more`: settings of the whole configuration. The server ends with the proxy. */
export async function startClearHttp2(listener: RequestListener, more: object = {}): Promise<RunningProxy> {
  const { port: serverPort, server } = await echoBackend(listener);
  const proxy = await startProxy((port, control) => ({
    workers: 1,
    grace: '1s',
    ...more,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [{ name: 'web', bind: [`127.0.0.1:${port}`], http2: { clear: true }, defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: serverPort }] }],
  }));
  return {
    ...proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}
