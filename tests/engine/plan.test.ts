// Plans that are saved and applied: what is in them, what has moved, what is refused.
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { compareHosts } from '../../src/engine/plan/compare.ts';
import { summaryOf } from '../../src/engine/plan/recorder.ts';
import { planSchema, readPlan } from '../../src/engine/plan/schema.ts';
import { Workspace } from './support/harness.ts';
import { applied, planOf, saved } from './support/plans.ts';

const site = `
- { name: folder, file: { path: '{{ root }}/{{ inventory_hostname }}', state: directory } }
- { name: write, copy: { dest: '{{ root }}/{{ inventory_hostname }}/a', content: 'one' } }
- { name: each, copy: { dest: '{{ root }}/{{ inventory_hostname }}/{{ item }}', content: '{{ item }}' }, loop: [x, y], notify: told }
- { name: quiet, copy: { dest: '{{ root }}/{{ inventory_hostname }}/a', mode: '0600', content: 'one' } }`;

describe('a saved plan', () => {
  it('names what would change, in order, and says the same of the same', async () => {
    using host = new Workspace();
    const hosts = await planOf(host, site.replace(', notify: told', ''), { hosts: ['h1', 'h2'] });
    expect(hosts.map(({ name }) => name)).toEqual(['h1', 'h2']);
    const told = hosts[0]?.tasks.map(
      ({ name, changes }) => `${name}: ${changes.map(({ action }) => action).join(' ')}`,
    );
    expect(told).toEqual(['folder: create', 'write: create', 'each: create create', 'quiet: update']);
    expect(hosts[0]?.tasks[2]?.changes.map(({ item }) => item)).toEqual([0, 1]);
    expect(summaryOf(hosts)).toEqual({
      hosts: 2,
      changedTasks: 8,
      unknownTasks: 0,
      actions: { create: 8, update: 2, delete: 0, run: 0 },
    });
    expect(
      compareHosts(hosts, await planOf(host, site.replace(', notify: told', ''), { hosts: ['h1', 'h2'] })),
    ).toEqual([]);
  });

  it('fits its schema, and comes back from its text', async () => {
    using host = new Workspace();
    const plan = saved(
      await planOf(
        host,
        "- { name: u, command: 'true', register: r }\n- { name: d, copy: { dest: '{{ root }}/a', content: '{{ r.stdout }}' } }",
      ),
    );
    expect(plan.hosts[0]?.tasks[1]).toMatchObject({ name: 'd', changes: [], unknown: ['depends on "u"'] });
    expect(new Ajv().validate(planSchema, plan)).toBe(true);
    expect(readPlan(JSON.stringify(plan), 'p.json')).toEqual(plan);
  });

  it.each([
    ['no JSON', '{', 'invalid-plan'],
    ['something else', '{"a": 1}', 'invalid-plan'],
    ['a later version', JSON.stringify({ ...saved([]), version: 2 }), 'unknown-plan-version'],
    ['a key too many', JSON.stringify({ ...saved([]), more: 1 }), 'invalid-plan'],
    [
      'a fingerprint that is a value',
      JSON.stringify({ ...saved([]), inputs: { ...saved([]).inputs, extraVars: { a: 'hunter2' } } }),
      'invalid-plan',
    ],
    [
      'an option that names a program',
      JSON.stringify({ ...saved([]), inputs: { ...saved([]).inputs, options: { vaultPasswordFile: ['/tmp/x'] } } }),
      'invalid-plan',
    ],
    [
      'an option of the wrong kind',
      JSON.stringify({ ...saved([]), inputs: { ...saved([]).inputs, options: { inventory: true } } }),
      'invalid-plan',
    ],
  ])('is refused: %s', (_what, text, code) => {
    expect(() => readPlan(text, 'p.json')).toThrow(
      expect.objectContaining({ code, where: { file: 'p.json', line: 1, column: 1 } }),
    );
  });

  it('holds no secret and no script', async () => {
    using host = new Workspace();
    const yaml = `
- { name: 'say tell-tale', copy: { dest: '{{ root }}/{{ secret }}-path', content: 'with {{ secret }}' }, no_log: true }
- { name: run, shell: 'echo {{ secret }}', no_log: true }
- { name: open, shell: 'echo a-very-visible-script' }
- { name: account, copy: { dest: '{{ root }}/open', content: 'password={{ secret }}' } }
- { name: fail, assert: { that: "secret == 'x'", fail_msg: '{{ secret }}' }, no_log: true, ignore_errors: true }`;
    const plan = JSON.stringify(await planOf(host, yaml, { extraVars: ['secret=correct-horse-battery'] }));
    expect(plan).not.toContain('correct-horse');
    expect(plan).not.toContain('a-very-visible-script');
    expect(plan).toContain('/open');
  });
});

