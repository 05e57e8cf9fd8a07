// Facts in plays: gathered when a play says so or uses one, at no cost where nobody does, and never more than data.
import { describe, expect, it } from 'vitest';
import { Workspace, type PlaybookRun } from './support/harness.ts';

/** Probes that read facts, on a host (default: `h1`). */
function factProbes(run: PlaybookRun, host = 'h1'): number {
  const batches = run.recording.batches.get(host) ?? [];
  return batches.filter((scripts) => scripts.some((script) => script.includes('vz files'))).length;
}

const shown = (run: PlaybookRun, task: string, host?: string) => run.result(task, host).shown;

describe('facts of a play', () => {
  it('cost nothing where nobody uses one', async () => {
    using host = new Workspace();
    const run = await host.run('- { name: say, debug: { msg: hello } }');
    expect(run.roundTrips).toEqual({ h1: 0 });
  });

  it('are gathered for the first expression that uses one, in the look that the section makes anyway', async () => {
    using host = new Workspace();
    const run = await host.run(`
- { name: write, copy: { dest: '{{ root }}/a', content: 'one' } }
- { name: say, debug: { msg: '{{ ansible_system }} {{ ansible_facts.system }} {{ ansible_facts["os_family"] is string }}' } }`);
    expect(shown(run, 'say')).toBe('Linux Linux True');
    expect(factProbes(run)).toBe(1);
    expect(run.recording.batches.get('h1')?.[0]?.join('')).toContain('/a');
    expect(run.statuses()).toEqual(['write: changed', 'say: ok']);
  });

  it.each([
    ['a condition', '- { name: t, debug: { msg: hi }, when: ansible_facts.system == "Linux" }'],
    ['a variable of the play', '- { name: t, debug: { msg: "{{ mine }}" }, vars: { mine: "{{ ansible_system }}" } }'],
    ['a loop', '- { name: t, debug: { msg: hi }, loop: "{{ [ansible_system] }}" }'],
    ['failed_when', '- { name: t, command: echo hi, failed_when: ansible_system != "Linux" }'],
    ['changed_when', '- { name: t, command: echo hi, changed_when: ansible_system == "Linux" }'],
    ['a test for being there', '- { name: t, assert: { that: "ansible_hostname is defined" } }'],
    [
      'another fact by way of vars',
      '- { name: t, assert: { that: "ansible_facts is mapping and ansible_facts.kernel is string" } }',
    ],
  ])('are at hand in %s', async (_what, tasks) => {
    using host = new Workspace();
    const run = await host.run(tasks);
    expect(['ok', 'changed']).toContain(run.result('t').status);
    expect(factProbes(run)).toBe(1);
  });

  it('are at hand in a template file', async () => {
    using host = new Workspace();
    const run = await host.run("- { name: render, template: { src: t.j2, dest: '{{ root }}/t' } }", {
      files: {
        'templates/t.j2': '{{ ansible_system }} {{ named }}\n',
        'group_vars/all.yml': 'named: "{{ ansible_facts.os_family }}"\n',
      },
    });
    expect(run.result('render').status).toBe('changed');
    expect(host.read('t')).toMatch(/^Linux \w+\n$/);
  });

  it('are looked at once for many plays, and in a template that is rendered late', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: all
  tasks:
    - { name: ask, command: 'echo {{ root }}/late', register: where }
    - { name: render, template: { src: t.j2, dest: '{{ where.stdout }}' } }
- hosts: all
  tasks:
    - { name: say, debug: { msg: '{{ ansible_system }}' } }`,
      { files: { 'templates/t.j2': '{{ ansible_facts.system }}' } },
    );
    expect(host.read('late')).toBe('Linux');
    expect(shown(run, 'say')).toBe('Linux');
    expect(factProbes(run)).toBe(1);
  });

  it('are not there with gather_facts: false', async () => {
    using host = new Workspace();
    const run = await host.run(`
- hosts: all
  gather_facts: false
  tasks:
    - { name: is it, debug: { msg: '{{ ansible_system is defined }} {{ ansible_facts }}' } }
    - { name: use it, debug: { msg: '{{ ansible_system }}' } }`);
    expect(shown(run, 'is it')).toBe('False {}');
    expect(run.result('use it').status).toBe('failed');
    expect(factProbes(run)).toBe(0);
  });

  it('are a task of its own with gather_facts: true, which counts and has the tag always', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: all
  gather_facts: true
  gather_subset: ['!all', '!min', network]
  tasks:
    - { name: say, debug: { msg: '{{ ansible_facts.keys() | sort | first }} {{ ansible_kernel | default("none") }}' }, tags: [t] }`,
      { tags: ['t'] },
    );
    expect(run.statuses()).toEqual(['Gathering Facts: ok', 'say: ok']);
    expect(shown(run, 'say')).toMatch(/^all_ipv4_addresses none$/);
    expect(factProbes(run)).toBe(1);
    expect(run.totals['h1']).toMatchObject({ ok: 2, changed: 0 });
  });

  it('of other hosts of the plays are there too, by hostvars', async () => {
    using host = new Workspace();
    const run = await host.run(
      "- { name: say, debug: { msg: \"{{ hostvars['h2'].ansible_system }} {{ hostvars['h2'].ansible_facts.kernel is string }}\" }, when: inventory_hostname == 'h1' }",
      { hosts: ['h1', 'h2'] },
    );
    expect(shown(run, 'say')).toBe('Linux True');
    expect([factProbes(run, 'h1'), factProbes(run, 'h2')]).toEqual([0, 1]);
  });

  it('of a host that cannot be reached are missing, and a warning says why', async () => {
    using host = new Workspace();
    const run = await host.run(
      "- { name: say, debug: { msg: \"{{ hostvars['h2'].ansible_system | default('gone') }}\" }, when: inventory_hostname == 'h1' }",
      { hosts: ['h1', 'h2'], unreachable: ['h2'] },
    );
    expect(shown(run, 'say')).toBe('gone');
    expect(run.json).toContain('no facts of h2');
    expect(run.totals['h2']).toMatchObject({ unreachable: 0, skipped: 1 });
  });

  it('are real in a dry run on a host that is not yet what it will be', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- { name: fill, copy: { dest: '{{ root }}/d', content: x } }
- { name: tune, copy: { dest: '{{ root }}/size', content: '{{ ansible_memtotal_mb // 4 }}' }, when: ansible_os_family is string }`,
      { check: true },
    );
    expect(run.statuses()).toEqual(['fill: changed', 'tune: changed']);
    expect(host.exists('d')).toBe(false);
  });
});

describe('facts as variables', () => {
  it('are weaker than the variables of a play, stronger than the inventory', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: all
  vars: { ansible_kernel: mine }
  tasks:
    - { name: say, debug: { msg: '{{ ansible_kernel }} {{ ansible_system }} {{ ansible_facts.kernel == "mine" }}' } }`,
      { files: { 'group_vars/all.yml': 'ansible_system: theirs\n' } },
    );
    expect(shown(run, 'say')).toBe('mine Linux False');
  });

  it('are data: what a host says of itself is never evaluated', async () => {
    using host = new Workspace();
    const hostile = '{{ lookup("pipe", "touch {{ root }}/pwned") }}{% for x in y %}';
    host.write('facts.d/evil.fact', JSON.stringify({ hostname: hostile, '{{ 1 + 1 }}': '{{ 1 + 1 }}' }));
    const run = await host.run(`
- { name: gather, setup: { gather_subset: '!all,local', fact_path: '{{ root }}/facts.d' }, register: told }
- { name: say, debug: { msg: '{{ ansible_local.evil.hostname }}' } }
- { name: more, debug: { var: ansible_facts.local.evil } }
- { name: file, copy: { dest: '{{ root }}/out', content: '{{ told.ansible_facts.ansible_local.evil.hostname }}' } }
- { name: pass on, set_fact: { mine: '{{ ansible_local.evil.hostname }}' } }
- { name: said on, debug: { msg: '{{ mine }}' } }`);
    expect(shown(run, 'say')).toBe(hostile);
    expect(shown(run, 'said on')).toBe(hostile);
    expect(shown(run, 'more')).toEqual({
      'ansible_facts.local.evil': { hostname: hostile, '{{ 1 + 1 }}': '{{ 1 + 1 }}' },
    });
    expect(host.read('out')).toBe(hostile);
    expect(host.exists('pwned')).toBe(false);
  });

  it('set_fact makes them with cacheable, meta: clear_facts takes them away and leaves other variables', async () => {
    using host = new Workspace();
    const run = await host.run(`
- hosts: all
  gather_facts: false
  tasks:
    - { set_fact: { cached: 1, cacheable: true } }
    - { set_fact: { plain: 2 } }
    - { setup: { gather_subset: '!all' } }
    - { name: before, debug: { msg: '{{ ansible_facts.cached }} {{ plain }} {{ ansible_system }} {{ ansible_facts.plain | default("-") }}' } }
    - { meta: clear_facts }
    - { name: after, debug: { msg: '{{ cached }} {{ plain }} {{ ansible_facts.cached | default("-") }} {{ ansible_system | default("-") }}' } }`);
    expect(shown(run, 'before')).toBe('1 2 Linux -');
    expect(shown(run, 'after')).toBe('1 2 - -');
  });
});

