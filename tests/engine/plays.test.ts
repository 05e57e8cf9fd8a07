// Plays: tags, batches, what ends a run, role arguments, keywords of the connection.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

const three = ['h1', 'h2', 'h3'];
const four = [...three, 'h4'];

describe('tags', () => {
  const tasks = `
- name: config
  debug: { msg: x }
  tags: [config]
- name: install
  debug: { msg: x }
  tags: [install]
- name: none
  debug: { msg: x }
- name: always
  debug: { msg: x }
  tags: [always]
- name: never
  debug: { msg: x }
  tags: [never, debugging]
`;
  it.each([
    [[], [], ['config', 'install', 'none', 'always']],
    [['config'], [], ['config', 'always']],
    [['debugging'], [], ['always', 'never']],
    [[], ['install'], ['config', 'none', 'always']],
    [['config', 'install'], ['install'], ['config', 'always']],
    [['untagged'], [], ['none', 'always']],
    [['tagged'], [], ['config', 'install', 'always']],
    [['config'], ['always'], ['config']],
  ])('--tags %j --skip-tags %j: %j', async (tags, skipTags, expected) => {
    const run = await host.run(tasks, { tags, skipTags });
    expect(run.results.map(({ task }) => task.name)).toEqual(expected);
  });
});

describe('serial', () => {
  const play = (serial: string, fails = 'none') => `
- hosts: all
  serial: ${serial}
  tasks:
    - name: first
      shell: "echo first {{ inventory_hostname }} >> {{ root }}/log"
    - name: may fail
      command: "{{ 'false' if inventory_hostname in '${fails}' else 'true' }}"
    - name: batch
      debug: { msg: "{{ ansible_play_batch | join(',') }} of {{ ansible_play_hosts_all | join(',') }}" }
`;

  it('works batch after batch, each through all tasks', async () => {
    const run = await host.run(play('[1, 2]'), { hosts: four });
    expect(run.results.filter(({ task }) => task.name === 'batch').map(({ shown }) => shown)).toEqual([
      'h1 of h1,h2,h3,h4',
      'h2,h3 of h1,h2,h3,h4',
      'h2,h3 of h1,h2,h3,h4',
      'h4 of h1,h2,h3,h4',
    ]);
    expect(host.lines('log')[0]).toBe('first h1');
    expect(host.lines('log').at(-1)).toBe('first h4');
  });

  it('takes percentages', async () => {
    const run = await host.run(play('"50%"'), { hosts: four });
    expect(run.result('batch', 'h4').shown).toBe('h3,h4 of h1,h2,h3,h4');
  });

  it('goes on to the next batch when some of a batch failed, and ends the run when all did', async () => {
    const rest = `
- hosts: all
  tasks:
    - name: second play
      debug: { msg: x }
`;
    const some = await host.run(play('2', 'h1') + rest, { hosts: four });
    expect(some.results.filter(({ task }) => task.name === 'second play').map((result) => result.host)).toEqual([
      'h2',
      'h3',
      'h4',
    ]);
    const all = await host.run(play('2', 'h1 h2') + rest, { hosts: four });
    expect(all.results.some((result) => result.host === 'h3')).toBe(false);
    expect(all.results.some(({ task }) => task.name === 'second play')).toBe(false);
  });

  it('goes on to the next batch when a batch ends early without failing', async () => {
    const run = await host.run(
      `
- hosts: all
  serial: 1
  tasks:
    - meta: end_host
      when: inventory_hostname == 'h1'
    - name: works
      debug: { msg: x }
`,
      { hosts: three },
    );
    expect(run.results.map((result) => result.host)).toEqual(['h2', 'h3']);
  });

  it('ends all batches at end_play', async () => {
    const run = await host.run(
      `
- hosts: all
  serial: 1
  tasks:
    - name: works
      debug: { msg: x }
    - meta: end_play
- hosts: all
  tasks:
    - name: second play
      debug: { msg: x }
`,
      { hosts: three },
    );
    expect(run.results.filter(({ task }) => task.name === 'works').map((result) => result.host)).toEqual(['h1']);
    expect(run.results.filter(({ task }) => task.name === 'second play')).toHaveLength(3);
  });

  it('refuses what is no size', async () => {
    await expect(host.run(play('"{{ groups.all[0] }}"'))).rejects.toThrow('must be a number or a percentage');
  });
});