describe('what moved', () => {
  const once = "- { name: write, copy: { dest: '{{ root }}/a', content: 'one' } }";

  it.each([
    ['another state before', (host: Workspace) => host.write('a', 'two'), 'update, where the plan says create'],
    ['nothing left to do', (host: Workspace) => host.write('a', 'one'), 'no create any more, as the plan says'],
  ])('%s', async (_what, move, message) => {
    using host = new Workspace();
    const planned = await planOf(host, once);
    move(host);
    const [moved] = compareHosts(planned, await planOf(host, once));
    expect(moved).toMatchObject({ host: 'h1', task: 'write', where: 'site.yml:4:7' });
    expect(moved?.message).toContain(message);
  });

  it('another content than the plan says, before or after', async () => {
    using host = new Workspace();
    host.write('a', 'old');
    const planned = await planOf(host, once);
    const other = compareHosts(planned, await planOf(host, once.replace("'one'", "'two'")));
    expect(other[0]?.message).toMatch(/is to become something else than the plan says \(sha256\)/);
    host.write('a', 'moved');
    expect(compareHosts(planned, await planOf(host, once))[0]?.message).toMatch(/is not as it was .*\(sha256\)/);
  });

  it('hosts and tasks that come and go', async () => {
    using host = new Workspace();
    const planned = await planOf(host, once);
    const two = await planOf(host, `${once}\n- { name: more, copy: { dest: '{{ root }}/b', content: '' } }`, {
      hosts: ['h1', 'h2'],
    });
    expect(compareHosts(planned, two).map(({ host, message }) => `${host}: ${message}`)).toEqual([
      expect.stringMatching(/^h1: file:.*\/b: create, which the plan does not say$/),
      'h2: was not in the plan',
    ]);
    expect(compareHosts(two, planned).map(({ message }) => message)).toContain('is no longer worked on');
  });

  it('is nothing that time alone changes', async () => {
    using host = new Workspace();
    const gone = "- { name: gone, file: { path: '{{ root }}/a', state: absent } }";
    host.write('a', 'x');
    const planned = await planOf(host, gone);
    host.write('a', 'x');
    expect(compareHosts(planned, await planOf(host, gone))).toEqual([]);
  });
});

describe('a run that applies a plan', () => {
  it('does what the plan says', async () => {
    using host = new Workspace();
    const yaml = `
- hosts: all
  tasks:
    ${site.trim().split('\n').join('\n    ')}
  handlers:
    - { name: told, copy: { dest: '{{ root }}/{{ inventory_hostname }}/told', content: '' } }`;
    const options = { hosts: ['h1', 'h2'] };
    const run = await applied(host, yaml, await planOf(host, yaml, options), options);
    expect(run.totals).toMatchObject({ h1: { changed: 5, failed: 0 }, h2: { changed: 5, failed: 0 } });
    expect(host.exists('h2', 'told')).toBe(true);
  });

  it('stops a host before a change that the plan does not say, whatever the playbook says of failures', async () => {
    using host = new Workspace();
    const yaml = `
- { name: first, copy: { dest: '{{ root }}/{{ inventory_hostname }}-first', content: '' } }
- block:
    - { name: look, shell: 'cat {{ root }}/switch 2>/dev/null || true', changed_when: false, check_mode: false, register: said }
    - { name: second, copy: { dest: '{{ root }}/{{ inventory_hostname }}-second', content: '' }, when: said.stdout == inventory_hostname, ignore_errors: true }
  rescue:
    - { name: rescued, debug: {} }
- { name: third, copy: { dest: '{{ root }}/{{ inventory_hostname }}-third', content: '' } }`;
    const options = { hosts: ['h1', 'h2'] };
    const planned = await planOf(host, yaml, options);
    // Between the look and the run.
    host.write('switch', 'h1');
    const run = await applied(host, yaml, planned, options);
    expect(run.result('second')).toMatchObject({ status: 'failed' });
    expect(run.result('second').message).toContain('-second: create, which the plan does not say');
    expect([host.exists('h1-first'), host.exists('h1-second'), host.exists('h1-third')]).toEqual([true, false, false]);
    expect(host.exists('h2-third')).toBe(true);
    expect(run.statuses()).not.toContain('rescued: ok');
  });

  it('lets a task do what the plan could not foresee, and one that was foreseen on an assumption do less', async () => {
    using host = new Workspace();
    const yaml = `
- { name: make, shell: 'printf made > {{ root }}/made; echo hi' , register: said }
- { name: after, copy: { dest: '{{ root }}/{{ said.stdout }}', content: '' } }
- { name: over, copy: { dest: '{{ root }}/made', content: 'mine', mode: '0644' } }
- { name: same, copy: { dest: '{{ root }}/made', content: 'mine' } }`;
    const planned = await planOf(host, yaml);
    expect(planned[0]?.tasks.find(({ name }) => name === 'over')).toMatchObject({ assuming: 'make' });
    const run = await applied(host, yaml, planned);
    expect(run.statuses()).toEqual(['make: changed', 'after: changed', 'over: changed', 'same: ok']);
    expect(host.read('made')).toBe('mine');
  });
});
