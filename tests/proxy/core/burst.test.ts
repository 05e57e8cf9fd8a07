// When a worker lets others have their part of a burst of connections.
import { describe, expect, it } from 'vitest';
import { Burst } from '../../../src/proxy/core/burst.ts';

/** Whether it was time to let others have some, for a connection at each of these times in ms. */
function turns(times: readonly number[]): boolean[] {
  const burst = new Burst();
  return times.map((nowMs) => burst.another(nowMs));
}

describe('a burst of connections', () => {
  it('is shared after every fourth that came at once', () => {
    const [yes, no] = [true, false];
    expect(turns([0, 0.1, 0.2, 0.3, 0.4, 0.41, 0.42, 0.43])).toEqual([no, no, no, yes, no, no, no, yes]);
  });

  it('is none where connections come with time for their requests between them', () => {
    expect(turns(Array.from({ length: 50 }, (_, index) => index * 0.2))).not.toContain(true);
  });

  it('begins anew after a while without any', () => {
    expect(turns([0, 0.1, 0.2, 5, 5.1, 5.2])).not.toContain(true);
    expect(turns([0, 0.1, 0.2, 5, 5.1, 5.2, 5.3]).at(-1)).toBe(true);
  });
});
