// The relay of a slow link, as the process it is, on loopback.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portOf } from '../support/ports.ts';

const program = join(import.meta.dirname, '../../src/lab/relay.ts');
const delayMs = 150;
let server: Server;
let relay: ChildProcess;
let port: number;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => undefined).pipe(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const target = String(portOf(server));
  const argv = [program, '127.0.0.1', '127.0.0.1', target, String(delayMs)];
  relay = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(relay.stdout!, 'data')) as [Buffer];
  port = Number(line.toString());
});

afterEach(() => {
  relay.kill('SIGKILL');
  server.close();
});

describe('a slow link', () => {
  it('delays both directions, and changes nothing', async () => {
    const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    const startedAt = performance.now();
    const socket = connect({ port, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.end(sent);
    await once(socket, 'end');
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    // The connection, the way there, and the way back.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(3 * delayMs - 10);
  });

  it('passes a refused connection on as a closed one', async () => {
    server.close();
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
  });
});
