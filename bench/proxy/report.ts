// Samples -> medians, ratios and the table that people read.
import type { LoadResult } from './load.ts';
import type { Scenario } from './scenarios.ts';

export interface Sample extends LoadResult {
  readonly cpuMicroseconds: number;
}

export interface Measured {
  readonly peer: string;
  readonly cpu: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  /** HAProxy's CPU time divided by this one's, of the same round: the median over the rounds. */
  readonly ratio: number;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

const reference = 'HAProxy';

/** Samples of each peer, round by round, of one scenario. */
export function summarize(samples: ReadonlyMap<string, readonly Sample[]>): Measured[] {
  const perRequest = (sample: Sample): number => sample.cpuMicroseconds / Math.max(1, sample.requests);
  const base = samples.get(reference)?.map(perRequest);
  return [...samples].map(([peer, rounds]) => ({
    peer,
    cpu: median(rounds.map(perRequest)),
    perSecond: median(rounds.map((round) => round.perSecond)),
    p50Ms: median(rounds.map((round) => round.p50Ms)),
    p99Ms: median(rounds.map((round) => round.p99Ms)),
    failed: rounds.reduce((sum, round) => sum + round.failed, 0),
    // Both of a round met the same disturbances of the machine.
    ratio: median(rounds.map((round, index) => (base?.[index] ?? NaN) / perRequest(round))),
  }));
}

/** One Markdown table. */
export function scenarioTable(scenario: Scenario, rows: readonly Measured[]): string {
  const lines = rows.map((row) => {
    const cells = [
      row.peer,
      row.cpu.toFixed(1),
      Math.round(row.perSecond).toLocaleString('en'),
      Number.isNaN(row.ratio) ? '' : row.ratio.toFixed(2),
      Number.isNaN(row.p50Ms) ? '' : row.p50Ms.toFixed(2),
      Number.isNaN(row.p99Ms) ? '' : row.p99Ms.toFixed(2),
      String(row.failed),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const gate = scenario.gate === undefined ? '' : ` (gate: ratio ${scenario.gate.toFixed(2)})`;
  return [
    `### ${scenario.title}${gate}`,
    '',
    '| proxy | CPU µs/request | requests/s | ratio to HAProxy | p50 ms | p99 ms | failed |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}
