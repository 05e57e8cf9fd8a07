import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Tests start our programs hundreds of times: each start compiles what has not changed only once.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'veza-run-compile-cache');

// unit: seconds, no root, no network but loopback. integration: real shells, sockets, programs and the balancer, side by
// side: no test there may judge by time. timing: those that must, one after the other. e2e: boots real hosts (needs root
// and Linux), one file after the other, but beside other projects. e2e-timing: those hosts under load, which judge by time.
// long: minutes; `npm run test:long`, not in CI. `groupOrder`: run together, one project follows the other.
const timing = [
  'tests/failover-unit/**/*.test.ts',
  'tests/proxy/server/{breaker,bursts,health,hostile-clients,hostile-operations,queues}.test.ts',
  'tests/proxy/server/{retries,suspicion,zero-loss}.test.ts',
];
const integration = [
  'tests/adapters/**/*.test.ts',
  'tests/proxy/{h2,server,tls}/**/*.test.ts',
  'tests/**/*.real.test.ts',
];

const e2eTiming = ['tests/e2e/{haproxy-comparison,rolling,stack}.test.ts'];

// Tests that start programs wait half of their time.
const waiting = Math.ceil(availableParallelism() * 1.5);

export default defineConfig({
  test: {
    // All processors: by default one is left idle, which is half of a small machine.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/{e2e,long}/**', 'node_modules/**', ...timing, ...integration],
          // Modules hold no state that one file could leave behind for the next: loading them once is enough.
          isolate: false,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          sequence: { groupOrder: 1 },
          include: integration,
          exclude: ['node_modules/**', ...timing],
          maxWorkers: waiting,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'timing',
          sequence: { groupOrder: 2 },
          include: timing,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'long',
          sequence: { groupOrder: 5 },
          include: ['tests/long/**/*.test.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 3 },
          include: ['tests/e2e/**/*.test.ts'],
          exclude: ['node_modules/**', ...e2eTiming],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e-timing',
          sequence: { groupOrder: 4 },
          include: e2eTiming,
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
