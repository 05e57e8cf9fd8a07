// Generated and damaged requests through veza-proxy, and beside it through HAProxy and nginx: what servers behind it see is
// what they would see behind those, or it was refused. The long run takes many seeds.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fuzzBeside } from '../support/framing/live.ts';

const seed = 1;
const runs = 250;

describe('servers behind veza-proxy', () => {
  for (const other of ['haproxy', 'nginx'] as const) {
    const available = spawnSync(other, ['-v']).status === 0;
    if (!available && process.env['CI'] !== undefined) throw new Error(`${other} is needed here`);
    it.skipIf(!available)(`see the requests that they would see behind ${other} (seed ${seed})`, async () => {
      const { forwarded, differences } = await fuzzBeside(other, seed, runs);
      expect(differences).toEqual([]);
      // A proxy that refuses all would agree, too.
      expect(forwarded).toBeGreaterThan(runs / 2);
    });
  }
});
