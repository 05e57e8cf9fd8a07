// Bursts of connections that are kept: no worker takes them all, for it would do all the work as long as they live.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { childrenOf, openFiles } from '../support/processes.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';

const size = 200;
/** Files that a worker opens meanwhile for itself. */
const few = 4;

async function open(port: number): Promise<Socket[]> {
  const sockets = Array.from({ length: size }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

/** What part of a burst the worker got that got the least. */
async function leastPart(proxy: RunningProxy, workers: readonly number[], before: readonly number[]): Promise<number> {
  const sockets = await open(proxy.port);
  const held = (): number[] => workers.map((pid, index) => openFiles(pid) - (before[index] ?? 0));
  await until(() => held().reduce((sum, count) => sum + count) >= size);
  const least = Math.min(...held());
  for (const socket of sockets) socket.destroy();
  await until(() => held().every((count) => count <= few));
  return least / size;
}

// Open files are counted as Linux has them.
it.skipIf(process.platform !== 'linux')('are spread over the workers', async () => {
  await using proxy = await startProxy((front) => ({
    workers: 2,
    frontends: [{ name: 'web', bind: [`127.0.0.1:${front}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 's', address: '127.0.0.1', port: 9 }] }],
  }));
  const workers = childrenOf(proxy.process.pid);
  expect(workers).toHaveLength(2);
  const before = workers.map(openFiles);
  const parts: number[] = [];
  for (let burst = 0; burst < 9; burst += 1) parts.push(await leastPart(proxy, workers, before));
  // Without care for each other one of them gets nearly all now and then. The middle: others may need the processors.
  expect(parts.sort((one, other) => one - other)[4]).toBeGreaterThan(0.3);
});
