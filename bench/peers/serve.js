// Runs one proxy from npm: `node serve.js NAME PORT ORIGIN_PORT`. Each is set up as its README says for most speed.
import { Agent, createServer } from 'node:http';

const [, , name, port, originPort] = process.argv;
const target = `http://127.0.0.1:${originPort}`;

const peers = {
  'http-proxy-3': async () => {
    const { createProxyServer } = await import('http-proxy-3');
    const proxy = createProxyServer({ target, agent: new Agent({ keepAlive: true }) });
    // The third is a response, or the socket of an upgrade.
    proxy.on('error', (_error, _request, response) => response.destroy());
    createServer((request, response) => proxy.web(request, response))
      .on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
      .listen(Number(port), '127.0.0.1');
  },
  'fast-proxy': async () => {
    const { default: fastProxy } = await import('fast-proxy');
    const { proxy } = fastProxy({ base: target, undici: { connections: 256, pipelining: 1 } });
    createServer((request, response) => proxy(request, response, request.url, {})).listen(Number(port), '127.0.0.1');
  },
  '@fastify/http-proxy': async () => {
    const { default: Fastify } = await import('fastify');
    const { default: httpProxy } = await import('@fastify/http-proxy');
    const server = Fastify();
    await server.register(httpProxy, { upstream: target, websocket: true });
    await server.listen({ port: Number(port), host: '127.0.0.1' });
  },
};

await peers[name]();
