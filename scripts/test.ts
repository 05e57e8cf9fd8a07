// `npm test`: everything. Types, lint, and beside them all tests that judge no times: unit tests (laws, contracts and
// simulations among them), integration, and end to end on labs of their own. Then what judges by time, alone on the machine.
// Where no lab can run its tests are skipped by name, or failed with VEZA_REQUIRE_E2E=1 (CI).
// The last line says how many tests passed and failed.
import { chmod, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';
import { installRequirements, missingRequirements } from '../src/lab/requirements.ts';
import { packedName } from './pack-proxy.ts';
import { installTestPackages } from './test-packages.ts';

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
const say = (text: string) => process.stdout.write(`${text}\n`);
const run = $({ stdio: 'inherit', nothrow: true });
const quietly = $({ stdio: ['ignore', 'pipe', 'pipe'], nothrow: true });

const { machine, packages } = await missingRequirements();
if (machine.length === 0) {
  await installRequirements(packages, say);
  await installTestPackages(say);
} else {
  say(`end-to-end tests need more than this machine has: ${machine.join('; ')}`);
}

await run`npm run --silent build`;
// Tests of the balancer start it hundreds of times: packed it starts in half of the time, and it is what hosts get.
const packed = await mkdtemp(join(tmpdir(), 'veza-proxy-packed-'));
await cp('dist/veza-proxy', packed, { recursive: true });
// Some start it as another user.
await chmod(packed, 0o755);
process.env['VEZA_TEST_PROXY'] = join(packed, packedName);
say('types, lint and end-to-end tests, beside the unit and integration tests: those wait often enough');
const checks = typesAndLint();
const hosts = vitest('e2e', quietly);
await vitest('unit');
await vitest('integration');
await checks;
say(await hosts);
await vitest('timing');
await vitest('e2e-timing');
await rm(packed, { recursive: true, force: true });

// In CI everything must run: what is skipped there has not been tested.
if (process.env['VEZA_REQUIRE_E2E'] === '1') totals.failed += totals.skipped;
say(`${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`);
process.exitCode = totals.failed > 0 ? 1 : 0;

/** One after the other: each takes the memory of several test programs. */
async function typesAndLint(): Promise<void> {
  count((await run`tsc --noEmit`).exitCode === 0);
  count((await run`npm run --silent lint`).exitCode === 0);
}

function count(good: boolean): void {
  totals[good ? 'passed' : 'failed'] += 1;
}

/** Counts the tests of a project. Returns what was not shown meanwhile. */
async function vitest(project: string, start = run): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'veza-test-'));
  const file = join(directory, 'results.json');
  try {
    const { exitCode, stdall } =
      await start`vitest run --project ${project} --reporter=default --reporter=json --outputFile.json=${file}`;
    const results = JSON.parse(await readFile(file, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
    };
    totals.passed += results.numPassedTests;
    totals.skipped += results.numPendingTests;
    // A file that cannot be loaded fails without a failed test.
    totals.failed += exitCode !== 0 && results.numFailedTests === 0 ? 1 : results.numFailedTests;
    return stdall;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
