// What people do to a running stack on a working day, under continuous load: deployments, reloads, restarts. None of it
// may cost a request.
import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchExecutions } from '../../src/failover/executions.ts';
import type { FailoverReport } from '../../src/failover/model.ts';
import { renderTable } from '../../src/failover/report.ts';
import { runFailover } from '../../src/failover/scenario.ts';
import { changedOf, projectDirectory, vezaRunJson, type JsonRun } from '../support/cli.ts';
import { bootStack, labMissing, labRequired, type TestLab } from '../support/lab.ts';

const backends = ['backend-api-1', 'backend-api-2'] as const;
const config = '/etc/veza-proxy/config.yml';
const scratch = mkdtempSync(join(tmpdir(), 'veza-rolling-'));

/** Tunnels keep a stopping balancer for this long: shorter than the default, so that the test is. */
const graceful = { haproxy_grace: 3 };

/** Another version of the balancer. */
const bundle = join(scratch, 'bundle');

let stack: TestLab;

/** Runs a playbook with these variables beside those of the lab. */
function play(playbook: string, variables: object = {}, ...words: readonly string[]): Promise<JsonRun> {
  return vezaRunJson([`playbooks/${playbook}`, ...stack.inventory, '-e', JSON.stringify(variables), ...words]);
}

const backendPids = () => Promise.all(backends.map((host) => stack.pidOf(host, 'veza-backend-api')));

/**
 * The load of the failover test, with `disturb` in the middle of it (and `repair` after it, whatever happened), and its
 * verdict: 0 failed. How steadily a busy machine sends the load is not the question here; that all of it was sent is.
 * A POST with a key may be sent to a second backend while the first restarts: the key is for that. Without one, never.
 */
async function underLoad(
  disturb: () => Promise<void>,
  repair: () => Promise<void> = () => Promise.resolve(),
): Promise<FailoverReport> {
  const address = (host: string) => ({ host: stack.address(host), port: 8080 });
  const report = await runFailover({
    target: { host: stack.address('lb-1'), port: 80 },
    stats: async () => (await fetch(`http://${stack.address('lb-1')}:8404/stats;csv`)).text(),
    pool: 'api_pool',
    servers: backends,
    victim: backends[0],
    way: 'disturbance',
    actuator: { fail: disturb, heal: repair },
    executions: (prefix) => Promise.all(backends.map((host) => fetchExecutions(address(host), prefix))),
    control: address('stream-server-1'),
    durations: { warmUpMs: 1000, baselineMs: 1000, recoveryMs: 1500 },
    preflightTimeoutMs: 30_000,
  });
  const failed = report.checks.filter(({ id, passed }) => !passed && id !== 'generator');
  expect(failed, renderTable(report)).toEqual([]);
  expect(report.executions).toMatchObject({ duplicates: [], missing: [], failedButExecuted: 0, repeatedWithKey: 0 });
  expect(report.rate.achievedPerSecond).toBeGreaterThan(300);
  expect(report.kinds.find(({ kind }) => kind === 'all')).toMatchObject({ failed: 0, excused: 0 });
  return report;
}

