// Hosts that cannot be reached, connections that are lost, runs that are interrupted; and what a run costs.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

const hosts = ['h1', 'h2', 'h3'];
const tasks = `
- name: write
  copy: { dest: "{{ root }}/{{ inventory_hostname }}", content: "x" }
- name: run
  command: "true"
- name: last
  copy: { dest: "{{ root }}/{{ inventory_hostname }}.last", content: "x" }
`;

describe('a host that cannot be reached', () => {
  it('is lost alone', async () => {
    const run = await host.run(tasks, { hosts, unreachable: ['h2'] });
    expect(run.totals['h2']).toMatchObject({ unreachable: 1, ok: 0, failed: 0 });
    expect(run.totals['h3']).toMatchObject({ unreachable: 0, changed: 3 });
    expect(run.results.find((result) => result.host === 'h2')).toMatchObject({
      status: 'unreachable',
      message: 'h2: connection refused',
      hint: 'is the host up?',
      task: { name: 'Connect' },
    });
  });

  it('is not asked again in the next play', async () => {
    const play = '\n- hosts: all\n  tasks: [{ command: "true" }]\n';
    const run = await host.run(play + play, { hosts, unreachable: ['h2'] });
    expect(run.totals['h2']).toMatchObject({ unreachable: 1 });
    expect(run.recording.addresses.map(({ name }) => name).toSorted()).toEqual(['h1', 'h3']);
  });

  it('is not needed by tasks that touch no host', async () => {
    const run = await host.run('- debug: { msg: x }', { unreachable: ['h1'] });
    expect(run.totals['h1']).toMatchObject({ ok: 1, unreachable: 0 });
  });
});

describe('a connection that is lost', () => {
  it('loses that host at that task, and tells what was done before', async () => {
    // Batches: look; write and run; look again; last.
    const run = await host.run(tasks, { hosts, lostAt: { h2: 4 } });
    expect(run.statuses('h2').at(-1)).toBe('Connect: unreachable');
    expect(run.totals['h2']).toMatchObject({ changed: 2, unreachable: 1 });
    expect(run.totals['h1']).toMatchObject({ changed: 3, unreachable: 0 });
    expect(host.exists('h1.last')).toBe(true);
  });

  it('rescues nothing: there is nobody left to do it', async () => {
    const run = await host.run(
      `
- block:
    - name: run
      command: "true"
  rescue:
    - name: rescue
      command: "true"
  always:
    - name: always
      command: "true"
`,
      { lostAt: { h1: 2 } },
    );
    expect(run.results.some(({ task }) => task.name === 'rescue')).toBe(false);
    expect(run.totals['h1']).toMatchObject({ unreachable: 1, rescued: 0 });
  });
});

describe('an interrupted run', () => {
  it('stops before the next task, says so, and ends in order', async () => {
    const controller = new AbortController();
    const run = await host.run(
      `
- name: first
  shell: "echo x > {{ root }}/first"
- name: second
  shell: "echo x > {{ root }}/second"
`,
      {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === 'task-end' && event.result.task.name === 'first') controller.abort();
        },
      },
    );
    expect(host.exists('first')).toBe(true);
    expect(host.exists('second')).toBe(false);
    expect(run.totals['h1']).toMatchObject({ changed: 1, failed: 0, unreachable: 0 });
    expect(run.events.find(({ type }) => type === 'warning')).toMatchObject({
      message: expect.stringContaining('interrupted: h1') as string,
    });
    expect(run.events.at(-1)?.type).toBe('run-end');
  });

  it('stops a command that runs', async () => {
    const controller = new AbortController();
    const startedAt = performance.now();
    const run = await host.run(
      `
- name: slow
  shell: "echo x > {{ root }}/begun; sleep 30; echo x > {{ root }}/done"
- name: later
  debug: { msg: x }
`,
      {
        signal: controller.signal,
        onBatch: (_host, scripts) => {
          if (scripts.some((script) => script.includes('sleep 30'))) setTimeout(() => controller.abort(), 200);
        },
      },
    );
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(run.results.some(({ task }) => task.name === 'later')).toBe(false);
    expect(host.exists('done')).toBe(false);
  });

  it('does not sleep on between retries', async () => {
    const controller = new AbortController();
    const run = await host.run(
      `
- name: tries
  command: "false"
  until: false
  retries: 100
`,
      {
        signal: controller.signal,
        onBatch: () => controller.abort(),
      },
    );
    expect(run.sleeps).toEqual([]);
    expect(run.totals['h1']?.unreachable).toBe(0);
  });
});

describe('what a run costs', () => {
  it('is one connection and at most one look for each section', async () => {
    const playbook = `
- hosts: all
  pre_tasks:
    - copy: { dest: "{{ root }}/a", content: "x" }
  tasks:
    - copy: { dest: "{{ root }}/b", content: "x" }
    - command: { cmd: "touch {{ root }}/c", creates: "{{ root }}/c" }
    - copy: { dest: "{{ root }}/{{ item }}", content: "x" }
      loop: [d, e, f]
  post_tasks:
    - file: { path: "{{ root }}/a", mode: "0600" }
`;
    await host.run(playbook);
    const second = await host.run(playbook);
    expect(second.roundTrips).toEqual({ h1: 3 });
    expect(second.recording.addresses).toHaveLength(1);
  });

  it('is one batch for changes that wait for nothing', async () => {
    const run = await host.run(`
- copy: { dest: "{{ root }}/a", content: "x" }
- copy: { dest: "{{ root }}/b", content: "x" }
- file: { path: "{{ root }}/c", state: directory }
`);
    expect(run.roundTrips).toEqual({ h1: 2 });
  });

  it('does not fail for what it looked at in vain', async () => {
    const run = await host.run(`
- name: skipped
  command: { cmd: "true", chdir: "{{ root }}/missing", unless: "true" }
  when: nothing is defined
- name: works
  copy: { dest: "{{ root }}/b", content: "x" }
`);
    expect(run.statuses()).toEqual(['skipped: skipped', 'works: changed']);
  });
});
