// What is promised of standard input: all of it or an error, for as long as the step wants it.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { quote } from '../../../src/lib/shell.ts';
import { type HostUnderTest, step } from './host-under-test.ts';

export function inputContract(host: () => HostUnderTest): void {
  describe('standard input', () => {
    const data = randomBytes(5_000_000);

    it('delivers bytes exactly', async () => {
      const file = join(host().folder, 'exact');
      const before = host().session.roundTrips;
      const results = await host().run([
        step('echo a'),
        step(`cat >${quote(file)}; echo got`, { stdin: data }),
        step('echo b'),
      ]);
      expect(results.map((result) => result.stdout)).toEqual(['a\n', 'got\n', 'b\n']);
      expect(host().session.roundTrips - before).toBe(2);
      expect(readFileSync(file).equals(data)).toBe(true);
    });

    it('streams a file of the controller', async () => {
      const from = join(host().folder, 'from');
      const to = join(host().folder, 'to');
      writeFileSync(from, data);
      await host().one(`cat >${quote(to)}`, { stdin: { path: from, sizeBytes: data.length } });
      expect(readFileSync(to).equals(data)).toBe(true);
    });

    it('does not mind a step that reads nothing, or only a part', async () => {
      const results = await host().run([
        step('echo nothing', { stdin: data }),
        step('head -c 3 | wc -c', { stdin: data }),
        step('wc -c', { stdin: new Uint8Array() }),
        step('exec <&-; sleep 0.2; echo closed', { stdin: data }),
      ]);
      expect(results.map((result) => [result.exitCode, result.stdout.trim()])).toEqual([
        [0, 'nothing'],
        [0, '3'],
        [0, '0'],
        [0, 'closed'],
      ]);
    });

    it('skips it after a failure', async () => {
      const results = await host().run([step('false'), step('cat', { stdin: data }), step('cat', { stdin: data })], {
        haltOnFailure: true,
      });
      expect(results.length).toBe(1);
    });

    it.each([
      ['is shorter than announced', 10],
      ['cannot be read', null],
    ])('fails and lets the step see no end when the file %s', async (_case, sizeBytes) => {
      const from = join(host().folder, 'short');
      const to = join(host().folder, 'never');
      if (sizeBytes !== null) writeFileSync(from, 'short');
      else rmSync(from, { force: true });
      const running = host().run([
        step(`cat >/dev/null; touch ${quote(to)}`, { stdin: { path: from, sizeBytes: sizeBytes ?? 1 } }),
        step(`touch ${quote(to)}`),
      ]);
      await expect(running).rejects.toMatchObject({ code: sizeBytes === null ? 'file-unreadable' : 'file-changed' });
      await sleep(200);
      expect(existsSync(to)).toBe(false);
      expect((await host().one('echo usable')).stdout).toBe('usable\n');
    });

    it('leaves nothing behind, also after the step killed its shell', async () => {
      const [, , ...results] = await host()
        .run([
          step('readlink /proc/self/fd/0', { stdin: data }),
          step('readlink /proc/self/fd/0; kill -KILL $$; sleep 0.1', { stdin: data }),
        ])
        .then(async (both) => {
          await sleep(300);
          const paths = both.map((result) => result.stdout.trim());
          expect(paths.every((path) => path.includes('/.veza-'))).toBe(true);
          return [
            ...both,
            ...(await host().run(paths.map((path) => step(`ls -d ${quote(path)} ${quote(join(path, '..'))}`)))),
          ];
        });
      expect(results.map((result) => result.stdout)).toEqual(['', '']);
    });
  });
}
