// Which variable wins, and what the engine tells playbooks of the run.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

describe('precedence of variables', () => {
  // Each layer sets itself and all above it; the winner of v<n> is the layer n.
  const layers = [
    'defaults',
    'inventory',
    'group_vars',
    'host_vars',
    'play',
    'vars_files',
    'role_vars',
    'block',
    'task',
    'set_fact',
    'params',
    'extra',
  ];
  const set = (layer: string, indent = '') =>
    layers
      .slice(layers.indexOf(layer))
      .map((name) => `${indent}v_${name}: ${layer}`)
      .join('\n');

  it('is that of Ansible', async () => {
    const run = await host.run(
      `
- hosts: all
  vars:
${set('play', '    ')}
  vars_files: [more.yml]
  pre_tasks:
    - set_fact:
${set('set_fact', '        ')}
  roles:
    - role: app
${set('params', '      ')}
`,
      {
        inventory: `
all:
  vars:
    ansible_connection: local
${set('inventory', '    ')}
  children:
    web: { hosts: { h1: {} } }
`,
        files: {
          'group_vars/web.yml': set('group_vars'),
          'host_vars/h1.yml': set('host_vars'),
          'more.yml': set('vars_files'),
          'roles/app/defaults/main.yml': set('defaults'),
          'roles/app/vars/main.yml': set('role_vars'),
          'roles/app/tasks/main.yml': `
- vars:
${set('block', '    ')}
  block:
    - name: show
      vars:
${set('task', '        ')}
      debug: { msg: "${layers.map((layer) => `{{ v_${layer} }}`).join(' ')}" }
`,
        },
        extraVars: [`{"v_extra": "extra"}`],
      },
    );
    // set_fact and params were set for all above them: what is lower shows itself.
    expect(run.result('app : show').shown).toBe(layers.join(' '));
  });

  it('does not let the defaults of one role into another when that has its own', async () => {
    const run = await host.run(
      `
- hosts: all
  roles: [one, two]
`,
      {
        files: {
          'roles/one/defaults/main.yml': 'port: 1\nonly_one: 1\n',
          'roles/two/defaults/main.yml': 'port: 2\n',
          'roles/one/tasks/main.yml': '- name: show\n  debug: { msg: "{{ port }}" }\n',
          'roles/two/tasks/main.yml': '- name: show\n  debug: { msg: "{{ port }} {{ only_one }} {{ role_name }}" }\n',
        },
      },
    );
    expect(run.result('one : show').shown).toBe(1);
    expect(run.result('two : show').shown).toBe('2 1 two');
  });
});

describe('magic variables', () => {
  it('tell of the inventory, the play and the run', async () => {
    const run = await host.run(
      `
- hosts: web
  tasks:
    - name: show
      debug:
        msg:
          - "{{ inventory_hostname }} {{ inventory_hostname_short }}"
          - "{{ group_names }}"
          - "{{ groups['web'] }}"
          - "{{ groups.all | length }}"
          - "{{ ansible_play_hosts }}"
          - "{{ ansible_check_mode }} {{ ansible_diff_mode }}"
          - "{{ playbook_dir == inventory_dir }}"
          - "{{ hostvars['db.lan'].port }} {{ hostvars[inventory_hostname].inventory_hostname }}"
          - "{{ 'nobody' in hostvars }}"
`,
      {
        inventory: `
all:
  vars: { ansible_connection: local }
  children:
    web: { hosts: { h1.lan: {}, h2.lan: {} } }
    data: { hosts: { db.lan: { port: "{{ base + 1 }}", base: 5000 } } }
`,
      },
    );
    expect(run.result('show', 'h1.lan').shown).toEqual([
      'h1.lan h1',
      ['web'],
      ['h1.lan', 'h2.lan'],
      3,
      ['h1.lan', 'h2.lan'],
      'False True',
      true,
      '5001 h1.lan',
      false,
    ]);
  });

  it('let hosts know what others registered', async () => {
    const run = await host.run(
      `
- hosts: h1
  tasks:
    - set_fact: { token: abc }
- hosts: h2
  tasks:
    - name: show
      debug: { msg: "{{ hostvars.h1.token }} {{ hostvars['h1']['token'] }}" }
`,
      { hosts: ['h1', 'h2'] },
    );
    expect(run.result('show', 'h2').shown).toBe('abc abc');
  });
});
