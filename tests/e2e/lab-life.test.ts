// The life of a lab: beside another one, with hosts that come and go, after crashes; and it leaves nothing behind. Needs root
// and Linux.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labSubnet } from '../../src/lab/lab.ts';
import { labMissing, labRequired } from '../support/lab.ts';
import { inside, processNamed, remains, smallLab, ssh, state } from './support/small-lab.ts';

describe.skipIf(labMissing !== null && !labRequired)('the life of a lab', () => {
  const lab = smallLab('lablife', ['a', 'b']);

  beforeAll(async () => {
    if (labMissing !== null) throw new Error(`the lab cannot run here: ${labMissing}`);
    await lab.down();
    await lab.up();
    await inside(lab, 'a', 'echo kept >/srv/kept');
  });

  afterAll(async () => {
    await lab.down();
    rmSync(state, { recursive: true, force: true });
  });

  it('runs next to another lab, with hosts of the same names', async () => {
    const other = smallLab('lablife-two', ['a']);
    try {
      await other.up();
      expect(ssh(other, 'a', 'cat /srv/kept 2>/dev/null || echo none')).toBe('none');
      expect(ssh(lab, 'a', 'cat /srv/kept')).toBe('kept');
      await inside(other, 'a', 'systemctl stop ssh');
      expect(ssh(lab, 'a', 'systemctl is-active ssh')).toBe('active');
    } finally {
      await other.down();
    }
    expect(remains('lablife-two')).toEqual([]);
    expect(await lab.status()).toMatchObject([{ systemd: 'running' }, { systemd: 'running' }]);
  });

  it('follows an inventory that gains and loses hosts', async () => {
    const grown = smallLab('lablife', ['a', 'b', 'c']);
    await grown.up();
    expect(ssh(grown, 'a', 'getent hosts c; cat /srv/kept')).toMatch(/ c\nkept$/);
    await lab.up();
    expect(remains('lablife').filter((line) => /\bc\b/.test(line.split(' ')[0]?.split('.').at(-1) ?? ''))).toEqual([]);
    expect(existsSync('/var/lib/veza-run/lab/lablife/c')).toBe(false);
  });

  it('ends an outage with up, too', async () => {
    await lab.fail('a', 'cable');
    await lab.fail('b', 'power-off');
    await lab.up();
    expect(await lab.status()).toMatchObject([
      { state: 'running', failures: [] },
      { state: 'running', failures: [] },
    ]);
    expect(ssh(lab, 'a', 'hostname')).toBe('a');
  });

  it('keeps disks on request', async () => {
    await lab.down({ keepDisks: true });
    expect(remains('lablife')).toEqual(['/var/lib/veza-run/lab/lablife']);
    expect(await lab.status()).toMatchObject([{ state: 'stopped' }, { state: 'stopped' }]);
    await lab.up();
    expect(ssh(lab, 'a', 'cat /srv/kept')).toBe('kept');
  });

  it('mends what a crash left, with up', async () => {
    process.kill(processNamed('lablife', 'b', /^systemd-nspawn/), 'SIGKILL');
    process.kill(processNamed('lablife', 'a', /^systemd-nspawn/), 'SIGKILL');
    process.kill(processNamed('lablife', 'a', /systemd\0$/), 'SIGKILL');
    await lab.up();
    expect(ssh(lab, 'a', 'hostname')).toBe('a');
    expect(await lab.status()).toMatchObject([{ systemd: 'running' }, { systemd: 'running' }]);
  });

  it('leaves nothing, also when an up was killed half-way, and down twice is fine', async () => {
    await lab.down();
    const script = `import { createLab } from ${JSON.stringify(join(import.meta.dirname, '../../src/lab/lab.ts'))};
      const hosts = ['a', 'b'].map((name, index) => ({ name, address: '${labSubnet('lablife')}.' + (11 + index) }));
      const stateDirectory = ${JSON.stringify(join(state, 'lablife'))};
      await createLab({ name: 'lablife', hosts, stateDirectory, onProgress() {} }).up();`;
    for (const timeout of [450, 700, 950]) {
      spawnSync(process.execPath, ['--input-type=module', '--eval', script], { timeout, killSignal: 'SIGKILL' });
      await lab.down();
      expect(remains('lablife')).toEqual([]);
    }
    await lab.up();
    process.kill(processNamed('lablife', 'a', /^systemd-nspawn/), 'SIGKILL');
    await lab.fail('b', 'slow', { port: 22 });
    await lab.down();
    expect(remains('lablife')).toEqual([]);
    await lab.down();
    expect(await lab.status()).toMatchObject([{ state: 'absent' }, { state: 'absent' }]);
    await expect(lab.fail('a', 'cable')).rejects.toThrow('a was never booted');
  });
});
