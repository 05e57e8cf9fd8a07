// The arithmetic of `npm run bench:proxy`: what load generators print, medians, ratios, bounds, speed-ups and tables.
import { describe, expect, it } from 'vitest';
import { judge, median, withSpread } from '../../bench/proxy/gates.ts';
import { latencySection } from '../../bench/proxy/latency.ts';
import { type LoadResult, parseH2Load, parseWrk } from '../../bench/proxy/load.ts';
import { growth, growthSection } from '../../bench/proxy/memory.ts';
import { percentile } from '../../bench/proxy/programs/percentile.ts';
import { type Entry, ratios, type Sample, scenarioSection } from '../../bench/proxy/report.ts';
import { evenness, places, scalingSection, speedUpOnCpuTime, type Turn } from '../../bench/proxy/scaling.ts';
import { type Scenario, scenarios } from '../../bench/proxy/scenarios.ts';

const wrkText = `Running 2s test @ http://127.0.0.1:1/1k
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.27ms    1.13ms  15.52ms   80.66%
    Req/Sec    19.70k     1.33k   21.69k    85.00%
  Latency Distribution
     50%  750.00us
     75%    3.70ms
     90%    4.45ms
     99%    1.20s
  39263 requests in 2.01s, 47.93MB read
  Socket errors: connect 0, read 3, write 0, timeout 2
  Non-2xx or 3xx responses: 7
Requests/sec:  19542.45
Transfer/sec:     23.86MB
`;

const h2Text = `Application protocol: h2

finished in 2.00s, 60000.50 req/s, 70.00MB/s
requests: 120001 total, 120129 started, 120001 done, 119996 succeeded, 5 failed, 5 errored, 0 timeout
                     min         max         mean         sd        +/- sd
time for request:      200us     10.10ms      2.12ms       600us    75.10%
time for connect:     1.00ms      2.00ms      1.50ms       100us    60.00%
`;

describe('what load generators print', () => {
  it('becomes numbers, with every kind of failure counted, of wrk', () => {
    expect(parseWrk(wrkText)).toEqual({ requests: 39_263, perSecond: 19_542.45, p50Ms: 0.75, p99Ms: 1200, failed: 12 });
  });

  it('becomes numbers of h2load', () => {
    const expected = { requests: 119_996, perSecond: 60_000.5, p50Ms: 2.12, p99Ms: NaN, failed: 5 };
    expect(parseH2Load(h2Text)).toEqual(expected);
  });

  it('is refused if h2load spoke something other than HTTP/2', () => {
    expect(() => parseH2Load(h2Text.replace('protocol: h2', 'protocol: http/1.1'))).toThrow('did not speak HTTP/2');
  });
});

