// The relay of a slow link, a program of its own: passes TCP on to one address and holds every byte for a while,
// in both directions. Started by failures.ts; it says the port it listens on in its first line, and ends when killed.
import { connect, createServer, type Socket } from 'node:net';
import { labLimits } from './limits.ts';

const [listenAddress = '', targetAddress = '', targetPort = '', delayMs = ''] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true }, (client) => {
  // Paused until there is somewhere to write: what the client sends meanwhile waits in the kernel.
  client.on('error', () => undefined).pause();
  setTimeout(() => {
    const target = connect({ host: targetAddress, port: Number(targetPort), allowHalfOpen: true, noDelay: true });
    carry(client, target);
    carry(target, client);
  }, Number(delayMs));
}).listen({ host: listenAddress, port: 0 }, () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});

/** Copies one direction: bytes, the end and a failure arrive at the other side after the delay, in order. */
function carry(from: Socket, to: Socket): void {
  let held = 0;
  const later = (action: () => void) => setTimeout(action, Number(delayMs));
  from.on('data', (chunk: Buffer) => {
    held += chunk.length;
    if (held > labLimits.relayBufferBytes) from.pause();
    later(() => {
      if (to.destroyed) return;
      to.write(chunk, () => {
        held -= chunk.length;
        if (held <= labLimits.relayBufferBytes) from.resume();
      });
    });
  });
  from.on('end', () => later(() => to.end()));
  from.on('error', () => later(() => to.resetAndDestroy()));
  from.resume();
}
