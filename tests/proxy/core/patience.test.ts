// When a silent server is suspected, and when waiting ends.
import { describe, expect, it } from 'vitest';
import { Patience } from '../../../src/proxy/core/patience.ts';

describe('patience', () => {
  it('warns once after the silence, then waits for the end', () => {
    const patience = new Patience();
    patience.begin(1000, 500, 61_000);
    expect(patience.nextMs(1000, 0)).toBe(500);
    expect(patience.judge(1499, 0)).toBe('wait');
    expect(patience.judge(1500, 0)).toBe('silent');
    expect(patience.judge(1600, 0)).toBe('wait');
    expect(patience.nextMs(1600, 0)).toBe(59_400);
    expect(patience.judge(61_000, 0)).toBe('expired');
  });

  it('counts silence from the last byte that the server sent to anyone', () => {
    const patience = new Patience();
    patience.begin(1000, 500, 61_000);
    expect(patience.judge(1500, 1400)).toBe('wait');
    expect(patience.nextMs(1500, 1400)).toBe(400);
    expect(patience.judge(1900, 1400)).toBe('silent');
  });

  it('never warns when that is off', () => {
    const patience = new Patience();
    patience.begin(0, 0, 60_000);
    expect(patience.nextMs(0, 0)).toBe(60_000);
    expect(patience.judge(59_999, 0)).toBe('wait');
  });
});
