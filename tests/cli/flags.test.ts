// Every flag of a run: what it changes in what is done or told.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vezaRunHere, type HereResult } from '../support/cli-here.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'veza-flags-'));
  write('hosts.yml', hosts);
  write('site.yml', site);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hosts = `all:
  vars: { ansible_connection: local }
  hosts: { web-1: {}, web-2: {}, db-1: {} }
`;
const site = `- name: Site
  hosts: all
  gather_facts: false
  tasks:
    - name: One
      debug: { msg: "one {{ word | default('nothing') }}" }
      tags: [first]
    - name: Two
      copy: { dest: "{{ playbook_dir }}/{{ inventory_hostname }}.out", content: "two\\n" }
      tags: [second]
`;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const run = (...words: string[]): Promise<HereResult> => vezaRunHere(['site.yml', ...words], folder);
const onHosts = (...words: string[]): Promise<HereResult> => run('-i', 'hosts.yml', ...words);
const tasksOf = ({ stdout }: HereResult) => [...stdout.matchAll(/TASK \[(.*)\]/g)].map(([, name]) => name);
const hostsOf = ({ stdout }: HereResult) => [...stdout.matchAll(/^(\S+) +: ok=/gm)].map(([, name]) => name);

describe('hosts', () => {
  it('-i takes a file, a folder, a list, and several of them', async () => {
    expect(hostsOf(await onHosts('-C'))).toEqual(['web-1', 'web-2', 'db-1']);
    write('inventory/a.yml', hosts);
    write('inventory/b.ini', '[more]\ncache-1 ansible_connection=local\n');
    expect(hostsOf(await run('-i', 'inventory', '-C'))).toEqual(['web-1', 'web-2', 'db-1', 'cache-1']);
    expect(hostsOf(await run('-i', 'x,y', '-c', 'local', '-C'))).toEqual(['x', 'y']);
    expect(hostsOf(await run('-i', 'hosts.yml', '--inventory', 'x,', '-c', 'local', '-C'))).toContain('x');
  });

  it('-l leaves only some, by patterns, and says of a file of patterns that is not there', async () => {
    expect(hostsOf(await onHosts('-C', '-l', 'web-*:!web-2'))).toEqual(['web-1']);
    write('retry', '# failed\nweb-2\ndb-1\n');
    expect(hostsOf(await onHosts('-C', '--limit', '@retry'))).toEqual(['web-2', 'db-1']);
    expect(await onHosts('-l', '@nowhere')).toMatchObject({ exitCode: 1 });
  });
});

describe('variables', () => {
  it.each([
    ['key=value', ['-e', 'word=a other=b'], 'one a'],
    ['quotes', ['-e', "word='two words'"], 'one two words'],
    ['JSON', ['--extra-vars', '{"word": "json"}'], 'one json'],
    ['YAML', ['-e', 'word: yaml'], 'one yaml'],
    ['YAML in braces', ['-e', '{word: braces}'], 'one braces'],
    ['a file', ['-e', '@vars.yml'], 'one file'],
    ['the last one', ['-e', 'word=a', '-e', '@vars.yml'], 'one file'],
  ])('-e takes %s', async (_what, words, shown) => {
    write('vars.yml', 'word: file\n');
    expect((await onHosts('-C', ...words)).stdout).toContain(shown);
  });
});

describe('tasks', () => {
  it('-t and --skip-tags choose tasks', async () => {
    expect(tasksOf(await onHosts('-C', '-t', 'first'))).toEqual(['One']);
    expect(tasksOf(await onHosts('-C', '--tags', 'first,second'))).toEqual(['One', 'Two']);
    expect(tasksOf(await onHosts('-C', '--skip-tags', 'first'))).toEqual(['Two']);
  });

  it('--force-handlers runs handlers on hosts that failed', async () => {
    write(
      'site.yml',
      `- hosts: all
  tasks:
    - copy: { dest: "{{ playbook_dir }}/{{ inventory_hostname }}.out", content: x }
      notify: Reload
    - fail: { msg: stop }
  handlers:
    - name: Reload
      copy: { dest: "{{ playbook_dir }}/reloaded", content: x }
`,
    );
    expect(await onHosts('-l', 'web-1')).toMatchObject({ exitCode: 3 });
    expect(existsSync(join(folder, 'reloaded'))).toBe(false);
    rmSync(join(folder, 'web-1.out'));
    expect(await onHosts('-l', 'web-1', '--force-handlers')).toMatchObject({ exitCode: 3 });
    expect(existsSync(join(folder, 'reloaded'))).toBe(true);
  });
});