describe('setup', () => {
  it('registers what it found, and only what the filter names', async () => {
    using host = new Workspace();
    const run = await host.run(`
- { name: some, setup: { filter: ['ansible_distr*', kernel] }, register: found }
- { name: say, debug: { var: 'found.ansible_facts.keys() | sort' } }`);
    const [names] = Object.values(shown(run, 'say') as object) as [string[]];
    expect(names).toContain('ansible_distribution_version');
    expect(names.filter((name) => !name.startsWith('ansible_distribution'))).toEqual(['ansible_kernel']);
  });

  it('looks again after a change, and says an unknown subset', async () => {
    using host = new Workspace();
    host.write('facts.d/one.fact', '{"n": 1}');
    const yaml = `
- { setup: { gather_subset: '!all,local', fact_path: '{{ root }}/facts.d' } }
- { copy: { dest: '{{ root }}/facts.d/one.fact', content: '{"n": 2}' } }
- { setup: { gather_subset: '!all,local', fact_path: '{{ root }}/facts.d' } }
- { name: say, debug: { msg: '{{ ansible_local.one.n }}' } }`;
    const run = await host.run(yaml);
    expect(shown(run, 'say')).toBe(2);
    const bad = await host.run('- { name: bad, setup: { gather_subset: hardwear } }');
    expect(bad.result('bad').message).toContain('there is no subset "hardwear" of facts');
    expect(bad.result('bad').hint).toContain('hardware');
  });
});

