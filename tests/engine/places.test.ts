// Where and as whom a task is worked: connections of plays, blocks and tasks, and the programs that change users.
import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

const remote = 'all: { hosts: { h1: { ansible_host: 192.0.2.1 } } }\n';

describe('the connection of a task', () => {
  it('has the user and the port of the innermost keyword; the same address is the same connection', async () => {
    const run = await host.run(
      `
- hosts: all
  remote_user: play
  port: 1022
  tasks:
    - name: as the play
      command: "true"
    - remote_user: block
      block:
        - name: as the block
          command: "true"
        - name: as the task
          command: "true"
          remote_user: "{{ 'ta' ~ 'sk' }}"
          port: 2022
    - name: as the play again
      command: "true"
`,
      { inventory: remote },
    );
    expect(run.totals['h1']).toMatchObject({ changed: 4 });
    expect(run.recording.addresses.map(({ user, port }) => `${user}:${port}`).toSorted()).toEqual([
      'block:1022',
      'play:1022',
      'task:2022',
    ]);
  });

  it('is outdone by variables, as with Ansible', async () => {
    const run = await host.run(
      `
- hosts: all
  remote_user: play
  tasks:
    - command: "true"
      port: 2022
      connection: local
`,
      { inventory: 'all: { hosts: { h1: { ansible_user: own, ansible_port: 22, ansible_connection: ssh } } }\n' },
    );
    expect(run.recording.addresses).toMatchObject([{ user: 'own', port: 22, connection: 'ssh' }]);
  });

  it('shows another machine where it is another: what is foreseen there is not foreseen here', async () => {
    const run = await host.run(
      `
- hosts: all
  gather_facts: false
  tasks:
    - name: there
      file: { path: "{{ root }}/dir", state: directory }
    - name: there again
      file: { path: "{{ root }}/dir", state: directory }
      remote_user: other
    - name: here
      file: { path: "{{ root }}/dir", state: directory }
      connection: local
`,
      { inventory: remote, check: true },
    );
    expect(run.statuses('h1')).toEqual(['there: changed', 'there again: ok', 'here: changed']);
  });

  it('changes one thing by two users without taking the first for a failure', async () => {
    const run = await host.run(
      `
- hosts: all
  gather_facts: false
  tasks:
    - name: one
      copy: { dest: "{{ root }}/file", content: one }
    - name: two
      copy: { dest: "{{ root }}/file", content: two }
      remote_user: other
`,
      { inventory: remote },
    );
    expect(run.statuses('h1')).toEqual(['one: changed', 'two: changed']);
    expect(host.read('file')).toBe('two');
  });

  it('is that of the host that the task is delegated to', async () => {
    const run = await host.run(
      `
- hosts: web
  gather_facts: false
  remote_user: play
  tasks:
    - command: "true"
      delegate_to: db
      vars: { ansible_port: "{{ 2000 + number }}" }
`,
      {
        inventory: `
all:
  children: { web: { hosts: { h1: { number: 1, ansible_user: web } } } }
  hosts: { db: { number: 2, ansible_host: 192.0.2.2, ansible_user: postgres } }
`,
      },
    );
    expect(run.recording.addresses).toMatchObject([{ name: 'db', address: '192.0.2.2', user: 'postgres', port: 2002 }]);
  });

  it('tells of a variable of the connection that makes no sense as a failure of the task', async () => {
    const run = await host.run(
      `
- name: wrong
  command: "true"
  port: "{{ 'many' }}"
  ignore_errors: true
- name: next
  debug: { msg: x }
`,
      { inventory: remote },
    );
    expect(run.result('wrong')).toMatchObject({ status: 'failed', ignored: true });
    expect(run.result('wrong').message).toContain('must be a port');
    expect(run.result('next').status).toBe('ok');
  });
});

describe('the program that changes users', () => {
  /** Writes what it was called with, a word in <>, at once since two may be started side by side; then runs the shell. */
  const program = `#!/bin/sh
line=
for word; do case $word in /bin/sh) break;; *) line="$line<$word>";; esac; done
printf '%s\\n' "$line" >> "$(dirname "$0")/log"
while [ "$1" != /bin/sh ]; do shift; done
exec "$@"
`;
  const become = (keywords: string) => `
- name: run
  command: "true"
  become: true
  become_user: somebody
  become_exe: "{{ root }}/become -x"
${keywords}`;
  beforeEach(() => {
    host.write('become', program);
    chmodSync(host.path('become'), 0o755);
  });

  it('gets the flags as words, whatever a shell would make of them', async () => {
    const flags = `  become_flags: -E "two words" 'it''s; touch {{ root }}/no' $(touch {{ root }}/no) a\\ b > {{ root }}/no`;
    const run = await host.run(become(flags));
    expect(run.result('run').message ?? '').toBe('');
    const words = new Set(host.lines('log'));
    expect([...words]).toEqual([
      `<-x><-n><-E><two words><its; touch ${host.root}/no><$(touch><${host.root}/no)><a b><>><${host.root}/no><-u><somebody>`,
    ]);
    expect(host.exists('no')).toBe(false);
  });

  it('has its own flags where none are given, and lets nobody say how passwords are asked for', async () => {
    await host.run(become('') + become('  become_flags: -S -n -H'));
    expect([...new Set(host.lines('log'))]).toEqual(['<-x><-n><-H><-u><somebody>']);
  });

  it.each([
    ['su', '<-x><-l><somebody><-s>'],
    ['doas', '<-x><-n><-l><-u><somebody>'],
  ])('is %s with its own order of words', async (method, words) => {
    await host.run(become(`  become_method: ${method}\n  become_flags: -l\n`));
    expect([...new Set(host.lines('log'))]).toEqual([words]);
  });

  it('is refused with half a quote', async () => {
    const run = await host.run(become(`  become_flags: -E "two words\n`));
    expect(run.result('run')).toMatchObject({ status: 'failed' });
    expect(run.result('run').message).toContain('without its other half');
    expect(host.exists('log')).toBe(false);
  });
});
