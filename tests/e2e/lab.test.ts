// Hosts of the lab: what they are like, and every way to break and to heal them. Needs root and Linux.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labSubnet } from '../../src/lab/lab.ts';
import { labMissing, labRequired } from '../support/lab.ts';
import { echo, inside, messages, processNamed, smallLab, ssh, state } from './support/small-lab.ts';

describe.skipIf(labMissing !== null && !labRequired)('hosts of the lab', () => {
  const lab = smallLab('labtest', ['a', 'b']);
  const address = `${labSubnet('labtest')}.11`;

  beforeAll(async () => {
    if (labMissing !== null) throw new Error(`the lab cannot run here: ${labMissing}`);
    await lab.down();
    await lab.up();
  });

  afterAll(async () => {
    await lab.down();
    rmSync(state, { recursive: true, force: true });
  });

  it('is up once, however often up is called', async () => {
    const before = processNamed('labtest', 'a', /^systemd-nspawn/);
    messages.length = 0;
    await lab.up();
    expect(messages).toEqual(['all hosts are up already']);
    expect(processNamed('labtest', 'a', /^systemd-nspawn/)).toBe(before);
    expect(await lab.status()).toMatchObject([
      { name: 'a', address, state: 'running', systemd: 'running', failures: [] },
      { name: 'b', state: 'running', systemd: 'running', failures: [] },
    ]);
  });

  it('lets the ordinary user in with the key, who may use sudo', () => {
    expect(ssh(lab, 'a', 'id -un; hostname; sudo id -un')).toBe('lab\na\nroot');
    expect(statSync(join(state, 'labtest', 'id_ed25519')).mode & 0o777).toBe(0o600);
  });

  it('lets nobody in as root', () => {
    const [program = '', ...args] = lab.sshCommand('a').map((word) => word.replace(/^lab@/, 'root@'));
    const { status, stderr } = spawnSync(program, [...args, '-o', 'BatchMode=yes', 'true'], { encoding: 'utf8' });
    expect(status).toBe(255);
    expect(stderr).toContain('Permission denied');
  });

  it('has hosts that know each other by name, without a resolver, a way out, or Python', () => {
    expect(ssh(lab, 'a', 'getent hosts b')).toMatch(/^10\.77\.\d+\.12 +b$/);
    expect(ssh(lab, 'a', 'cat /etc/resolv.conf; ip route show default')).toBe('');
    expect(ssh(lab, 'a', 'find / -xdev -name "python*" -type f -perm /111 2>/dev/null; echo end')).toBe('end');
    expect(ssh(lab, 'a', 'curl -s --http0.9 --max-time 2 http://b:22 | head -c 4')).toBe('SSH-');
  });

  it('keeps the logs of units, and runs hardened units, with notification and with sockets', async () => {
    await inside(
      lab,
      'a',
      `set -e
      printf '%s\\n' '[Socket]' 'ListenStream=7000' 'Accept=yes' '[Install]' 'WantedBy=sockets.target' >/etc/systemd/system/echo.socket
      printf '%s\\n' '[Service]' 'ExecStart=/bin/cat' 'StandardInput=socket' 'DynamicUser=yes' 'NoNewPrivileges=yes' \
        'ProtectSystem=strict' 'ProtectHome=yes' 'PrivateTmp=yes' 'PrivateDevices=yes' 'ProtectKernelTunables=yes' \
        'ProtectKernelModules=yes' 'ProtectKernelLogs=yes' 'ProtectControlGroups=yes' 'ProtectClock=yes' 'ProtectHostname=yes' \
        'RestrictSUIDSGID=yes' 'RestrictRealtime=yes' 'RestrictNamespaces=yes' 'LockPersonality=yes' 'MemoryDenyWriteExecute=yes' \
        'RestrictAddressFamilies=AF_INET AF_UNIX' 'CapabilityBoundingSet=' 'SystemCallFilter=@system-service' \
        'SystemCallErrorNumber=EPERM' >/etc/systemd/system/echo@.service
      printf '%s\\n' '[Service]' 'Type=notify' 'NotifyAccess=all' 'PrivateTmp=yes' 'ProtectSystem=strict' \
        'ExecStart=/bin/sh -c "sleep 0.3; systemd-notify --ready; echo it is ready; exec sleep infinity"' >/etc/systemd/system/ready.service
      systemctl daemon-reload
      systemctl enable --now echo.socket
      systemctl start ready.service`,
    );
    expect(await inside(lab, 'a', 'systemctl is-active ready.service echo.socket')).toBe('active\nactive');
    expect(await inside(lab, 'a', 'journalctl --unit ready.service --output cat --no-pager')).toContain('it is ready');
    expect((await echo(address, 7000)).seen).toBe('hello');
    await inside(lab, 'a', 'systemctl stop ready.service');
    expect((await lab.exec('a', ['systemctl', 'is-active', 'ready.service'])).stdout).toBe('inactive\n');
  });

  it('installs packages offline, with apt-get update before, and again after a purge', () => {
    ssh(lab, 'a', 'sudo apt-get update && sudo apt-get install -y nginx-light rsync less acl');
    expect(ssh(lab, 'a', 'systemctl is-active nginx; curl -sI http://127.0.0.1/ | head -1')).toMatch(
      /^active\nHTTP\/1\.1 200/,
    );
    ssh(lab, 'a', 'sudo apt-get purge -y rsync curl && sudo apt-get install -y rsync curl haproxy');
    expect(ssh(lab, 'b', 'ls /usr/sbin/nginx 2>/dev/null || echo none')).toBe('none');
  });

  describe('failures', () => {
    const unit = 'server.service';

    beforeAll(async () => {
      // A server with a process of its own, so that it can hang.
      await inside(
        lab,
        'a',
        `set -e
        printf '%s\\n' '[Service]' 'ExecStart=/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:7000' >/etc/systemd/system/server.service
        printf '%s\\n' '[Socket]' 'ListenStream=7001' >/etc/systemd/system/server.socket
        systemctl daemon-reload; systemctl start server.socket server.service`,
      );
    });

    const healthy = async () => expect((await echo(address, 7001)).seen).toBe('hello');

    it('freezes a unit: connected, then silence', async () => {
      await healthy();
      await lab.fail('a', 'hang', { unit });
      expect((await echo(address, 7001, 1000)).seen).toBe('connected, then silence');
      expect(await lab.status()).toMatchObject([{ failures: [{ way: 'hang', unit }] }, {}]);
      await lab.heal('a');
      await healthy();
      expect(await lab.status()).toMatchObject([{ failures: [] }, {}]);
    });

    it('crashes a unit', async () => {
      await lab.fail('a', 'crash', { unit: 'nginx' });
      await sleep(100);
      expect((await echo(address, 80)).seen).toBe('ECONNREFUSED');
      expect(await inside(lab, 'a', 'systemctl show -P Result nginx')).toBe('signal');
      await lab.heal('a');
      expect(await inside(lab, 'a', 'systemctl is-active nginx')).toBe('active');
    });

    it('stops a unit gracefully', async () => {
      await lab.fail('a', 'graceful', { unit: 'nginx' });
      expect((await echo(address, 80)).seen).toBe('ECONNREFUSED');
      expect(await inside(lab, 'a', 'systemctl show -P Result nginx')).toBe('success');
      await lab.heal('a');
      expect(await inside(lab, 'a', 'systemctl is-active nginx')).toBe('active');
    });

    it('pulls the cable: silence', async () => {
      await lab.fail('a', 'cable');
      expect((await echo(address, 7000, 1000)).seen).toBe('silence');
      await lab.heal('a');
      expect((await echo(address, 7000)).seen).toBe('hello');
    });

    it('slows a port down', async () => {
      const { relay } = await lab.fail('a', 'slow', { port: 7000, delayMs: 100 });
      const { seen, afterMs } = await echo(relay?.address ?? '', relay?.port ?? 0);
      expect(seen).toBe('hello');
      expect(afterMs).toBeGreaterThanOrEqual(290);
      await lab.heal('a');
      expect((await echo(relay?.address ?? '', relay?.port ?? 0)).seen).toBe('ECONNREFUSED');
    });

    it('fills a disk', async () => {
      const before = await inside(lab, 'a', 'stat -c "%a %U %G" /var/log/nginx; ls -A /var/log/nginx');
      await lab.fail('a', 'full-disk', { path: '/var/log/nginx' });
      const write = await lab.exec('a', ['dd', 'if=/dev/zero', 'of=/var/log/nginx/x', 'count=1']);
      expect(write.stderr).toContain('No space left on device');
      await lab.heal('a');
      expect(await inside(lab, 'a', 'stat -c "%a %U %G" /var/log/nginx; ls -A /var/log/nginx')).toBe(before);
    });

    it('cuts the power, and boots from the same disk', async () => {
      await inside(lab, 'a', 'echo kept >/srv/kept');
      const key = readFileSync(join(state, 'labtest', 'known_hosts'), 'utf8');
      await lab.fail('a', 'power-off');
      expect(await lab.status()).toMatchObject([{ state: 'stopped' }, { state: 'running' }]);
      expect((await echo(address, 80)).seen).toBe('ECONNREFUSED');
      await expect(lab.exec('a', ['true'])).rejects.toMatchObject({ code: 'lab-host-stopped' });
      await lab.heal('a');
      expect(ssh(lab, 'a', 'cat /srv/kept; systemctl is-active nginx')).toBe('kept\nactive');
      expect(readFileSync(join(state, 'labtest', 'known_hosts'), 'utf8')).toBe(key);
    });

    it('undoes several at once, the power cut included', async () => {
      await lab.fail('a', 'full-disk', { path: '/srv' });
      await lab.fail('a', 'graceful', { unit: 'nginx' });
      await lab.fail('a', 'cable');
      await lab.fail('a', 'power-off');
      await lab.heal('a');
      expect(ssh(lab, 'a', 'cat /srv/kept; systemctl is-active nginx')).toBe('kept\nactive');
      expect(await lab.status()).toMatchObject([{ failures: [], systemd: 'running' }, {}]);
    });

    it('says what a failure needs, and which hosts there are', async () => {
      await expect(lab.fail('a', 'crash')).rejects.toThrow("the failure 'crash' needs a unit");
      await expect(lab.fail('a', 'crash', { unit: 'nothing.service' })).rejects.toThrow(/nothing\.service/);
      await expect(lab.heal('c')).rejects.toMatchObject({ code: 'lab-unknown-host', hint: 'Its hosts: a, b' });
      expect(await lab.status()).toMatchObject([{ failures: [] }, {}]);
    });
  });
});
