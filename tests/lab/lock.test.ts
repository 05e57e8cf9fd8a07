// The lock between processes: exclusive, and never stale.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from '../../src/lab/lock.ts';

let file: string;
beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'veza-lock-')), 'sub', 'lock');
});
afterEach(() => rm(join(file, '../..'), { recursive: true }));

describe('the lock', () => {
  it('lets one after the other in, and says so to who waits', async () => {
    const order: string[] = [];
    let waited = false;
    const first = await takeLock(file);
    const second = takeLock(file, { onWait: () => (waited = true) }).then((lock) => {
      order.push('second in');
      return lock;
    });
    await new Promise((resolve) => setTimeout(resolve, 400));
    order.push('first out');
    await first[Symbol.asyncDispose]();
    await (await second)[Symbol.asyncDispose]();
    expect(order).toEqual(['first out', 'second in']);
    expect(waited).toBe(true);
  });

  it('is free again after it was disposed', async () => {
    for (let round = 0; round < 3; round += 1) {
      await using _lock = await takeLock(file);
    }
  });

  it('gives up waiting when told to', async () => {
    await using _lock = await takeLock(file);
    await expect(takeLock(file, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
  });
});
