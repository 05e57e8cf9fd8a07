// Our load generators against servers that answer rightly and wrongly: what they count is what happened; and processor quotas.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { type LoadResult, runOwn } from '../../bench/proxy/load.ts';
import { cpuMicroseconds, startHelper, startServer } from '../../bench/proxy/processes.ts';
import { makeCpuQuota } from '../../bench/proxy/quota.ts';
import { programPath } from '../../bench/proxy/peers/peer.ts';
import { freePort, portOf } from '../support/ports.ts';

const echo = fileURLToPath(new URL('../../bench/proxy/programs/echo.ts', import.meta.url));

function messages(port: number): Promise<LoadResult> {
  return runOwn('messages', '0', { port, tls: false, connections: 3, seconds: 1 });
}

// They are pinned to a processor.
describe.skipIf(programPath('taskset') === undefined)('load generators', () => {
  it('count WebSocket messages that came back, from our echo', async () => {
    const port = await freePort();
    await using _echo = await startServer('0', [process.execPath, echo, String(port)], port);
    const { requests, failed, p50Ms } = await messages(port);
    expect(failed).toBe(0);
    expect(requests).toBeGreaterThan(0);
    expect(p50Ms).toBeGreaterThan(0);
  });

  it('count those of another implementation, and connections whose echo is wrong', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    let asked = 0;
    server.on('connection', (socket) => {
      const wrong = (asked += 1) === 1;
      socket.on('message', (data: Buffer) => socket.send(wrong ? Buffer.alloc(data.length) : data));
    });
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    const { requests, failed } = await messages(address.port);
    server.close();
    expect(failed).toBe(1);
    expect(requests).toBeGreaterThan(0);
  });

  it('send a fixed number of requests and count those that are not answered rightly', async () => {
    let asked = 0;
    const answer = await fixedRate((_request, response) => {
      asked += 1;
      if (asked <= 10) response.statusCode = 503;
      response.end('x'.repeat(asked <= 20 ? 9 : 10));
    });
    expect(asked).toBe(100);
    expect(answer).toMatchObject({ requests: 80, failed: 20 });
  });
});

async function fixedRate(listener: RequestListener): Promise<LoadResult> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const result = await runOwn('open-loop', '0', {
    port: portOf(server),
    path: '/',
    bytes: 10,
    rate: 200,
    seconds: 0.5,
  });
  server.closeAllConnections();
  server.close();
  return result;
}

// Groups are made by root, on a kernel with the controller.
describe.skipIf(programPath('taskset') === undefined || process.getuid?.() !== 0)('a quota of a processor', () => {
  it('holds a program, and what it starts, to its share, and leaves nothing', async () => {
    const group = await heldToShare(0.2, async (pid, throttled) => {
      const from = { cpu: cpuMicroseconds(pid), at: performance.now() };
      // Each time says that a period's share was used up.
      const times = throttled() + 5;
      while (throttled() < times) await sleep(20);
      const passedMs = performance.now() - from.at;
      // One period more than has passed may be in it.
      expect(cpuMicroseconds(pid) - from.cpu).toBeLessThan((0.2 * (passedMs + 100) + 20) * 1000);
    });
    expect(existsSync(group)).toBe(false);
  });
});

/** Keeps two processes busy inside a quota while `look` looks; returns the group's folder. */
async function heldToShare(
  share: number,
  look: (pid: number, throttled: () => number) => Promise<void>,
): Promise<string> {
  await using quota = makeCpuQuota(share);
  const busy = 'while :; do :; done';
  const command = quota.inside(['sh', '-c', `(${busy}) & ${busy}`]);
  const group = dirname(command.find((word) => word.endsWith('cgroup.procs')) ?? '');
  expect(existsSync(group)).toBe(true);
  await using program = await startHelper('0', command);
  await look(program.pid, () => quota.throttled());
  return group;
}
