// What failing means: for the host and for the others; and what the playbook may say of it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

describe('a task that fails', () => {
  it('ends its host and no other', async () => {
    const run = await host.run(
      `
- name: fails on h2
  command: "{{ 'false' if inventory_hostname == 'h2' else 'true' }}"
- name: later
  copy: { dest: "{{ root }}/{{ inventory_hostname }}", content: "x" }
`,
      { hosts: ['h1', 'h2', 'h3'] },
    );
    expect(['h1', 'h2', 'h3'].map((name) => host.exists(name))).toEqual([true, false, true]);
    expect(run.totals['h2']).toMatchObject({ failed: 1, ok: 0 });
    expect(run.totals['h3']).toMatchObject({ failed: 0, ok: 2 });
    expect(run.result('fails on h2', 'h2')).toMatchObject({ status: 'failed', message: 'exit code 1' });
  });

  it('leaves a lost host out of the plays that follow', async () => {
    const run = await host.run(
      `
- hosts: all
  tasks:
    - command: "{{ 'false' if inventory_hostname == 'h2' else 'true' }}"
- hosts: all
  tasks:
    - name: second play
      debug: { msg: hello }
`,
      { hosts: ['h1', 'h2'] },
    );
    expect(run.results.filter(({ task }) => task.name === 'second play').map((result) => result.host)).toEqual(['h1']);
  });

  it('keeps back what was decided after it', async () => {
    const run = await host.run(`
- name: before
  copy: { dest: "{{ root }}/before", content: "x" }
- name: validated
  copy: { dest: "{{ root }}/bad", content: "x", validate: "false %s" }
- name: after
  copy: { dest: "{{ root }}/after", content: "x" }
`);
    expect(run.statuses()).toEqual(['before: changed', 'validated: failed']);
    expect(host.exists('before')).toBe(true);
    expect(host.exists('bad') || host.exists('after')).toBe(false);
  });

  it.each(['fail: { msg: enough }', 'assert: { that: 1 == 2 }', 'debug: { msg: "{{ nothing_there }}" }'])(
    'keeps back what comes after it when it touches nothing itself (%s)',
    async (task) => {
      const run = await host.run(`
- name: before
  copy: { dest: "{{ root }}/before", content: "x" }
- name: stops
  ${task}
- name: after
  copy: { dest: "{{ root }}/after", content: "x" }
`);
      expect(run.statuses()).toEqual(['before: changed', 'stops: failed']);
      expect(host.exists('before')).toBe(true);
      expect(host.exists('after')).toBe(false);
    },
  );

  it('fails by the exit code of a command that only reads', async () => {
    const run = await host.run(`
- name: look
  command: { cmd: "ls {{ root }}/missing", probe: true }
- name: after
  debug: { msg: x }
`);
    expect(run.statuses()).toEqual(['look: failed']);
  });
});

describe('undefined variables', () => {
  it('are told with file, line and column', async () => {
    const run = await host.run(`
- name: shows
  debug:
    msg: "Hello {{ nobody }}"
`);
    const result = run.result('shows');
    expect(result.status).toBe('failed');
    expect(result.message).toContain('nobody');
    expect(result.where).toMatchObject({ line: 6, column: expect.any(Number) as number });
    expect(result.where?.file).toMatch(/site\.yml$/);
  });

  it.each(['ignore_errors', 'notify', 'no_log', 'become', 'environment', 'check_mode', 'delay'])(
    'are told at the task also in `%s`',
    async (keyword) => {
      const until = keyword === 'delay' ? '\n  until: false\n  retries: 1' : '';
      const run = await host.run(`
- name: before
  copy: { dest: "{{ root }}/before", content: x }
- name: shows
  command: ${keyword === 'ignore_errors' || keyword === 'delay' ? '"false"' : 'echo x'}
  ${keyword}: "{{ nobody }}"${until}
- name: after
  debug: { msg: x }
`);
      expect(run.result('shows').status).toBe('failed');
      expect(run.result('shows').message).toContain('nobody');
      expect(run.results.some(({ task }) => task.name === 'after')).toBe(false);
      expect(run.totals['h1']).toMatchObject({ changed: 1, failed: 1 });
    },
  );
});

describe('arguments', () => {
  it('are checked when they are known, with the place', async () => {
    const run = await host.run(`
- name: wrong
  file: { path: "{{ root }}/x", state: "{{ 'directroy' }}" }
`);
    const result = run.result('wrong');
    expect(result.status).toBe('failed');
    expect(result.message).toContain('state');
    expect(result.hint).toContain('directory');
    expect(result.where?.line).toBe(5);
  });
});

describe('ignore_errors', () => {
  it('goes on, and register tells the failure', async () => {
    const run = await host.run(`
- name: tries
  command: sh -c "echo out; exit 3"
  register: tried
  ignore_errors: true
- name: only if it failed
  copy: { dest: "{{ root }}/failed", content: "{{ tried.rc }}{{ tried.stdout }}" }
  when: tried is failed
`);
    expect(run.result('tries')).toMatchObject({ status: 'failed', ignored: true });
    expect(host.read('failed')).toBe('3out');
    expect(run.totals['h1']).toMatchObject({ ok: 2, changed: 1, failed: 0, ignored: 1 });
  });

  it('tells the failure of a loop too', async () => {
    const run = await host.run(`
- command: "{{ item }}"
  loop: ["true", "false"]
  register: tried
  ignore_errors: true
- name: show
  debug: { msg: "{{ tried is failed }}" }
`);
    expect(run.result('show').shown).toBe(true);
  });
});

describe('failed_when and changed_when', () => {
  it('judge by what the task registered', async () => {
    const run = await host.run(`
- name: fine
  command: sh -c "exit 2"
  register: result
  failed_when: result.rc not in [0, 2]
  changed_when: result.rc == 0
- name: not fine
  command: echo error in the output
  register: result
  failed_when: "'error' in result.stdout"
`);
    expect(run.statuses()).toEqual(['fine: ok', 'not fine: failed']);
    expect(run.result('fine').message).toBeUndefined();
  });

  it('make a change unremarkable, also for handlers', async () => {
    const run = await host.run(`
- hosts: all
  tasks:
    - name: quiet
      command: "true"
      changed_when: false
      notify: handler
  handlers:
    - name: handler
      command: "true"
`);
    expect(run.statuses()).toEqual(['quiet: ok']);
  });
});
