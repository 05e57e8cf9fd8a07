// A lock between processes that cannot go stale: the kernel holds it for a `flock` child that dies with us.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { VezaError } from '../lib/errors.ts';
import { labLimits } from './limits.ts';

/** Takes the lock; it is released when the returned value is disposed, or this process ends in any way. */
export async function takeLock(
  file: string,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: () => void } = {},
): Promise<AsyncDisposable> {
  options.signal?.throwIfAborted();
  await mkdir(dirname(file), { recursive: true });
  // `cat` ends when our end of its standard input closes, which even SIGKILL of this process does.
  const holder = spawn('flock', ['--exclusive', '--no-fork', file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Out of reach of the terminal's Ctrl-C: what is locked is still being worked on then.
    detached: true,
  });
  const ended = once(holder, 'close');
  const waiting = setTimeout(() => options.onWait?.(), 200);
  const expired = AbortSignal.timeout(labLimits.lockTimeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, expired]) : expired;
  try {
    const first = await Promise.race([once(holder.stdout, 'data', { signal }), ended.then(() => undefined)]);
    if (first === undefined) throw new VezaError('lab-lock', `cannot lock ${file}: flock ended`);
  } catch (error) {
    holder.kill('SIGKILL');
    if (expired.aborted)
      throw new VezaError('lab-lock', `another process holds ${file} for too long`, { cause: error });
    throw error;
  } finally {
    clearTimeout(waiting);
  }
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await ended;
    },
  };
}