describe('medians, percentiles and spreads', () => {
  it('take the middle, leave out what is not known, and are NaN of nothing', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, NaN, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('are the nearest rank of percentiles', () => {
    const figures = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([percentile(figures, 50), percentile(figures, 99), percentile([7], 99)]).toEqual([100, 198, 7]);
    expect(percentile([], 50)).toBeNaN();
  });

  it('show how far rounds are apart', () => {
    expect(withSpread([0.6, 0.5, NaN, 0.7], 2)).toBe('0.60 (0.50–0.70)');
    expect(withSpread([0.6], 2)).toBe('0.60');
    expect(withSpread([NaN], 2)).toBe('');
  });
});

describe('a gate', () => {
  const bound = { must: 0.5, aim: 0.8, side: 'least' } as const;

  it.each([
    [[0.5, 0.6, 0.55], true, 'gate met: x 0.55 (0.50–0.60), at least 0.50; aim 0.80 not reached'],
    [[0.9, 0.8, 0.85], true, 'gate met: x 0.85 (0.80–0.90), at least 0.50; aim 0.80 reached'],
    [
      [0.4, 0.6, 0.7],
      true,
      'gate met: x 0.60 (0.40–0.70), at least 0.50; not every round says so; aim 0.80 not reached',
    ],
    [[0.49], false, 'gate NOT met: x 0.49, at least 0.50; aim 0.80 not reached'],
    [[NaN], false, 'gate NOT met: x was not measured (at least 0.50)'],
  ])('says of %j: %j', (figures, kept, text) => {
    expect(judge('x', figures, bound, { digits: 2 })).toEqual({ kept, text });
  });

  it('can be a limit that figures stay below', () => {
    const most = { must: 2, side: 'most' } as const;
    expect(judge('x', [2], most, { digits: 1, unit: ' ms' }).text).toBe('gate met: x 2.0 ms, at most 2.0 ms');
    expect(judge('x', [2.1], most, { digits: 1, unit: ' ms' }).kept).toBe(false);
  });
});

function result(extra: Partial<LoadResult> = {}): LoadResult {
  return { requests: 1000, perSecond: 500, p50Ms: 1, p99Ms: 2, failed: 0, ...extra };
}

/** One sample for each CPU time a request. */
function entry(peer: string, costs: readonly number[], extra: Partial<Sample> = {}): Entry {
  const samples = costs.map((cost) => ({ ...result(), cpuMicroseconds: cost * 1000, ...extra }));
  return { peer, samples, remarks: [] };
}

function scenario(name: string): Scenario {
  const found = scenarios.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
}

describe('the table of a scenario', () => {
  it('compares the same rounds with each other', () => {
    // Both met a slow machine in the second round.
    expect(ratios(entry('a', [20, 40]), entry('b', [10, 20]))).toEqual([0.5, 0.5]);
    expect(ratios(entry('a', [20]), undefined)).toEqual([NaN]);
    expect(ratios(entry('a', [20], { requests: 0 }), entry('b', [10]))).toEqual([NaN]);
  });

  it('has a row for each proxy and a sentence for each gate that can be judged', () => {
    const entries = [entry('veza-proxy', [20, 25, 22]), entry('HAProxy', [12, 12, 12])];
    const { markdown, verdicts } = scenarioSection(scenario('bare-1k'), entries);
    expect(markdown.split('\n')).toEqual([
      '### 1 KB, keep-alive, bare',
      '',
      '| proxy | CPU µs/request | requests/s | ratio to HAProxy | p50 ms | p99 ms | failed |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| veza-proxy | 22.0 | 500 | 0.55 (0.48–0.60) | 1.00 | 2.00 | 0 |',
      '| HAProxy | 12.0 | 500 | 1 | 1.00 | 2.00 | 0 |',
      '',
      '- gate met: ratio to HAProxy 0.55 (0.48–0.60), at least 0.50; not every round says so; aim 0.80 not reached',
      '',
    ]);
    expect(verdicts.map(({ kept }) => kept)).toEqual([true]);
  });

  it('judges the ratio to Caddy too where Caddy was asked for', () => {
    const entries = [entry('veza-proxy', [20]), entry('HAProxy', [12]), entry('Caddy', [30])];
    expect(scenarioSection(scenario('bare-1k'), entries).verdicts[1]?.text).toContain(
      'gate NOT met: ratio to Caddy 1.50',
    );
  });

  it('says what is remarkable, and measures nothing that answered wrongly', () => {
    const wrong = { peer: 'HAProxy', samples: [], remarks: ['not measured: answered 503'] };
    const { markdown, verdicts } = scenarioSection(scenario('full-1k'), [entry('veza-proxy', [20]), wrong]);
    expect(markdown).toContain('| HAProxy |  |  |  |  |  |  | not measured: answered 503 |');
    expect(verdicts).toEqual([{ kept: false, text: expect.stringContaining('was not measured') as string }]);
  });

  it('meets no gate while requests of ours fail', () => {
    const entries = [entry('veza-proxy', [10], { failed: 2 }), entry('HAProxy', [12])];
    const { verdicts } = scenarioSection(scenario('full-1k'), entries);
    expect(verdicts.map(({ kept }) => kept)).toEqual([true, false]);
    expect(verdicts[1]?.text).toContain('2 requests failed');
  });

  it('counts messages where there are no requests', () => {
    expect(scenarioSection(scenario('ws'), []).markdown).toContain('| CPU µs/message | messages/s |');
  });
});

describe('added latency', () => {
  it('is that of the proxy minus that of the origin in the same round', () => {
    const direct = [result({ p50Ms: 1, p99Ms: 3 }), result({ p50Ms: 2, p99Ms: 4 })];
    const own = [result({ p50Ms: 1.2, p99Ms: 6 }), result({ p50Ms: 2.2, p99Ms: 7 })];
    const { markdown, verdicts } = latencySection(direct, [{ name: 'veza-proxy, bare', results: own }], own);
    expect(markdown).toContain('| veza-proxy, bare | 1.70 | 6.50 | 0.20 (0.20–0.20) | 3.00 (3.00–3.00) | 0 |');
    expect(verdicts.map(({ kept }) => kept)).toEqual([true, false]);
  });
});

function turn(cost: number, threads: readonly number[], extra: Partial<Turn> = {}): Turn {
  const base = { requests: 1000, perSecond: 1000, cpuMicroseconds: cost * 1000, threads, failed: 0, busy: 1 };
  return { ...base, ...extra };
}

describe('the speed-up of more workers', () => {
  it('suffers from dearer requests and from uneven work', () => {
    expect(speedUpOnCpuTime(turn(10, [10]), turn(10, [5, 5]), 2)).toBe(2);
    expect(speedUpOnCpuTime(turn(10, [10]), turn(20, [10, 10]), 2)).toBe(1);
    // One of two did it all: no better than one.
    expect(speedUpOnCpuTime(turn(10, [10]), turn(10, [10, 0]), 2)).toBe(1);
    expect(evenness(turn(10, [6, 3, 1]), 2)).toBe(0.75);
  });

  it('has half of the processors for the proxy, or shares all where there are few', () => {
    expect(places(2)).toMatchObject({ workers: 2, many: '0-1', load: '0-1', apart: false });
    expect(places(8)).toMatchObject({ workers: 4, one: '0', many: '0-3', load: '4-7', loadThreads: 4, apart: true });
  });

  it('is judged by requests a second only where the load filled all processors', () => {
    const one = [turn(10, [10], { perSecond: 1000, busy: 0.99 })];
    const many = (busy: number): Turn[] => [turn(10, [5, 5], { perSecond: 1500, busy })];
    const judged = (processors: number, busy: number): string | undefined =>
      scalingSection([{ name: 'veza-proxy', one, many: many(busy) }], places(processors)).verdicts[0]?.text;
    expect(judged(4, 1.95)).toContain('gate NOT met: speed-up by requests/s 1.50');
    expect(judged(4, 1.2)).toContain('gate met: speed-up on CPU time 2.00');
    expect(judged(2, 1.95)).toContain('gate met: speed-up on CPU time 2.00');
  });
});

describe('memory under load', () => {
  it('has grown by what the last quarter has more than the second', () => {
    // What it takes at first is no leak.
    expect(growth([10, 50, 100, 100, 100, 100, 120, 120])).toBe(1.2);
    expect(growth([10, 50, 100, 100, 110, 100, 100, 100])).toBe(1);
    expect(growth([1, 2])).toBeNaN();
  });

  it('must not grow by more than a tenth', () => {
    const judged = (samples: number[]): boolean | undefined =>
      growthSection([{ name: 'veza-proxy, bare', before: 1, samples }], 8).verdicts[0]?.kept;
    expect(judged([1, 100, 100, 109])).toBe(true);
    expect(judged([1, 100, 100, 111])).toBe(false);
  });
});
