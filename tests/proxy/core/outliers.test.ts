// Servers that differ from the others: by failures, by time, and never too many of them.
import { describe, expect, it } from 'vitest';
import { Judged } from '../support/judged.ts';

type Traffic = readonly { readonly requests: number; readonly failures?: number; readonly ms?: number }[];

/** Who is out after an interval of such traffic, one entry a server. */
function outAfter(traffic: Traffic, outlier: object = {}, maxEjected = 50, workers = 1): string[] {
  const servers = traffic.map((_, index) => ({ name: `s${index + 1}`, address: '192.0.2.1', port: 8001 + index }));
  const world = new Judged({ servers, breaker: { errors: 1000, maxEjected, outlier } }, workers);
  traffic.forEach(({ requests, failures = 0, ms = 10 }, index) => {
    // Mixed, so that no failures are in a row.
    for (let n = 0; n < requests; n += 1)
      world.meet(index, (n * failures) % requests >= failures ? 'answered' : 'failed', 1000, n % workers, ms);
  });
  for (const worker of world.workers.keys()) expect(world.tell(1000, worker)).toEqual([]);
  world.meet(0, 'answered', 11_000, 0, traffic[0]?.ms ?? 10);
  const out = world.tell(11_000);
  const isOut = (name: string): boolean | undefined =>
    world.records.find(({ config }) => config.name === name)?.breaker.circuit.isOpen(11_001);
  expect(out.map(isOut)).toEqual(out.map(() => true));
  return out;
}

describe('a server', () => {
  it.each<[string, Traffic, object, string[]]>([
    ['that fails half of its requests is out', [{ requests: 100 }, { requests: 100, failures: 50 }], {}, ['s2']],
    ['that fails less is not', [{ requests: 100 }, { requests: 100, failures: 49 }], {}, []],
    ['that had few requests is not judged', [{ requests: 100 }, { requests: 49, failures: 49 }], {}, []],
    [
      'that fails as all others do is no outlier',
      [
        { requests: 100, failures: 90 },
        { requests: 100, failures: 90 },
      ],
      {},
      [],
    ],
    ['that fails is not looked at with 0', [{ requests: 100 }, { requests: 100, failures: 99 }], { failures: 0 }, []],
    ['that is slow is out', [{ requests: 99 }, { requests: 99, ms: 200 }, { requests: 99, ms: 15 }], {}, ['s2']],
    [
      'that is slow among slow ones is not',
      [
        { requests: 99, ms: 150 },
        { requests: 99, ms: 200 },
      ],
      {},
      [],
    ],
    [
      'that is slower, but fast, is not',
      [
        { requests: 99, ms: 1 },
        { requests: 99, ms: 99 },
      ],
      {},
      [],
    ],
    ['that is alone is never out', [{ requests: 999, failures: 999, ms: 9999 }], {}, []],
  ])('%s', (_title, traffic, outlier, out) => {
    expect(outAfter(traffic, outlier)).toEqual(out);
  });

  it('that is the worst goes first where only one may go', () => {
    const traffic = [{ requests: 99 }, { requests: 99, failures: 60 }, { requests: 99, failures: 80 }];
    expect(outAfter(traffic, {}, 34)).toEqual(['s3']);
    expect(outAfter(traffic, {}, 33)).toEqual([]);
    expect(outAfter(traffic, {}, 67)).toEqual(['s3', 's2']);
  });

  it('is judged by what all workers saw, be it too little in each', () => {
    expect(outAfter([{ requests: 100 }, { requests: 100, failures: 60 }], {}, 50, 4)).toEqual(['s2']);
  });
});
