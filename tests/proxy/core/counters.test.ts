// Counters of several workers together.
import { expect, it } from 'vitest';
import { Counters } from '../../../src/proxy/core/counters.ts';

it('of several workers are added up, but of the longest times the longest counts', () => {
  const [one, other] = [new Counters(), new Counters()];
  one.times(5, 1, 30, 50);
  one.times(0, 2, 10, 20);
  other.times(-1, -1, -1, 40);
  other.compressed({ in: 100, out: 40 });
  other.compressed({ in: 50, out: 20 });
  const sums = new Counters();
  for (const each of [one, other]) sums.add(each.toArray());
  expect(sums).toMatchObject({ timed: 3, totalMs: 110, compressions: 2, compressedIn: 150, compressedOut: 60 });
  expect(sums).toMatchObject({ queueMaxMs: 5, connectMaxMs: 2, responseMaxMs: 30, totalMaxMs: 50 });
  sums.clear(false);
  expect(sums).toMatchObject({ timed: 3, compressions: 2, queueMaxMs: 0, totalMaxMs: 0 });
});
