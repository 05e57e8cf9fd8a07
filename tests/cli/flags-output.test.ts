// Flags that say what is told, and those that only look.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { useSite } from './support/site.ts';

const site = useSite();
const { write, onHosts } = site;

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
    const xml = readFileSync(join(site.folder, 'out/results.xml'), 'utf8');
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
