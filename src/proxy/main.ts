// Entry point of veza-proxy: a worker (forked by its master) or a command. A worker loads what serves traffic and no more:
// each has its own copy in memory of all that is loaded.
import v8 from 'node:v8';

/** Runs what the arguments say. */
export async function main(args: readonly string[]): Promise<void> {
  // An expression of a rule that a hostile path makes backtrack without end goes on in an engine of linear time.
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  if (args[0] === 'worker' && process.send) {
    const { runWorker } = await import('./server/worker-process.ts');
    runWorker();
    return;
  }
  // The master carries no traffic: its young generation, which only grows, may stay small.
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  const { runCommand } = await import('./commands.ts');
  await runCommand(args);
}

if (import.meta.main) await main(process.argv.slice(2));
