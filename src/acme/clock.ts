// The real clock and real dice.
import { setTimeout as delay } from 'node:timers/promises';
import type { AcmeClock } from './model.ts';

export const systemAcmeClock: AcmeClock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    await delay(milliseconds, undefined, signal ? { signal } : {});
  },
  random: () => Math.random(),
};