describe('what ends a run', () => {
  const play = (keyword: string) => `
- hosts: all
  serial: 4
  ${keyword}
  pre_tasks:
    - name: may fail
      command: "{{ 'false' if inventory_hostname in ['h1', 'h2'] else 'true' }}"
  tasks:
    - name: later
      debug: { msg: x }
- hosts: all
  tasks:
    - name: second play
      debug: { msg: x }
`;
  it.each([
    ['max_fail_percentage: 49', false],
    ['max_fail_percentage: 50', true],
    ['any_errors_fatal: true', false],
    ['any_errors_fatal: "{{ false }}"', true],
  ])('%s', async (keyword, goesOn) => {
    const run = await host.run(play(keyword), { hosts: four });
    expect(run.results.some(({ task }) => task.name === 'later')).toBe(goesOn);
    expect(run.results.some(({ task }) => task.name === 'second play')).toBe(goesOn);
    expect(run.totals['h3']).toMatchObject({ failed: 0 });
  });
});

describe('the order of hosts', () => {
  it.each([
    ['inventory', 'b,a,c'],
    ['reverse_inventory', 'c,a,b'],
    ['sorted', 'a,b,c'],
    ['reverse_sorted', 'c,b,a'],
  ])('%s', async (order, expected) => {
    const run = await host.run(
      `
- hosts: all
  order: ${order}
  serial: 1
  tasks:
    - name: works
      debug: { msg: x }
`,
      { hosts: ['b', 'a', 'c'] },
    );
    expect(run.results.map((result) => result.host).join(',')).toBe(expected);
  });
});

describe('role arguments', () => {
  it('are checked for all hosts before the first is contacted', async () => {
    const run = host.run(
      `
- hosts: all
  roles: [{ role: app, vars: { port: nonsense } }]
`,
      {
        hosts: ['h1', 'h2'],
        files: {
          'roles/app/meta/argument_specs.yml':
            'argument_specs:\n  main:\n    options:\n      port: { type: int, required: true, description: x }\n',
          'roles/app/tasks/main.yml': '- copy: { dest: "{{ root }}/touched", content: x }\n',
        },
      },
    );
    await expect(run).rejects.toMatchObject({ name: 'DiagnosticsError' });
    await expect(run).rejects.toThrow(/role "app": .*port.* \(on h1, h2\)/);
    expect(host.exists('touched')).toBe(false);
  });
});

describe('keywords of the connection', () => {
  it('take `connection: local` of a play', async () => {
    const run = await host.run(
      `
- hosts: all
  connection: local
  tasks:
    - name: works
      command: "true"
`,
      { inventory: 'all: { hosts: { h1: {} } }\n' },
    );
    expect(run.recording.addresses.map(({ connection }) => connection)).toEqual(['local']);
  });

  it('take `remote_user` of a play, below variables', async () => {
    const play = (user: string) => `
- hosts: all
  remote_user: ${user}
  tasks: [{ command: "true" }]
`;
    const run = await host.run(play('one') + play('two'), {
      inventory: 'all: { hosts: { h1: {}, h2: { ansible_user: own } } }\n',
    });
    const users = run.recording.addresses.map(({ name, user }) => `${name} ${user}`);
    expect(users.toSorted()).toEqual(['h1 one', 'h1 two', 'h2 own']);
  });
});

describe('role arguments that are set on the way', () => {
  const files = {
    'roles/app/meta/argument_specs.yml':
      'argument_specs:\n  main:\n    options:\n      port: { type: int, required: true, description: x }\n',
    'roles/app/tasks/main.yml': '- name: show\n  debug: { msg: "{{ port }}" }\n',
  };

  it('may come from tasks before the role', async () => {
    const run = await host.run(
      `
- hosts: all
  pre_tasks:
    - set_fact: { port: 80 }
  roles: [app]
`,
      { files },
    );
    expect(run.result('app : show').shown).toBe(80);
  });

  it('fail the host where they are missing after all', async () => {
    const run = await host.run('\n- hosts: all\n  roles: [app]\n', { files });
    expect(run.totals['h1']).toMatchObject({ failed: 1 });
    expect(run.results[0]?.message).toContain('"port" is missing');
  });
});
