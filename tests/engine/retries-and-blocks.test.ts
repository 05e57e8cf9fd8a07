// Trying again, and blocks that are rescued.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

describe('until', () => {
  const tasks = (retries: number) => `
- name: counts
  shell: "echo x >> {{ root }}/count; wc -l < {{ root }}/count"
  register: count
  until: count.stdout | int >= 3
  retries: ${retries}
  delay: 7
- name: show
  debug: { msg: "{{ count.stdout }} {{ count.attempts }}" }
`;

  it('tries again after the delay until it holds', async () => {
    const run = await host.run(tasks(5));
    expect(run.statuses()).toEqual(['counts: changed', 'show: ok']);
    expect(run.sleeps).toEqual([7000, 7000]);
    expect(run.result('show').shown).toBe('3 3');
  });

  it('fails when the retries are used up', async () => {
    const run = await host.run(tasks(1));
    expect(run.sleeps).toEqual([7000]);
    expect(run.result('counts')).toMatchObject({ status: 'failed' });
    expect(run.result('counts').message).toContain('did not hold after 2 attempts');
  });

  it('does not wait in a dry run', async () => {
    const run = await host.run(tasks(5), { check: true });
    expect(run.sleeps).toEqual([]);
  });
});

describe('blocks', () => {
  it('are rescued, and always do what they always do', async () => {
    const run = await host.run(`
- block:
    - name: works
      command: "true"
    - name: fails
      command: "false"
    - name: not reached
      command: "true"
  rescue:
    - name: rescues
      debug: { msg: "{{ ansible_failed_task.name }} {{ ansible_failed_result.rc }}" }
  always:
    - name: always
      debug: { msg: x }
- name: goes on
  debug: { msg: x }
`);
    expect(run.statuses()).toEqual(['works: changed', 'fails: failed', 'rescues: ok', 'always: ok', 'goes on: ok']);
    expect(run.result('rescues').shown).toBe('fails 1');
    expect(run.totals['h1']).toMatchObject({ ok: 4, failed: 0, rescued: 1 });
  });

  it('fail where the rescue fails, after what is always done', async () => {
    const run = await host.run(`
- block:
    - name: fails
      command: "false"
  rescue:
    - name: fails again
      command: "false"
  always:
    - name: always
      debug: { msg: x }
- name: not reached
  debug: { msg: x }
`);
    expect(run.statuses()).toEqual(['fails: failed', 'fails again: failed', 'always: ok']);
    expect(run.totals['h1']).toMatchObject({ failed: 1, rescued: 1 });
  });

  it('pass on what nobody inside rescues', async () => {
    const run = await host.run(`
- block:
    - block:
        - name: fails
          command: "false"
      always:
        - name: inner always
          debug: { msg: x }
    - name: not reached
      debug: { msg: x }
  rescue:
    - name: outer rescue
      debug: { msg: x }
`);
    expect(run.statuses()).toEqual(['fails: failed', 'inner always: ok', 'outer rescue: ok']);
    expect(run.totals['h1']).toMatchObject({ failed: 0, rescued: 1 });
  });

  it('rescue what fails only when changes are made', async () => {
    const run = await host.run(`
- block:
    - name: validated
      copy: { dest: "{{ root }}/bad", content: "x", validate: "false %s" }
    - name: not reached
      copy: { dest: "{{ root }}/after", content: "x" }
  rescue:
    - name: rescues
      copy: { dest: "{{ root }}/rescued", content: "x" }
`);
    expect(run.statuses()).toEqual(['validated: failed', 'rescues: changed']);
    expect(host.exists('after')).toBe(false);
    expect(host.exists('rescued')).toBe(true);
  });
});

describe('meta in blocks and after failures', () => {
  it('leaves the play without what is always done', async () => {
    const run = await host.run(`
- block:
    - meta: end_host
  always:
    - name: always
      debug: { msg: x }
- name: not reached
  debug: { msg: x }
`);
    expect(run.results).toEqual([]);
  });

  it('lets failed hosts take part again', async () => {
    const run = await host.run(
      `
- hosts: all
  pre_tasks:
    - name: fails on h2
      command: "{{ 'false' if inventory_hostname == 'h2' else 'true' }}"
  tasks:
    - name: without h2
      debug: { msg: x }
    - meta: clear_host_errors
  post_tasks:
    - name: with h2
      debug: { msg: x }
`,
      { hosts: ['h1', 'h2'] },
    );
    expect(run.statuses('h2')).toEqual(['fails on h2: failed', 'with h2: ok']);
  });
});
