// Flags that say what is run, and where: what they change in what is done or told.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vezaRun } from '../support/cli.ts';
import { hosts, hostsOf, tasksOf, useSite } from './support/site.ts';

const site = useSite();
const { write, run, onHosts } = site;

describe('hosts', () => {
  it('-i takes a file, a folder, a list, and several of them', async () => {
    expect(hostsOf(await onHosts('-C'))).toEqual(['web-1', 'web-2', 'db-1']);
    write('inventory/a.yml', hosts);
    write('inventory/b', '[more]\ncache-1 ansible_connection=local\n');
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

  it('--start-at-task leaves out what comes before', async () => {
    expect(tasksOf(await onHosts('-C', '--start-at-task', 'T*'))).toEqual(['Two']);
    expect((await onHosts('-C', '--start-at-task', 'Three')).stderr).toContain('there is no task "Three" to start at');
  });

  it('--step asks before each task', async () => {
    const words = ['site.yml', '-i', 'hosts.yml', '-C', '--step'];
    const answered = async (answers: string) => tasksOf(await vezaRun(words, {}, site.folder, undefined, answers));
    expect(await answered('n\ny\n')).toEqual(['Two']);
    expect(await answered('c\n')).toEqual(['One', 'Two']);
    expect(await answered('')).toEqual([]);
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
    expect(existsSync(join(site.folder, 'reloaded'))).toBe(false);
    rmSync(join(site.folder, 'web-1.out'));
    expect(await onHosts('-l', 'web-1', '--force-handlers')).toMatchObject({ exitCode: 3 });
    expect(existsSync(join(site.folder, 'reloaded'))).toBe(true);
  });
});
