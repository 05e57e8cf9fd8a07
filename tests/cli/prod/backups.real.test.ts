// `prod backups` as a program: timers on a host, from nothing to nothing more to do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { privateHostMissing, startPrivateHost } from './private-host.ts';
import { openProd } from './support.ts';

const home = mkdtempSync(join(tmpdir(), 'veza-home-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const secret = 'aws-secret-of-the-test';
const keys = { HOME: home, AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: secret };
const unit = '/etc/systemd/system/veza-backup-site';

describe.skipIf(privateHostMissing !== null)('prod backups', () => {
  it(
    'are planned, put on the host with their credentials, and changed where the file changes',
    { timeout: 240_000 },
    async () => {
      await using host = await startPrivateHost();
      const text = `hosts:\n${host.line}s3: { endpoint: https://s3.example.net, buckets: { main: { purpose: backups } } }
backups: { daily: [{ name: site, type: tar, destination: s3, hosts: [solo], paths: [/srv/site] }] }\n`;
      await using at = await openProd(text);
      const plan = await at.prod('backups plan', keys);
      expect([plan.exitCode, plan.stdout]).toEqual([2, expect.stringContaining(`+ file:${unit}.timer`)]);
      expect([host.read(`${unit}.timer`), host.calls()]).toEqual([null, []]);

      expect((await at.prod('backups apply', keys)).exitCode).toBe(0);
      expect(host.read('/etc/veza-backup/s3.env')).toBe(
        `AWS_ACCESS_KEY_ID=AKIATEST\nAWS_SECRET_ACCESS_KEY=${secret}\n`,
      );
      expect([host.mode('/etc/veza-backup/s3.env'), host.mode('/etc/veza-backup')]).toEqual(['600', '700']);
      expect(host.read('/usr/local/lib/veza-backup/site')).toContain('s3://main/site/');
      expect(host.calls()).toEqual([
        'systemctl daemon-reload',
        'systemctl enable veza-backup-site.timer',
        'systemctl start veza-backup-site.timer',
      ]);
      for (const said of [at.everythingSaid(), host.everyCall()]) expect(said).not.toContain(secret);

      host.forgetCalls();
      const again = await at.prod('backups apply', keys);
      expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('changed=0')]);
      // Without credentials in the environment, those of the host are kept.
      const none = await at.prod('backups plan', { HOME: home, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
      expect([none.exitCode, none.stderr]).toEqual([
        0,
        expect.stringContaining('not set in the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY'),
      ]);
      expect(host.calls()).toEqual([]);

      at.write(text.replace('/srv/site]', '/srv/site, /etc]'));
      expect((await at.prod('backups plan', keys)).stdout).toContain('data/site'.replace('data', 'srv'));
      expect((await at.prod('backups apply', keys)).exitCode).toBe(0);
      expect(host.read('/usr/local/lib/veza-backup/site')).toContain('-- srv/site etc');
    },
  );
});

describe('prod backups: show', () => {
  it('shows what a host gets, and says what no host can do', async () => {
    await using at = await openProd();
    const { exitCode, stdout, stderr } = await at.prod('backups show de');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('de:/etc/systemd/system/veza-backup-galera.timer');
    expect(stderr).toContain('backups.weekly snapshots: a snapshot is made by Hetzner Cloud');
    expect((await at.prod('backups show dee')).stderr).toContain('Did you mean "de"?');
  });
});
