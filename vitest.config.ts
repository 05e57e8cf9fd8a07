import { defineConfig } from 'vitest/config';

// unit: seconds, no root, no network but loopback. programs: veza-run and others as processes; side by side, so that no
// test may judge by time. integration: real shells, sockets and the balancer, with real waits; one after the other.
// e2e: boots real hosts (needs root and Linux).
const programs = ['tests/{acme,cli,infra}/**/*.real.test.ts'];
const integration = [
  'tests/adapters/**/*.test.ts',
  'tests/failover-unit/**/*.test.ts',
  'tests/proxy/{h2,server,tls}/**/*.test.ts',
  'tests/{core,engine,inventory,language,lib,lint,modules,playbook,proxy,resources,roles}/**/*.real.test.ts',
];

export default defineConfig({
  test: {
    // All processors: by default one is left idle, which is half of a small machine.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/e2e/**', 'node_modules/**', ...programs, ...integration],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'programs',
          include: programs,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: integration,
          testTimeout: 60_000,
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