describe('ways to run', () => {
  it.each(['-C', '--check', '--dry-run'])('%s changes nothing', async (flag) => {
    const result = await onHosts(flag);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toContain('dry run');
    expect(existsSync(join(folder, 'web-1.out'))).toBe(false);
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
    expect((await vezaRunHere(['run', '--help'], folder)).stdout).toContain('nothing is cached');
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
    const { port } = silent.address() as AddressInfo;
    write('ssh.yml', `all: { hosts: { far: { ansible_host: 127.0.0.1, ansible_port: ${port} } } }\n`);
    try {
      const startedAt = performance.now();
      const words = ['-u', 'deploy', '--private-key', 'key', '-T', '1', '-vvv'];
      const result = await run('-i', 'ssh.yml', ...words, '-t', 'second');
      expect(result.exitCode).toBe(4);
      expect(result.stdout).toContain(
        `<far> connect: ssh deploy@127.0.0.1 port ${port}, host keys strict, key ${join(folder, 'key')}, timeout 1 s`,
      );
      expect(performance.now() - startedAt).toBeLessThan(9_000);
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

describe('output', () => {
  const noisy = `- hosts: all
  tasks:
    - name: Say
      shell: echo spoken
      changed_when: false
    - name: Skip
      debug: { msg: x }
      when: inventory_hostname == 'nobody'
    - name: Look
      stat: { path: "/" }
`;

  it('-v to -vvvv tell more and more', async () => {
    write('site.yml', noisy);
    const levels: string[] = [];
    for (const flag of [[], ['-v'], ['-vv'], ['-vvv'], ['-vvvv']])
      levels.push((await onHosts('-l', 'web-1', ...flag)).stdout);
    const since = (text: string) => levels.findIndex((shown) => shown.includes(text));
    expect(levels.map((shown) => shown.split('\n').length)).toEqual(
      levels.map((shown) => shown.split('\n').length).sort((left, right) => left - right),
    );
    expect(since('TASK [Say]')).toBe(0);
    expect(since('stdout: spoken')).toBe(1);
    expect(since('"isdir":true')).toBe(1);
    expect(since('task path: site.yml:3:7')).toBe(2);
    expect(since("because this does not hold: inventory_hostname == 'nobody'")).toBe(2);
    expect(since('<web-1> connect: local shell')).toBe(3);
    expect(since('<web-1> run as the user who logged in: ')).toBe(3);
    expect(since("  | eval 'echo spoken'")).toBe(4);
    expect(since(' ms: exit codes 0')).toBe(4);
  });

  it('--json prints events and nothing else', async () => {
    const { stdout } = await onHosts('-C', '--json', '-vvvv');
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.at(-1)?.type).toBe('run-end');
  });

  it('--junit writes a document for machines', async () => {
    write(
      'site.yml',
      '- name: Site\n  hosts: all\n  tasks:\n    - name: Fail & <end>\n      fail: { msg: "no\\nway" }\n',
    );
    expect((await onHosts('-l', 'web-1', '--junit', 'out/results.xml')).exitCode).toBe(3);
    const xml = readFileSync(join(folder, 'out/results.xml'), 'utf8');
    expect(xml).toContain('<testsuite name="Site" tests="1" failures="1"');
    expect(xml).toContain('classname="web-1" name="Fail &amp; &lt;end&gt;"');
    expect(xml).toContain('<failure message="no&#10;way"/>');
  });
});

describe('looking only', () => {
  const listed = `- name: Site
  hosts: all
  tags: [site]
  roles: [app]
  tasks:
    - name: One
      debug: { msg: x }
      tags: [b, a]
    - debug: { msg: y }
- hosts: "{{ where | default('db-1') }}"
  tasks:
    - name: Never
      command: "false"
      tags: never
`;
  beforeEach(() => {
    write('site.yml', listed);
    write('roles/app/tasks/main.yml', '- { name: Of the role, debug: { msg: z } }\n');
  });

  it('--list-hosts, --list-tasks and --list-tags have the form of Ansible', async () => {
    const { stdout, exitCode } = await onHosts('--list-hosts', '--list-tasks', '--list-tags');
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`
playbook: site.yml

  play #1 (all): Site\tTAGS: [site]
    pattern: ['all']
    hosts (3):
      web-1
      web-2
      db-1
    tasks:
      app : Of the role\tTAGS: [site]
      One\tTAGS: [a, b, site]
      debug\tTAGS: [site]
      TASK TAGS: [a, b, site]

  play #2 (db-1): db-1\tTAGS: []
    pattern: ['db-1']
    hosts (1):
      db-1
    tasks:
      TASK TAGS: []
`);
  });

  it('obey limits, tags and variables, and can be read by machines', async () => {
    const { stdout } = await onHosts(
      '--list-hosts',
      '--list-tasks',
      '-l',
      'web*',
      '-t',
      'a',
      '-e',
      'where=web-2',
      '--json',
    );
    const { playbooks } = JSON.parse(stdout) as { playbooks: { plays: unknown[] }[] };
    expect(playbooks[0]?.plays).toEqual([
      {
        name: 'Site',
        pattern: ['all'],
        tags: ['site'],
        hosts: ['web-1', 'web-2'],
        tasks: [{ name: 'One', module: 'debug', tags: ['a', 'b', 'site'], file: 'site.yml', line: 6 }],
      },
      { name: 'web-2', pattern: ['web-2'], tags: [], hosts: ['web-2'], tasks: [] },
    ]);
  });

  it('--syntax-check says that all could be read, or what could not', async () => {
    expect(await onHosts('--syntax-check')).toMatchObject({ exitCode: 0, stdout: '\nplaybook: site.yml\n' });
    write('site.yml', '- hosts: all\n  tasks: [{ debgu: {} }]\n');
    expect(await onHosts('--syntax-check')).toMatchObject({ exitCode: 1 });
  });
});
