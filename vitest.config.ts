import { defineConfig } from 'vitest/config';

// unit: seconds, no root, no network but loopback. integration: real shells, sockets and processes, with real waits.
// e2e: boots real hosts (needs root and Linux). long: minutes; `npm run test:long`, not in CI.
const integration = [
  'tests/adapters/**/*.test.ts',
  'tests/failover-unit/**/*.test.ts',
  'tests/proxy/server/**/*.test.ts',
  'tests/**/*.real.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/e2e/**', 'tests/long/**', 'node_modules/**', ...integration],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: integration,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'long',
          include: ['tests/long/**/*.test.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
