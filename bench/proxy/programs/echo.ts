// The origin of WebSocket measurements: `echo.ts PORT` answers every message with itself, and every GET with ok. Written on
// raw sockets so that it leaves the processor to the load.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';

const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Opcode 8. */
const closing = 0x88;
const headBytes = 6;

const server = createServer((_request, response) => response.end('ok'));
server.on('upgrade', (request, socket, head) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key'] ?? ''}${magic}`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  echo(socket, head);
});
server.listen(Number(process.argv[2]), '127.0.0.1');

function echo(socket: Duplex, head: Buffer): void {
  let rest = head;
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= headBytes) {
      const length = (rest[1] ?? 0) & 0x7f;
      // Longer ones have another form, and none sends them here.
      if (length > 125 || rest[0] === closing) return void socket.end();
      const whole = headBytes + length;
      if (rest.length < whole) return;
      socket.write(reply(rest, length));
      rest = rest.subarray(whole);
    }
  });
}

/** The same message without the mask that clients put over theirs. */
function reply(frame: Buffer, length: number): Buffer {
  const answer = Buffer.allocUnsafe(2 + length);
  answer[0] = frame[0] ?? 0;
  answer[1] = length;
  for (let index = 0; index < length; index += 1)
    answer[2 + index] = (frame[headBytes + index] ?? 0) ^ (frame[2 + (index & 3)] ?? 0);
  return answer;
}
