// slowhttptest opens a thousand connections that hardly move, in three ways; who asks normally meanwhile must not notice.
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../support/ports.ts';
import { type RunningProxy, sleep, startProxy } from '../proxy/support/proxy.ts';
import { say } from './support/summary.ts';

const seconds = 120;
const connections = 1000;
const available = spawnSync('slowhttptest', ['-h']).error === undefined;
const modes = [
  ['slow headers', ['-H', '-i', '5']],
  ['slow body', ['-B', '-i', '5', '-s', '8192']],
  ['slow read', ['-X', '-w', '10', '-y', '20', '-n', '5', '-z', '32']],
] as const;

let backend: Server;
let proxy: RunningProxy;

beforeAll(async () => {
  backend = createServer((incoming, response) => {
    incoming.resume();
    response.end(Buffer.alloc(incoming.url === '/big' ? 1 << 20 : 1024, 'x'));
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const server = { name: 's', address: '127.0.0.1', port: portOf(backend) };
  proxy = await startProxy((port) => ({
    workers: 1,
    frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [server] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

/** Asks again and again until told to stop; the 99th percentile of the times in milliseconds, and how many failed. */
async function normalTraffic(going: () => boolean): Promise<{ p99: number; failed: number; asked: number }> {
  const times: number[] = [];
  let failed = 0;
  while (going()) {
    const startedAt = performance.now();
    const response = await fetch(`http://127.0.0.1:${proxy.port}/`).catch(() => undefined);
    const text = await response?.text();
    if (response?.status !== 200 || text?.length !== 1024) failed += 1;
    times.push(performance.now() - startedAt);
    await sleep(10);
  }
  const sorted = times.toSorted((one, other) => one - other);
  return { p99: sorted[Math.floor(sorted.length * 0.99)] ?? NaN, failed, asked: times.length };
}

describe.skipIf(!available)('slowhttptest (needs slowhttptest)', () => {
  it.each(modes)('%s leaves normal traffic as it is', async (mode, options) => {
    const until = performance.now() + 10_000;
    const before = await normalTraffic(() => performance.now() < until);
    const url = `http://127.0.0.1:${proxy.port}/${mode === 'slow read' ? 'big' : ''}`;
    const common = ['-c', String(connections), '-r', '200', '-l', String(seconds), '-p', '3', '-u', url];
    let attacking = true;
    const attack = promisify(execFile)('slowhttptest', [...options, ...common], { maxBuffer: 1 << 26 }).finally(
      () => (attacking = false),
    );
    const during = await normalTraffic(() => attacking);
    await attack;
    say(
      `slowhttptest, ${mode}: p99 ${before.p99.toFixed(1)} ms before, ${during.p99.toFixed(1)} ms during, ` +
        `${during.failed} of ${during.asked} failed`,
    );
    expect(during.failed).toBe(0);
    // Generous for a busy machine: an attack that works makes it seconds.
    expect(during.p99).toBeLessThan(Math.max(250, 10 * before.p99));
  });
});