describe.skipIf(labMissing !== null && !labRequired)('a working day of the balanced stack', () => {
  beforeAll(async () => {
    if (labMissing !== null) throw new Error(`the lab cannot run here: ${labMissing}`);
    stack = await bootStack('rollingtest');
    const run = await play('lb.yml', graceful);
    expect(run.exitCode, run.stderr).toBe(0);
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('restarts both backends for a deployment, one after the other, without losing a request', async () => {
    const before = await backendPids();
    await underLoad(async () => {
      const run = await play('backend_api.yml', { backend_api_stop_timeout: 31 });
      expect(run.exitCode, run.stdout).toBe(0);
      expect(changedOf(run)).toEqual({ 'backend-api-1': 2, 'backend-api-2': 2 });
    });
    const after = await backendPids();
    for (const [index, pid] of after.entries()) expect(pid).not.toBe(before[index]);
  });

  it('never takes a broken deployment to the second backend, however often it is tried', async () => {
    const broken = join(scratch, 'broken');
    writeFileSync(broken, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const [, second] = await backendPids();
    const deploy = (variables: object) => play('backend_api.yml', { backend_api_stop_timeout: 31, ...variables });
    await underLoad(
      async () => {
        for (const changed of [2, 0]) {
          const run = await deploy({ backend_api_binary_src: broken, backend_api_start_timeout: 1 });
          expect(run.exitCode, run.stdout).toBe(3);
          expect(run.hosts['backend-api-1']?.failed).toBe(1);
          expect(changedOf(run)['backend-api-1'], run.stdout).toBeGreaterThanOrEqual(changed);
          expect(run.hosts['backend-api-2']?.changed ?? 0).toBe(0);
        }
      },
      async () => expect((await deploy({})).exitCode).toBe(0),
    );
    expect((await backendPids())[1]).toBe(second);
  });

  it('reloads the balancer for a new configuration without losing a request or its process', async () => {
    const pid = await stack.pidOf('lb-1', 'veza-proxy');
    await underLoad(async () => {
      const run = await play('haproxy.yml', { ...graceful, haproxy_retries: 2 });
      expect(run.exitCode, run.stdout).toBe(0);
      expect(changedOf(run)).toEqual({ 'lb-1': 2 });
    });
    expect(await stack.pidOf('lb-1', 'veza-proxy')).toBe(pid);
    expect(await stack.on('lb-1', `cat ${config}`)).toContain('retries: 2');
  });

  it('installs another version of the balancer without losing a request: the socket stays open', async () => {
    const parts = '/opt/veza/proxy/parts';
    await stack.on('lb-1', `touch ${parts}/older-Bx7y1_-z.mjs`);
    cpSync(join(projectDirectory, 'dist/veza-proxy'), bundle, { recursive: true });
    appendFileSync(join(bundle, 'veza-proxy.mjs'), '// Another one.\n');
    const pid = await stack.pidOf('lb-1', 'veza-proxy');
    const report = await underLoad(async () => {
      const run = await play('haproxy.yml', { ...graceful, haproxy_retries: 2, haproxy_bundle: bundle });
      expect(run.exitCode, run.stdout).toBe(0);
      expect(changedOf(run)).toEqual({ 'lb-1': 2 });
    });
    expect(await stack.pidOf('lb-1', 'veza-proxy')).not.toBe(pid);
    const left = await stack.on('lb-1', `ls ${parts}`);
    expect(left.split('\n').sort()).toEqual(readdirSync(join(bundle, 'parts')).sort());
    // The sessions cannot outlive the process; that they are seen to end shows that it was restarted under load.
    expect(report.webSockets.closed).toBeGreaterThan(0);
  });

  it('refuses a broken configuration and goes on with the one it has', async () => {
    const pid = await stack.pidOf('lb-1', 'veza-proxy');
    await underLoad(async () => {
      const { exitCode, stdout } = await stack.lab.exec(
        'lb-1',
        `cp -p ${config} /run/good.yml && echo 'nonsense: true' >>${config} && systemctl reload veza-proxy; code=$?; journalctl -u veza-proxy -n 20 -o cat; exit $code`,
      );
      expect(exitCode).not.toBe(0);
      expect(stdout).toContain('nonsense');
    });
    expect(await stack.pidOf('lb-1', 'veza-proxy')).toBe(pid);
    // The next run of the playbook puts it right again.
    expect((await stack.lab.exec('lb-1', `cmp -s ${config} /run/good.yml`)).exitCode).toBe(1);
    const run = await play('haproxy.yml', { ...graceful, haproxy_retries: 2, haproxy_bundle: bundle });
    expect(changedOf(run)).toEqual({ 'lb-1': 2 });
    expect(await stack.on('lb-1', `cmp ${config} /run/good.yml`)).toBe('');
  });
});
