// Flags that say how a run goes and how hosts are reached: what they change in what is done or told.
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vezaRunHere } from '../support/cli-here.ts';
import { useSite } from './support/site.ts';
import { portOf } from '../support/ports.ts';

const site = useSite();
const { write, run, onHosts } = site;

describe('ways to run', () => {
  it.each(['-C', '--check', '--dry-run'])('%s changes nothing', async (flag) => {
    const result = await onHosts(flag);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toContain('dry run');
    expect(existsSync(join(site.folder, 'web-1.out'))).toBe(false);
  });

  it('--detailed-exitcode tells by the exit code whether anything would change', async () => {
    expect((await onHosts('-C', '--detailed-exitcode')).exitCode).toBe(2);
    await onHosts();
    expect((await onHosts('-C', '--detailed-exitcode')).exitCode).toBe(0);
  });

  it.each(['-D', '--diff'])('%s shows differences', async (flag) => {
    expect((await onHosts('-C')).stdout).not.toContain('+two');
    expect((await onHosts('-C', flag)).stdout).toContain('+two');
  });

  it('-f limits how many hosts are worked on at once', async () => {
    const overlap = 'd={{ playbook_dir }}; echo x >> $d/in; sleep 0.3; wc -l < $d/in; : > $d/in';
    write('site.yml', `- hosts: all\n  tasks:\n    - shell: "${overlap}"\n`);
    const all = await onHosts('-v');
    expect(all.stdout).toContain('stdout: 3');
    const one = await onHosts('-v', '-f', '1');
    expect(one.stdout).toContain('stdout: 1');
    expect(one.stdout).not.toMatch(/stdout: [23]/);
    expect((await onHosts('--forks', '0')).exitCode).toBe(1);
  });

  it('--max-time gives up', async () => {
    write('site.yml', '- hosts: all\n  tasks: [{ command: sleep 20 }]\n');
    const result = await onHosts('-l', 'web-1', '--max-time', '1s');
    expect(result.exitCode).toBe(124);
    expect(result.stderr).toContain('--max-time');
    expect(result.stdout).toContain('interrupted: web-1');
    expect((await onHosts('--max-time', 'soon')).stderr).toContain('--max-time must be a time');
  });

  it('--flush-cache changes nothing: there is no cache', async () => {
    expect((await onHosts('-C', '--flush-cache')).exitCode).toBe(0);
    expect((await vezaRunHere(['run', '--help'], site.folder)).stdout).toContain('nothing is cached');
  });

  it('--assert-idempotent runs twice, and fails for what changes again', async () => {
    const good = await onHosts('--assert-idempotent');
    expect(good.exitCode).toBe(0);
    expect(good.stdout.match(/PLAY RECAP/g)).toHaveLength(2);
    write('site.yml', '- hosts: all\n  tasks:\n    - name: Again\n      command: "true"\n');
    const bad = await onHosts('--assert-idempotent');
    expect(bad.exitCode).toBe(3);
    expect(bad.stderr).toContain(
      'site.yml:3:7: error: "Again" changed something again in the second run, on web-1, web-2, db-1 ',
    );
    expect((await onHosts('--assert-idempotent', '--check')).exitCode).toBe(1);
  });
});

describe('connections', () => {
  it('-c, -u, --private-key and -T say how a host is reached, and inventories outdo them', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((done) => silent.once('listening', done));
    const port = portOf(silent);
    write('ssh.yml', `all: { hosts: { far: { ansible_host: 127.0.0.1, ansible_port: ${port} } } }\n`);
    try {
      const startedAt = performance.now();
      const words = ['-u', 'deploy', '--private-key', 'key', '-T', '1', '-vvv'];
      const result = await run('-i', 'ssh.yml', ...words, '-t', 'second');
      expect(result.exitCode).toBe(4);
      expect(result.stdout).toContain(
        `<far> connect: ssh deploy@127.0.0.1 port ${port}, host keys strict, key ${join(site.folder, 'key')}, timeout 1 s`,
      );
      expect(performance.now() - startedAt).toBeLessThan(15_000);
    } finally {
      silent.close();
    }
    write('user.yml', 'all: { hosts: { far: { ansible_host: 127.0.0.1, ansible_port: 1, ansible_user: other } } }\n');
    const outdone = await run('-i', 'user.yml', '-u', 'deploy', '-c', 'ssh', '-t', 'second', '-vvv');
    expect(outdone.stdout).toContain('ssh other@127.0.0.1');
    expect((await run('-i', 'far,', '-c', 'local', '-t', 'second', '-vvv')).stdout).toContain('connect: local shell');
    expect((await onHosts('-c', 'telnet')).exitCode).toBe(1);
    expect((await onHosts('-T', 'long')).stderr).toContain('--timeout must be a whole number');
  });

  it.each([
    [['-b'], 'root by sudo'],
    [['--become', '--become-user', 'daemon'], 'daemon by sudo'],
    [['-b', '--become-method', 'su'], 'root by su'],
    [[], 'the user who logged in'],
  ])('become by %j', async (words, who) => {
    const result = await onHosts('-l', 'web-1', '-t', 'second', '-C', '-vvv', ...words);
    expect(result.stdout).toContain(`run as ${who}: 1 step`);
  });

  it('-k and -K ask, which needs a terminal', async () => {
    const terminal = process.stdin.isTTY;
    process.stdin.isTTY = false;
    try {
      expect((await onHosts('-k')).stderr).toContain('cannot ask for "SSH password:" without a terminal');
      expect((await onHosts('-K')).stderr).toContain('cannot ask for "BECOME password:" without a terminal');
    } finally {
      process.stdin.isTTY = terminal;
    }
  });

  it.each(['--ssh-common-args', '--ssh-extra-args', '--sftp-extra-args', '--scp-extra-args', '--module-path'])(
    '%s is refused by name',
    async (flag) => {
      const result = await onHosts(flag, '-o ProxyCommand=x');
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain(`${flag} is not supported [unsupported-option]\n  help: `);
    },
  );
});
