// The failover test must be able to fail: the same test, pointed at a real HAProxy with the directives of the reference
// role, sees the requests that are lost. The checks run every second here instead of every five, so that the test is
// short: that only helps HAProxy.
import { describe, expect, it } from 'vitest';
import type { FailoverReport } from '../../src/failover/model.ts';
import { renderTable } from '../../src/failover/report.ts';
import { runFailover } from '../../src/failover/scenario.ts';
import {
  DemoBackend,
  executionsOf,
  hasHaproxy,
  processActuator,
  startHaproxy,
  temporaryDirectory,
} from '../failover-unit/support.ts';

const interMs = 1000;
/** Where end-to-end tests are required, a missing HAProxy is a failure and not a skip. */
const required = process.env['VEZA_REQUIRE_E2E'] === '1';

async function failover(way: 'crash' | 'stop' | 'none', extra: readonly string[] = []): Promise<FailoverReport> {
  await using state = await temporaryDirectory();
  const names = ['backend-api-1', 'backend-api-2'] as const;
  await using victim = await DemoBackend.start(names[0], { STATE_DIRECTORY: `${state.path}/1` });
  await using survivor = await DemoBackend.start(names[1], { STATE_DIRECTORY: `${state.path}/2` });
  const backends = [victim, survivor];
  await using haproxy = await startHaproxy(backends, { interMs, extra });
  return await runFailover({
    target: haproxy.target,
    stats: haproxy.stats,
    pool: 'api_pool',
    servers: names,
    victim: victim.name,
    way,
    actuator: processActuator(victim, way),
    executions: executionsOf(backends),
    control: survivor.address,
    checks: { intervalMs: interMs, timeoutMs: interMs },
    durations: { warmUpMs: 1000, baselineMs: 1000, downMs: 1000, recoveryMs: 2000 },
    slowStartMs: 30_000,
    // The ceiling is not the point here, and other tests may keep the machine busy.
    ceilings: { slowestMs: 1000, webSocketReconnectedMs: 1000 },
  });
}

function checkOf(report: FailoverReport, id: string): boolean | undefined {
  return report.checks.find((check) => check.id === id)?.passed;
}

describe.skipIf(!hasHaproxy && !required)('the failover test pointed at HAProxy', () => {
  it('passes when nothing fails', async () => {
    const report = await failover('none');
    expect(report.verdict, renderTable(report)).toBe('passed');
    expect(report.kinds.find((kind) => kind.kind === 'all')?.requests).toBeGreaterThan(1000);
  });

  it('sees none lost by an HAProxy that is told to retry on another server', async () => {
    const extra = ['option redispatch 1', 'retries 3', 'retry-on conn-failure empty-response response-timeout'];
    const report = await failover('crash', extra);
    // No word about POSTs: retried like this they may be executed twice, and whether one was in flight is chance.
    expect(checkOf(report, 'no-failures'), renderTable(report)).toBe(true);
    expect(checkOf(report, 'websocket-reconnected'), renderTable(report)).toBe(true);
  });

  it.each(['crash', 'stop'] as const)('sees the requests that a %s loses', async (way) => {
    const report = await failover(way);
    const text = renderTable(report);
    expect(report.verdict, text).toBe('failed');
    expect(checkOf(report, 'no-failures'), text).toBe(false);
    expect(checkOf(report, 'ceiling'), text).toBe(false);
    expect(report.kinds.find((kind) => kind.kind === 'get')?.failed, text).toBeGreaterThan(10);
    // And it is fair: what HAProxy does well is seen too.
    for (const id of ['preflight', 'baseline', 'down', 'down-gets', 'cookie', 'up', 'recovery', 'slow-start']) {
      expect(checkOf(report, id), `${id}\n${text}`).toBe(true);
    }
  });
});
