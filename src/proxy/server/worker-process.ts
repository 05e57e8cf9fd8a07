// A worker as a process: what it hears from its master and from the system.
import { Inbox } from './inbox.ts';
import type { FromWorker, ToWorker } from './ipc.ts';
import { PluginRegistry } from './plugins/plugin-registry.ts';
import { Worker } from './worker.ts';

/** Runs this process as a worker of the one that forked it. */
export function runWorker(): void {
  const send = (message: FromWorker): void => {
    if (process.connected) process.send?.(message);
  };
  const plugins = new PluginRegistry((plugin, text, isError) => send({ type: 'plugin', plugin, text, isError }));
  const worker = new Worker(send, plugins);
  const inbox = new Inbox(plugins, (message, handle) => worker.receive(message, handle), send);
  process.on('message', (message, handle) => inbox.add(message as ToWorker, handle));
  // The master stops its workers by message; a terminal's Ctrl-C goes to the whole group.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.on('SIGHUP', () => undefined);
  // `systemctl kill` tells all processes, but what the master tells its workers is enough.
  process.on('SIGUSR1', () => undefined);
  process.on('SIGUSR2', () => undefined);
  // Without a master nobody would ever stop it.
  process.on('disconnect', () => void worker.stop(worker.config.graceMs, false));
}
