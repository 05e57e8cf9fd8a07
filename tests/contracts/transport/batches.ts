// What a batch of steps is promised: where it halts, what is told while it runs, and how long it may take.
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { quote } from '../../../src/lib/shell.ts';
import { type HostUnderTest, step } from './host-under-test.ts';

/** A command that nobody waits for to its end, and that is told apart from others by its time. */
function childSleep(): string {
  return `sleep ${60 + randomInt(1_000_000) / 1_000_000}`;
}

/** Resolves when no such process is left. */
async function gone(command: string): Promise<void> {
  const until = performance.now() + 30_000;
  while (spawnSync('pgrep', ['-f', '-x', command]).status === 0) {
    if (performance.now() > until) throw new Error(`${command} still runs`);
    await sleep(20);
  }
}

export function batchesContract(host: () => HostUnderTest): void {
  describe('batches', () => {
    it('halts after a failure when asked to', async () => {
      const results = await host().run([step('true'), step('exit 4'), step('echo no')], { haltOnFailure: true });
      expect(results.map((result) => result.exitCode)).toEqual([0, 4]);
      expect((await host().run([step('true'), step('echo next')], { haltOnFailure: true })).length).toBe(2);
    });

    it('halts after a failure that ended the shell', async () => {
      const results = await host().run([step('kill -KILL $$; sleep 1'), step('echo no')], { haltOnFailure: true });
      expect(results.map((result) => result.exitCode)).toEqual([137]);
    });

    it('reports begin and end while the batch runs', async () => {
      const events: string[] = [];
      const times: number[] = [];
      await host().run([step('echo a'), step('sleep 0.3; echo b')], {
        onBegin: (index) => {
          events.push(`begin ${index}`);
          times.push(Date.now());
        },
        onEnd: (index, result) => {
          events.push(`end ${index} ${result.stdout.trim()}`);
          times.push(Date.now());
        },
      });
      expect(events).toEqual(['begin 0', 'end 0 a', 'begin 1', 'end 1 b']);
      expect((times[3] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(200);
    });

    it('runs batches of one identity one after another', async () => {
      const file = join(host().folder, 'order');
      await Promise.all([
        host().run([step(`sleep 0.2; echo 1 >>${quote(file)}`)]),
        host().run([step(`echo 2 >>${quote(file)}`)]),
      ]);
      expect(readFileSync(file, 'utf8')).toBe('1\n2\n');
    });
  });

  describe('limits of time', () => {
    it('kills a step with its children and goes on', async () => {
      const child = childSleep();
      const results = await host().run([
        step(`(${child}; echo no) | cat; echo no`, { timeoutMs: 200 }),
        step('echo next'),
      ]);
      expect(results[0]).toMatchObject({ timedOut: true, stdout: '', exitCode: 137 });
      expect(results[1]).toMatchObject({ timedOut: false, stdout: 'next\n' });
      await gone(child);
    });

    it('kills what ignores SIGTERM', async () => {
      const result = await host().one(`trap '' TERM; sh -c "trap '' TERM; sleep 30; sleep 30"; echo no`, {
        timeoutMs: 200,
      });
      expect(result).toMatchObject({ timedOut: true, stdout: '' });
    });

    it('kills a step that waits for input', async () => {
      const result = await host().one('sleep 30', { timeoutMs: 300, stdin: randomBytes(3_000_000) });
      expect(result.timedOut).toBe(true);
    });

    it('halts after it when asked to', async () => {
      const results = await host().run([step('sleep 9', { timeoutMs: 200 }), step('echo no')], { haltOnFailure: true });
      expect(results.map((result) => result.timedOut)).toEqual([true]);
    });

    it('cancels: kills the running step and starts no other', async () => {
      const file = join(host().folder, 'cancelled');
      const abort = new AbortController();
      const child = childSleep();
      const running = host().run([step(`${child}; touch ${quote(file)}`), step(`touch ${quote(file)}`)], {
        signal: abort.signal,
        onBegin: () => setTimeout(() => abort.abort(), 50),
      });
      await expect(running).rejects.toMatchObject({ code: 'cancelled' });
      await gone(child);
      expect(existsSync(file)).toBe(false);
      expect((await host().one('echo usable')).stdout).toBe('usable\n');
    });

    it('does not begin when it is cancelled already', async () => {
      const before = host().session.roundTrips;
      await expect(host().run([step('echo no')], { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'cancelled',
      });
      expect(host().session.roundTrips).toBe(before);
    });
  });
}
