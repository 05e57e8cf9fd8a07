// Saved plans: what they hold, what they tell apart, and that a run that applies one does nothing else.
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/engine/options.ts';
import { compareHosts } from '../../src/engine/plan/compare.ts';
import { createFingerprinter } from '../../src/engine/plan/fingerprint.ts';
import { guardOf } from '../../src/engine/plan/guard.ts';
import type { PlannedHost, SavedPlan } from '../../src/engine/plan/model.ts';
import { createPlanRecorder, summaryOf } from '../../src/engine/plan/recorder.ts';
import { planSchema, readPlan } from '../../src/engine/plan/schema.ts';
import { constantValue } from '../../src/language/templated.ts';
import { unknown } from '../../src/core/unknown.ts';
import { Workspace, type PlaybookRun, type RunOptions } from './support/harness.ts';

const salt = 'AAAAAAAAAAAAAAAAAAAAAAAA';
const fingerprints = createFingerprinter(salt, new Map());
const shown = (path: string) => path.split('/').at(-1) ?? path;

/** A dry run, and the plan that it makes. */
async function planOf(host: Workspace, yaml: string, options: RunOptions = {}): Promise<readonly PlannedHost[]> {
  let hosts: () => readonly PlannedHost[] = () => [];
  await host.run(yaml, {
    ...options,
    check: true,
    attach: (engine) => {
      const recorder = createPlanRecorder({ fingerprints, redactor: engine.redactor }, shown);
      hosts = () => recorder.hosts();
      return {
        ...engine,
        observe: (change) => recorder.observe(change),
        emit: (event) => {
          recorder.handle(event);
          engine.emit(event);
        },
      };
    },
  });
  return hosts();
}

function applying(hosts: readonly PlannedHost[]): (engine: EngineOptions) => EngineOptions {
  return (engine) => ({ ...engine, observe: guardOf({ hosts }, { fingerprints, redactor: engine.redactor }, shown) });
}

function applied(
  host: Workspace,
  yaml: string,
  hosts: readonly PlannedHost[],
  options: RunOptions = {},
): Promise<PlaybookRun> {
  return host.run(yaml, { ...options, attach: applying(hosts) });
}

const site = `
- { name: folder, file: { path: '{{ root }}/{{ inventory_hostname }}', state: directory } }
- { name: write, copy: { dest: '{{ root }}/{{ inventory_hostname }}/a', content: 'one' } }
- { name: each, copy: { dest: '{{ root }}/{{ inventory_hostname }}/{{ item }}', content: '{{ item }}' }, loop: [x, y], notify: told }
- { name: quiet, copy: { dest: '{{ root }}/{{ inventory_hostname }}/a', mode: '0600', content: 'one' } }`;

const saved = (hosts: readonly PlannedHost[]): SavedPlan => ({
  format: 'veza-run plan',
  version: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  salt,
  inputs: { playbooks: ['site.yml'], options: { tags: ['a'] }, extraVars: {}, files: {} },
  hosts,
  summary: summaryOf(hosts),
});

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

describe('fingerprints', () => {
  const of = (value: unknown, secret = false) => fingerprints.of(value, secret);

  it('are the same for the same value, whatever the order of its keys', () => {
    expect(of({ a: 1, b: [1, { c: null }] })).toBe(of({ b: [1, { c: null }], a: 1 }));
    expect(of('1')).not.toBe(of(1));
    expect(of(['a', 'b'])).not.toBe(of(['ab']));
    expect(of(unknown('later'))).toBe('*');
  });

  it('are of one plan only, and depend on variables that the plan does not hold', () => {
    const variables = (value: string) => new Map([['token', constantValue(value)]]);
    const mine = createFingerprinter(salt, variables('a'));
    const others = [
      createFingerprinter(salt, variables('b')),
      createFingerprinter(salt.replace('A', 'B'), variables('a')),
    ];
    expect(createFingerprinter(salt, variables('a')).of('x', false)).toBe(mine.of('x', false));
    for (const other of others) {
      expect(other.of('x', false)).not.toBe(mine.of('x', false));
      expect(other.extraVars).not.toEqual(mine.extraVars);
    }
  });

  it('of secrets are slow to guess', () => {
    const startedAt = performance.now();
    expect(of('hunter2', true)).not.toBe(of('hunter2'));
    // scrypt with 32 MB takes tens of milliseconds on any machine, an HMAC microseconds.
    expect(performance.now() - startedAt).toBeGreaterThan(5);
  });
});

describe('a saved plan of tasks that are worked elsewhere', () => {
  const pool = `
- { name: enlist, copy: { dest: '{{ root }}/pool-{{ inventory_hostname }}', content: x }, delegate_to: lb }
- { name: once, copy: { dest: '{{ root }}/once', content: x }, run_once: true }`;
  const inventory = {
    inventory:
      'all:\n  vars: { ansible_connection: local }\n  children: { web: { hosts: { h1: {}, h2: {} } }, other: { hosts: { lb: {} } } }\n',
    limit: 'web',
  };
  const onWeb = `- hosts: web\n  tasks:${pool.replaceAll('\n', '\n    ')}\n`;

  it('names the host whose thing changes, and whose task it is', async () => {
    using host = new Workspace();
    const hosts = await planOf(host, onWeb, inventory);
    const told = Object.fromEntries(
      hosts.map(({ name, tasks }) => [name, tasks.map((task) => `${task.name} ${task.delegatedBy ?? '-'}`).sort()]),
    );
    expect(told).toEqual({ h1: ['once -'], h2: [], lb: ['enlist h1', 'enlist h2'] });
    expect(new Ajv().validate(planSchema, saved(hosts))).toBe(true);
    expect(compareHosts(hosts, await planOf(host, onWeb, inventory))).toEqual([]);
  });

  it('lets them be done as it says, and nothing else on that host', async () => {
    using host = new Workspace();
    const hosts = await planOf(host, onWeb, inventory);
    const run = await applied(host, onWeb, hosts, inventory);
    expect([run.totals['h1'], run.totals['h2']]).toMatchObject([
      { changed: 2, failed: 0 },
      { changed: 1, failed: 0 },
    ]);
    using other = new Workspace();
    const stopped = await applied(other, onWeb, hosts, inventory);
    expect(stopped.json).toContain('which the plan does not say');
    expect(stopped.totals['h1']).toMatchObject({ changed: 0, failed: 1 });
    expect([other.exists('pool-h1'), other.exists('once')]).toEqual([false, false]);
  });

  it('does not hold one to a host that was not known', async () => {
    using host = new Workspace();
    const yaml = `
- { name: ask, command: 'echo h2', register: found }
- { name: there, copy: { dest: '{{ root }}/there-{{ inventory_hostname }}', content: x }, delegate_to: '{{ found.stdout }}' }`;
    const hosts = await planOf(host, yaml, { hosts: ['h1', 'h2'] });
    const run = await applied(host, yaml, hosts, { hosts: ['h1', 'h2'] });
    expect(run.result('there').status).toBe('changed');
  });
});
