// The lab end to end: boots real hosts, breaks them in every way, and leaves nothing behind. Needs root and Linux.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLab, type Lab, labSubnet } from '../../src/lab/lab.ts';
import { describeMissing, missingRequirements } from '../../src/lab/requirements.ts';

const missing = describeMissing(await missingRequirements());
const required = process.env['VEZA_REQUIRE_E2E'] === '1';
const state = mkdtempSync(join(tmpdir(), 'veza-lab-test-'));
const messages: string[] = [];

function aLab(name: string, hostNames: readonly string[]): Lab {
  const hosts = hostNames.map((host, index) => ({ name: host, address: `${labSubnet(name)}.${11 + index}` }));
  return createLab({
    name,
    hosts,
    stateDirectory: join(state, name),
    onProgress: (message) => messages.push(message),
  });
}

/** Runs a command of a shell on a host as the ordinary user, by ssh. */
function ssh(lab: Lab, host: string, command: string): string {
  const [program = '', ...args] = lab.sshCommand(host);
  return execFileSync(program, [...args, command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

async function inside(lab: Lab, host: string, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.exec(host, script);
  expect(`${exitCode} ${stderr}`).toMatch(/^0 /);
  return stdout.trim();
}

/** What a client of a TCP echo server sees before it loses patience. */
function echo(address: string, port: number, patienceMs = 5000): Promise<{ seen: string; afterMs: number }> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let connected = false;
    const end = (seen: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ seen, afterMs: performance.now() - startedAt });
    };
    const timer = setTimeout(() => end(connected ? 'connected, then silence' : 'silence'), patienceMs);
    socket.once('connect', () => {
      connected = true;
      socket.write('hello\n');
    });
    socket.once('data', (data) => end(data.toString().trim()));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.once('close', () => end('closed'));
  });
}

/** Everything of a lab that the machine still has. */
function remains(name: string): string[] {
  const found: string[] = [];
  const number = labSubnet(name).split('.')[2] ?? '';
  const list = (argv: string[]) => execFileSync('ip', argv, { encoding: 'utf8' }).split('\n');
  found.push(...list(['netns', 'list']).filter((line) => line.startsWith(`veza.${name}.`)));
  found.push(...list(['-brief', 'link', 'show']).filter((line) => new RegExp(`^veza${number}\\b`).test(line)));
  found.push(
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`/lab/${name}/`)),
  );
  found.push(
    ...readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`veza.${name}.`)),
  );
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/cgroup`, 'utf8');
      // A process that was killed and not yet fetched by its parent has no command line and its group is marked.
      if (text.includes(`lab/${name}/`) || new RegExp(`veza-run/${name}/.*(?<!\\(deleted\\))$`, 'm').test(text)) {
        found.push(`process ${pid}: ${text.replaceAll('\0', ' ')}`);
      }
    } catch {
      // It ended meanwhile.
    }
  }
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    const group = `/sys/fs/cgroup/${hierarchy}/veza-run/${name}`;
    if (existsSync(group)) found.push(group);
  }
  if (existsSync(`/var/lib/veza-run/lab/${name}`)) found.push(`/var/lib/veza-run/lab/${name}`);
  if (existsSync(join(state, name, 'known_hosts'))) found.push('known_hosts');
  return found;
}

/** Host a's process 1 or its systemd-nspawn, as the machine numbers them. */
function processNamed(lab: string, host: string, pattern: RegExp): number {
  const files = execFileSync(
    'find',
    ['/sys/fs/cgroup', '-path', `*/veza-run/${lab}/${host}/*`, '-name', 'cgroup.procs'],
    {
      encoding: 'utf8',
    },
  );
  const pids = files
    .trim()
    .split('\n')
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean));
  const found = pids.find((pid) => pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')));
  return Number(found);
}

if (missing !== null && required) {
  it('runs here, because VEZA_REQUIRE_E2E=1', () => expect.fail(`no lab can run here: ${missing}`));
}

describe.skipIf(missing !== null)(`the lab${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const lab = aLab('labtest', ['a', 'b']);
  const address = `${labSubnet('labtest')}.11`;

  beforeAll(async () => {
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

  it('runs next to another lab, with hosts of the same names', async () => {
    const other = aLab('labtest-two', ['a']);
    try {
      await other.up();
      expect(ssh(other, 'a', 'ls /usr/sbin/nginx 2>/dev/null || echo none')).toBe('none');
      expect(ssh(lab, 'a', 'ls /usr/sbin/nginx')).toBe('/usr/sbin/nginx');
      await inside(other, 'a', 'systemctl stop ssh');
      expect(ssh(lab, 'a', 'systemctl is-active ssh')).toBe('active');
    } finally {
      await other.down();
    }
    expect(remains('labtest-two')).toEqual([]);
    expect(await lab.status()).toMatchObject([{ systemd: 'running' }, { systemd: 'running' }]);
  });

  it('follows an inventory that gains and loses hosts', async () => {
    const grown = aLab('labtest', ['a', 'b', 'c']);
    await grown.up();
    expect(ssh(grown, 'a', 'getent hosts c; cat /srv/kept')).toMatch(/ c\nkept$/);
    await lab.up();
    expect(remains('labtest').filter((line) => /\bc\b/.test(line.split(' ')[0]?.split('.').at(-1) ?? ''))).toEqual([]);
    expect(existsSync('/var/lib/veza-run/lab/labtest/c')).toBe(false);
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
    expect(remains('labtest')).toEqual(['/var/lib/veza-run/lab/labtest']);
    expect(await lab.status()).toMatchObject([{ state: 'stopped' }, { state: 'stopped' }]);
    await lab.up();
    expect(ssh(lab, 'a', 'cat /srv/kept')).toBe('kept');
  });

  it('mends what a crash left, with up', async () => {
    process.kill(processNamed('labtest', 'b', /^systemd-nspawn/), 'SIGKILL');
    process.kill(processNamed('labtest', 'a', /^systemd-nspawn/), 'SIGKILL');
    process.kill(processNamed('labtest', 'a', /systemd\0$/), 'SIGKILL');
    await lab.up();
    expect(ssh(lab, 'a', 'hostname')).toBe('a');
    expect(await lab.status()).toMatchObject([{ systemd: 'running' }, { systemd: 'running' }]);
  });

  it('leaves nothing, also when an up was killed half-way, and down twice is fine', async () => {
    await lab.down();
    const script = `import { createLab } from ${JSON.stringify(join(import.meta.dirname, '../../src/lab/lab.ts'))};
      const hosts = ['a', 'b'].map((name, index) => ({ name, address: '${labSubnet('labtest')}.' + (11 + index) }));
      const stateDirectory = ${JSON.stringify(join(state, 'labtest'))};
      await createLab({ name: 'labtest', hosts, stateDirectory, onProgress() {} }).up();`;
    for (const timeout of [450, 700, 950]) {
      spawnSync(process.execPath, ['--input-type=module', '--eval', script], { timeout, killSignal: 'SIGKILL' });
      await lab.down();
      expect(remains('labtest')).toEqual([]);
    }
    await lab.up();
    process.kill(processNamed('labtest', 'a', /^systemd-nspawn/), 'SIGKILL');
    await lab.fail('b', 'slow', { port: 22 });
    await lab.down();
    expect(remains('labtest')).toEqual([]);
    await lab.down();
    expect(await lab.status()).toMatchObject([{ state: 'absent' }, { state: 'absent' }]);
    await expect(lab.fail('a', 'cable')).rejects.toThrow('a was never booted');
  });
});
