// One at a time among processes, by a file that names who is at work. A file whose process is gone is taken over.
import { open, readFile, rm, stat } from 'node:fs/promises';
import type { AcmeClock } from './model.ts';

/** Longer than any order: what is older was left behind on a machine that fell over, and its process number is another's now. */
const staleMs = 45 * 60_000;
const lookEveryMs = 500;

/** Waits until the file is ours. The folder must be there. Rejects where `signal` aborts. */
export async function takeLock(
  path: string,
  clock: Pick<AcmeClock, 'sleep'>,
  signal?: AbortSignal,
): Promise<AsyncDisposable> {
  for (;;) {
    signal?.throwIfAborted();
    if (await create(path)) return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    if (await isLeftBehind(path)) await rm(path, { force: true });
    else await clock.sleep(lookEveryMs, signal);
  }
}

async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(String(process.pid));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isLeftBehind(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    const ageMs = Date.now() - mtimeMs;
    const owner = Number(await readFile(path, 'utf8'));
    // One that was just made may not be written yet.
    if (owner === 0) return ageMs > lookEveryMs * 4;
    return ageMs > staleMs || !isAlive(owner);
  } catch {
    // It is gone by now: the next attempt may have it.
    return false;
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
