// A worker as a process: what it hears from its master and from the system.
import process from 'node:process';
import type { ToWorker } from './ipc.ts';
import { Worker } from './worker.ts';

/** Runs this process as a worker of the one that forked it. */
export function runWorker(): void {
  const worker = new Worker((message) => process.connected && process.send?.(message));
  process.on('message', (message, handle) => worker.receive(message as ToWorker, handle));
  // The master stops its workers by message; a terminal's Ctrl-C goes to the whole group.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.on('SIGHUP', () => undefined);
  // Without a master nobody would ever stop it.
  process.on('disconnect', () => void worker.stop(worker.config.graceMs, false));
}
