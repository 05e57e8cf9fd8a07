// As backend-process.ts, but it speaks HTTP/2 without TLS and nothing else. SIGTERM: says GOAWAY on all connections, and
// ends when what was begun has ended.
import { createServer, type ServerHttp2Session } from 'node:http2';

const [, , port = '0', name = '', backlog = '511'] = process.argv;
const sessions = new Set<ServerHttp2Session>();

const server = createServer();
server.on('session', (session) => {
  sessions.add(session);
  session.on('close', () => sessions.delete(session));
  session.on('error', () => undefined);
});
server.on('stream', (stream, headers) => {
  stream.on('error', () => undefined);
  stream.resume();
  stream.on('end', () => {
    // A stream that was reset ends, too.
    if (stream.aborted || stream.destroyed) return;
    if (headers[':path'] !== '/health') process.send?.({ id: headers['x-request'], method: headers[':method'] });
    setTimeout(() => {
      if (stream.destroyed) return;
      const body = JSON.stringify({ server: name, path: headers[':path'] });
      stream.respond({ ':status': 200, 'x-server': name, 'content-length': body.length });
      stream.end(body);
    }, 5);
  });
});

process.on('SIGTERM', () => {
  server.close();
  for (const session of sessions) session.close();
  setInterval(() => {
    if (sessions.size === 0) process.disconnect();
  }, 20).unref();
});
process.on('disconnect', () => process.exit());

server.listen({ port: Number(port), host: '127.0.0.1', backlog: Number(backlog) }, () => process.send?.('listening'));
