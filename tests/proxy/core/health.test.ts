// The rise/fall counter, row by row.
import { describe, expect, it } from 'vitest';
import { Health } from '../../../src/proxy/core/health.ts';
import { aBackend, firstServer } from '../support/builders.ts';

function aHealth(check: object = {}): Health {
  const { check: config } = firstServer(aBackend({ check }));
  if (!config) throw new Error('no check');
  return new Health(config);
}

/** Feeds `+` and `-`, returns the descriptions after each. */
function run(health: Health, results: string): string[] {
  return Array.from(results, (result) => {
    health.record(result === '+');
    return health.describe();
  });
}

describe('health', () => {
  it.each([
    ['the first failure after the start means DOWN', {}, '-', ['DOWN']],
    ['the first success after the start means fully UP', {}, '+', ['UP']],
    ['fall failures in a row mean DOWN', {}, '+---', ['UP', 'UP 2/3', 'UP 1/3', 'DOWN']],
    [
      'a success in between makes it fully UP again',
      {},
      '+--+--',
      ['UP', 'UP 2/3', 'UP 1/3', 'UP', 'UP 2/3', 'UP 1/3'],
    ],
    ['rise successes in a row mean UP', {}, '-++', ['DOWN', 'DOWN 1/2', 'UP']],
    ['a failure while rising starts again', {}, '-+-++', ['DOWN', 'DOWN 1/2', 'DOWN', 'DOWN 1/2', 'UP']],
    ['init down: one success means UP', { init: 'down' }, '+', ['UP']],
    ['init fully-down: rise successes', { init: 'fully-down' }, '++', ['DOWN 1/2', 'UP']],
    ['init fully-up: fall failures', { init: 'fully-up' }, '---', ['UP 2/3', 'UP 1/3', 'DOWN']],
    ['fall 1, rise 1', { fall: 1, rise: 1 }, '+-+-', ['UP', 'DOWN', 'UP', 'DOWN']],
  ])('%s', (_name, check, results, expected) => {
    expect(run(aHealth(check), results)).toEqual(expected);
  });

  it('reports each transition once', () => {
    const health = aHealth();
    expect(Array.from('+----++', (result) => health.record(result === '+'))).toEqual([
      undefined,
      undefined,
      undefined,
      'down',
      undefined,
      undefined,
      'up',
    ]);
  });

  it('waits inter when fully UP, downinter when fully DOWN, fastinter in between', () => {
    const health = aHealth();
    expect(health.nextDelayMs()).toBe(1000);
    health.record(true);
    expect(health.nextDelayMs()).toBe(5000);
    health.record(false);
    expect(health.nextDelayMs()).toBe(1000);
    health.record(false);
    health.record(false);
    expect(health.nextDelayMs()).toBe(2000);
    health.record(true);
    expect(health.nextDelayMs()).toBe(1000);
  });

  it('gets less patience from a check while traffic accuses it', () => {
    const health = aHealth({ timeout: '2s', fastinter: '1s' });
    expect(health.timeoutMs).toBe(2000);
    health.accuse();
    expect(health.timeoutMs).toBe(1000);
    health.record(true);
    expect(health.timeoutMs).toBe(2000);
  });

  it('once accused by traffic, one failed check is enough; a passed one clears it', () => {
    const health = aHealth();
    health.record(true);
    expect(health.accuse()).toBe(true);
    expect(health.accuse()).toBe(false);
    expect(health.record(true)).toBeUndefined();
    expect(health.accuse()).toBe(true);
    expect(health.record(false)).toBe('down');
  });

  it('keeps its state when rise and fall change', () => {
    const health = aHealth();
    health.record(true);
    const { check } = firstServer(aBackend({ check: { fall: 5, rise: 4 } }));
    if (check) health.reconfigure(check);
    expect(health.describe()).toBe('UP');
    expect(run(health, '-----')).toEqual(['UP 4/5', 'UP 3/5', 'UP 2/5', 'UP 1/5', 'DOWN']);
  });
});
