// A real backend in a process of its own, to be killed, stopped and restarted by tests. Arguments: port, name, backlog.
// Tells its parent which requests it executed, so that a request executed twice is seen.
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

process.on('SIGTERM', () => {
  server.close(() => process.disconnect());
  server.closeIdleConnections();
});
process.on('disconnect', () => {
  server.closeAllConnections();
  server.close();
});

server.listen({ port: Number(port), host: '127.0.0.1', backlog: Number(backlog) }, () => process.send?.('listening'));
