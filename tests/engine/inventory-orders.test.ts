// What tasks do to the run itself: its inventory grows, hosts wait, plays and roles end.
import { describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

describe('add_host', () => {
  it('adds hosts, groups and variables for later plays, once for all hosts of a batch', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: all
  tasks:
    - { name: add, add_host: { name: 'new-{{ inventory_hostname }}', groups: [fresh, web], x: 1, tmpl: "{{ '{{ 1 + 1 }}' }}", ansible_connection: local }, register: added }
- hosts: fresh
  tasks:
    - { name: say, debug: { msg: '{{ x }} {{ tmpl }} {{ group_names }} {{ groups.web }} {{ of_web }} {{ inventory_hostname }}' } }`,
      { hosts: ['h1', 'h2'], files: { 'group_vars/web.yml': 'of_web: yes!\n' } },
    );
    expect(run.statuses('h1')).toEqual(['add: ok']);
    expect(run.statuses('h2')).toEqual([]);
    expect(run.result('say', 'new-h1').shown).toBe("1 {{ 1 + 1 }} ['fresh', 'web'] ['new-h1'] yes! new-h1");
    expect(Object.keys(run.totals)).toEqual(['h1', 'h2', 'new-h1']);
  });

  it('is worked by the first host that comes to it: what it registers is that of this host alone', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- { meta: end_host, when: inventory_hostname == 'h1' }
- { add_host: { name: n, groups: g }, register: added }
- { name: say, debug: { msg: "{{ added is defined }} {{ groups.g }}" } }`,
      { hosts: ['h1', 'h2', 'h3'] },
    );
    expect([run.result('say', 'h2').shown, run.result('say', 'h3').shown]).toEqual(["True ['n']", "False ['n']"]);
  });

  it('adds to a host that there is, and takes a port', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: h1
  tasks:
    - { add_host: { name: h2, groups: 'late, more', colour: green } }
    - { add_host: { hostname: 'other:2222' } }
- hosts: late
  tasks:
    - { name: say, debug: { msg: '{{ colour }} {{ shape }} {{ group_names }} {{ groups.ungrouped }} {{ hostvars.other.ansible_port }}' } }`,
      { inventory: 'all:\n  vars: { ansible_connection: local }\n  hosts: { h1: {}, h2: { shape: round } }\n' },
    );
    expect(run.result('say', 'h2').shown).toBe("green round ['late', 'more'] ['h1', 'other'] 2222");
  });

  it('happens in a dry run too, so that later plays are foreseen', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: all
  tasks: [{ add_host: { name: n, groups: g, ansible_connection: local } }]
- hosts: g
  tasks: [{ name: write, copy: { dest: '{{ root }}/n', content: x } }]`,
      { check: true },
    );
    expect(run.result('write', 'n').status).toBe('changed');
    expect(host.exists('n')).toBe(false);
  });
});

describe('group_by', () => {
  it('groups hosts by what is known of them; groups have their variables and parents', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: all
  tasks:
    - { name: group, group_by: { key: 'on {{ ansible_system }}_{{ kind }}', parents: [sorted] }, register: made }
    - { name: made, debug: { msg: '{{ made.add_group }} {{ made.parent_groups }}' } }
- hosts: on-Linux_a
  tasks: [{ name: a, debug: { msg: '{{ gv }} {{ group_names }}' } }]
- hosts: sorted
  tasks: [{ name: both, debug: { msg: '{{ gv | default("-") }}' } }]
- hosts: on-Linux_none
  tasks: [{ name: nobody, debug: {} }]`,
      {
        inventory: 'all:\n  vars: { ansible_connection: local }\n  hosts: { h1: { kind: a }, h2: { kind: b } }\n',
        files: { 'group_vars/on-Linux_a.yml': 'gv: 5\n' },
      },
    );
    expect(run.result('made').shown).toBe("on-Linux_a ['sorted']");
    expect(run.result('a').shown).toBe("5 ['sorted', 'on-Linux_a']");
    expect(run.statuses('h2')).toEqual(['group: ok', 'made: ok', 'both: ok']);
    expect(run.results.map(({ task }) => task.name)).not.toContain('nobody');
  });
});

describe('meta', () => {
  it('end_batch ends the batch and leaves the next one', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: all
  serial: 1
  tasks:
    - { name: first, debug: {} }
    - { meta: end_batch, when: inventory_hostname == 'h1' }
    - { name: last, debug: {} }`,
      { hosts: ['h1', 'h2'] },
    );
    expect(run.statuses('h1')).toEqual(['first: ok']);
    expect(run.statuses('h2')).toEqual(['first: ok', 'last: ok']);
  });

  it('end_role ends the role for the host, and nothing after it; its handlers run', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: all
  roles: [r]
  tasks: [{ name: after, debug: {} }]`,
      {
        hosts: ['h1', 'h2'],
        files: {
          'roles/r/tasks/main.yml':
            "- { name: one, command: 'true', notify: told }\n- { meta: end_role, when: inventory_hostname == 'h1' }\n- { name: two, debug: {} }\n",
          'roles/r/handlers/main.yml': '- { name: told, debug: {} }\n',
        },
      },
    );
    expect(run.statuses('h1')).toEqual(['r : one: changed', 'after: ok', 'r : told: ok']);
    expect(run.statuses('h2')).toEqual(['r : one: changed', 'r : two: ok', 'after: ok', 'r : told: ok']);
  });

  it('end_role outside of a role is refused', async () => {
    using host = new Workspace();
    const run = await host.run('- { name: end, meta: end_role }');
    expect(run.result('end').message).toContain('for tasks of roles');
  });
});

describe('pause', () => {
  it('waits, and not in a dry run', async () => {
    using host = new Workspace();
    const yaml =
      '- { name: wait, pause: { minutes: 1, seconds: 5 }, register: waited }\n- { name: say, debug: { msg: "{{ waited.stdout }}" } }';
    const run = await host.run(yaml);
    expect(run.sleeps).toEqual([65_000]);
    expect(run.result('say').shown).toBe('Paused for 65 seconds');
    expect((await host.run(yaml, { check: true })).sleeps).toEqual([]);
  });

  it('asks once for all hosts, and goes on where nobody can answer', async () => {
    using host = new Workspace();
    const questions: string[] = [];
    const yaml =
      '- { name: ask, pause: { prompt: "Go on?" }, register: said }\n- { name: say, debug: { msg: "{{ said.user_input }}" } }';
    const ask = (prompt: string) => {
      questions.push(prompt);
      return Promise.resolve('yes');
    };
    const run = await host.run(yaml, { hosts: ['h1', 'h2'], ask });
    expect(questions).toEqual(['Go on?']);
    expect([run.result('say').shown, run.result('say', 'h2').shown]).toEqual(['yes', 'yes']);
    const alone = await host.run(yaml);
    expect(alone.result('ask')).toMatchObject({ status: 'ok', message: 'nobody was asked: there is no terminal' });
  });
});
