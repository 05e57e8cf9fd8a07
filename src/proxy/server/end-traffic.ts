// The end of a worker: what is under way finishes, then what is left is closed.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Listeners } from './listeners.ts';
import type { Serving } from './serving.ts';

/** Requests that came while the grace time ran out may still be answered. */
const lastRequestsMs = 5000;
const lookMs = 20;

/**
 * Lets clients go, within the grace time. Under socket activation the kernel's queue lives on with systemd, so nothing is
 * refused; but while long requests end, new ones must not wait in it: with `keepAccepting` they are served, one a connection.
 */
export async function endTraffic(
  serving: Serving,
  listeners: Listeners,
  graceMs: number,
  keepAccepting: boolean,
): Promise<void> {
  if (!keepAccepting) listeners.closeAll();
  const before = serving.connections();
  for (const connection of before) connection.drain();
  await whileWithin(graceMs, () => before.some((connection) => connection.phase !== 'closed'));
  listeners.closeAll();
  // Who came meanwhile may have its request on the way: it is let go as the others were.
  for (const connection of serving.connections()) connection.drain();
  await whileWithin(lastRequestsMs, () => serving.connections().some(({ hasTunnelsOnly }) => !hasTunnelsOnly));
  for (const connection of serving.connections()) connection.destroy();
  for (const backend of serving.backends) {
    for (const server of backend.servers) for (const connection of [...server.connections]) connection.destroy();
  }
}

async function whileWithin(ms: number, condition: () => boolean): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until && condition()) await sleep(lookMs);
}