describe('facts and tasks that are worked elsewhere', () => {
  const hosts = ['h1', 'h2'];

  it('are those of the host that the task is for, wherever it is worked', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- { name: write, copy: { dest: '{{ root }}/{{ inventory_hostname }}', content: '{{ ansible_system }}' }, delegate_to: h2, when: inventory_hostname == 'h1' }
- { name: say, debug: { msg: "{{ ansible_facts.kernel is string }}" }, when: inventory_hostname == 'h1' }`,
      { hosts },
    );
    expect(host.read('h1')).toBe('Linux');
    expect([factProbes(run, 'h1'), factProbes(run, 'h2')]).toEqual([1, 0]);
  });

  it('that setup tells of another host are of the host that asked, unless delegate_facts says otherwise', async () => {
    using host = new Workspace();
    const yaml = (facts: boolean) => `
- hosts: h1
  gather_facts: false
  tasks:
    - { setup: {}, delegate_to: h2, delegate_facts: ${String(facts)} }
    - { name: say, debug: { msg: "{{ ansible_system | default('-') }} {{ hostvars['h2'].ansible_system | default('-') }}" } }`;
    expect(shown(await host.run(yaml(false), { hosts }), 'say')).toBe('Linux -');
    expect(shown(await host.run(yaml(true), { hosts }), 'say')).toBe('- Linux');
  });

  it.each([
    ['run_once', 'run_once: \'{{ ansible_system == "Linux" }}\''],
    ['throttle', 'throttle: \'{{ 1 if ansible_system == "Linux" else 2 }}\''],
    ['failed_when of a delegated task', "delegate_to: '{{ groups.all[1] }}', failed_when: ansible_system != 'Linux'"],
  ])('are at hand in %s', async (_what, keywords) => {
    using host = new Workspace();
    const run = await host.run(`- { name: t, command: 'true', ${keywords} }`, { hosts });
    expect(run.result('t').status).toBe('changed');
    expect(run.totals['h1']).toMatchObject({ failed: 0, unknown: 0 });
  });

  it('are gathered while another host is being worked on', async () => {
    using host = new Workspace();
    const run = await host.run(
      `
- hosts: h1
  tasks:
    - { name: where, command: 'echo {{ root }}/late', register: where }
    - { name: render, template: { src: t.j2, dest: '{{ where.stdout }}' }, delegate_to: h2 }
    - { name: more, copy: { dest: '{{ root }}/more', content: x }, delegate_to: h2 }`,
      { hosts, files: { 'templates/t.j2': '{{ ansible_facts.system }}' } },
    );
    expect(host.read('late')).toBe('Linux');
    expect(run.result('more').status).toBe('changed');
  });
});
