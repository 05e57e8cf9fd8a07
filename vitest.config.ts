import { defineConfig } from 'vitest/config';

// unit: seconds, no root, no network but loopback. integration: real shells, sockets and processes, with real waits.
// e2e: boots real hosts (needs root and Linux).
const integration = [
  'tests/adapters/**/*.test.ts',
  'tests/failover-unit/**/*.test.ts',
  'tests/proxy/{server,tls,h2}/**/*.test.ts',
  'tests/**/*.real.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/e2e/**', 'node_modules/**', ...integration],
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
