// A real backend in a process of its own, to be killed, stopped and restarted by tests. Arguments: port, name, backlog.
// Tells its parent which requests it executed, so that a request executed twice is seen.
import { Server as NetServer } from 'node:net';
import { createServer } from 'node:http';

const [, , port = '0', name = '', backlog = '511'] = process.argv;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://x');
  const answer = (): void => {
    response.setHeader('X-Server', name);
    response.end(JSON.stringify({ server: name, path: url.pathname }));
  };
  if (url.pathname === '/health') {
    answer();
    return;
  }
  request.resume();
  request.on('end', () => {
    process.send?.({ id: request.headers['x-request'], method: request.method });
    if (url.pathname === '/cut') {
      // Begins a small response and dies in the middle of it.
      response.writeHead(200, { 'Content-Length': '100', 'X-Server': name });
      response.write('begun');
      setTimeout(() => response.destroy(), 20);
    } else {
      setTimeout(answer, Number(url.searchParams.get('ms') ?? 5));
    }
  });
});

server.on('upgrade', (_request, socket, head) => {
  socket.on('error', () => socket.destroy());
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfrom ${name}\n`);
  if (head.length > 0) socket.write(head);
  socket.pipe(socket);
});

// Gracefully: what the kernel has accepted for us is taken before the listening socket goes, or it would be reset.
process.on('SIGTERM', () => {
  afterTurns(3, () => {
    // Not http's own close(): it cuts idle connections at once, and one whose request is on its way looks idle.
    NetServer.prototype.close.call(server, () => process.disconnect());
    setTimeout(() => setInterval(() => server.closeIdleConnections(), 50).unref(), 300).unref();
  });
});

function afterTurns(turns: number, work: () => void): void {
  if (turns === 0) work();
  else setImmediate(() => afterTurns(turns - 1, work));
}
process.on('disconnect', () => {
  server.closeAllConnections();
  server.close();
});

server.listen({ port: Number(port), host: '127.0.0.1', backlog: Number(backlog) }, () => process.send?.('listening'));
