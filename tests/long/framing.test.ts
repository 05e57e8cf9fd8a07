// The differential fuzz of the readers with many seeds. VEZA_SEED starts elsewhere; each seed is printed with its outcome.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fuzzAgainstNode } from '../proxy/support/framing/compare.ts';
import { fuzzBeside } from '../proxy/support/framing/live.ts';
import { say } from './support/summary.ts';

const firstSeed = Number(process.env['VEZA_SEED'] ?? Date.now() % 1_000_000);
const seeds = Array.from({ length: 10 }, (_, index) => firstSeed + index);
const runs = 20_000;
const liveRuns = 5000;

describe('messages that two parsers could take differently', () => {
  it.each(seeds)('are framed as by llhttp or refused (seed %i)', async (seed) => {
    const { accepted, answers } = await fuzzAgainstNode(seed, runs);
    say(`fuzz, llhttp, seed ${seed}: ${runs} connections, ${accepted} requests and ${answers} answers framed alike`);
    expect(accepted).toBeGreaterThan(runs / 4);
  });

  for (const other of ['haproxy', 'nginx'] as const) {
    const available = spawnSync(other, ['-v']).status === 0;
    it.skipIf(!available)(`reach servers as they do behind ${other} (needs ${other})`, async () => {
      const { forwarded, differences } = await fuzzBeside(other, firstSeed, liveRuns);
      say(
        `fuzz, ${other}, seed ${firstSeed}: ${liveRuns} connections, ${forwarded} requests, ${differences.length} differ`,
      );
      expect(differences).toEqual([]);
    });
  }
});
