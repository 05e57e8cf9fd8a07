// register, when, set_fact and loops: what later tasks know of earlier ones.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

describe('register', () => {
  const onChange = `
- name: write
  copy: { dest: "{{ root }}/a", content: "a" }
  register: written
- name: only if changed
  copy: { dest: "{{ root }}/b", content: "b" }
  when: written.changed
- name: only if not
  copy: { dest: "{{ root }}/c", content: "c" }
  when: not written.changed
`;

  it('knows a foreseen change, in the same batch', async () => {
    const run = await host.run(onChange);
    expect(run.statuses()).toEqual(['write: changed', 'only if changed: changed', 'only if not: skipped']);
    expect(run.roundTrips['h1']).toBe(2);
    expect((await host.run(onChange)).statuses()).toEqual([
      'write: ok',
      'only if changed: skipped',
      'only if not: changed',
    ]);
  });

  it('has the output of a command where a later task needs it', async () => {
    const run = await host.run(`
- name: ask
  command: echo 42
  register: answer
- name: use
  copy: { dest: "{{ root }}/answer", content: "{{ answer.stdout }} {{ answer.rc }} {{ answer.stdout_lines | length }}" }
`);
    expect(run.statuses()).toEqual(['ask: changed', 'use: changed']);
    expect(host.read('answer')).toBe('42 0 1');
  });

  it('says of a skipped task that it was skipped', async () => {
    const run = await host.run(`
- name: never
  command: echo no
  when: false
  register: never
- name: then
  debug: { msg: "{{ never.skipped }} {{ never is skipped }} {{ never.changed }}" }
`);
    expect(run.result('then').shown).toBe('True True False');
  });

  it('holds what a task with a loop did, item by item, under the name of its own loop variable', async () => {
    const run = await host.run(`
- name: write
  copy: { dest: "{{ root }}/{{ name }}", content: "{{ name }}" }
  loop: [a, b]
  loop_control: { loop_var: name }
  register: written
- name: show
  debug: { msg: "{{ written.results | map(attribute='name') | join(',') }} {{ written.changed }} {{ written.results | length }}" }
`);
    expect(run.result('show').shown).toBe('a,b True 2');
  });

  it('is skipped for an empty loop', async () => {
    const run = await host.run(`
- name: none
  command: echo {{ item }}
  loop: []
  register: nothing
- name: show
  debug: { msg: "{{ nothing is skipped }} {{ nothing.results | length }}" }
`);
    expect(run.result('none').status).toBe('skipped');
    expect(run.result('show').shown).toBe('True 0');
  });
});

describe('when', () => {
  it('takes a list as "and", and looks at items one by one', async () => {
    const run = await host.run(`
- name: some
  copy: { dest: "{{ root }}/{{ item }}", content: "x" }
  loop: [1, 2, 3]
  when: [item != 2, true]
`);
    expect(run.items.map(({ item, status }) => `${item}: ${status}`)).toEqual([
      '1: changed',
      '2: skipped',
      '3: changed',
    ]);
    expect(host.exists('2')).toBe(false);
    expect(run.result('some').status).toBe('changed');
    expect(run.totals['h1']).toMatchObject({ ok: 1, changed: 1, skipped: 0 });
  });
});

describe('set_fact', () => {
  it('is seen by the tasks after it, in later plays too', async () => {
    const run = await host.run(`
- hosts: all
  tasks:
    - set_fact: { target: "{{ root }}/fact", text: "from {{ inventory_hostname }}" }
    - name: write
      copy: { dest: "{{ target }}", content: "{{ text }}" }
- hosts: all
  tasks:
    - name: again
      debug: { msg: "{{ text }}" }
`);
    expect(host.read('fact')).toBe('from h1');
    expect(run.result('again').shown).toBe('from h1');
  });

  it('costs no round trip of its own', async () => {
    const tasks = `
- set_fact: { target: "{{ root }}/fact" }
- name: write
  copy: { dest: "{{ target }}", content: "x" }
`;
    expect((await host.run(tasks)).roundTrips['h1']).toBe(2);
    expect((await host.run(tasks)).roundTrips['h1']).toBe(1);
  });
});

describe('loops', () => {
  it('have an index, and labels for people', async () => {
    const run = await host.run(`
- name: write
  copy: { dest: "{{ root }}/{{ item.name }}", content: "{{ index }}" }
  loop: [{ name: a, secret: x }, { name: b, secret: y }]
  loop_control: { index_var: index, label: "{{ item.name }}" }
`);
    expect(run.items.map(({ item }) => item)).toEqual(['a', 'b']);
    expect(host.read('b')).toBe('1');
  });

  it('work the other items when one fails, but no later task', async () => {
    const run = await host.run(
      `
- name: write
  copy: { dest: "{{ root }}/{{ item }}/file", content: "x" }
  loop: [a, missing, b]
- name: later
  copy: { dest: "{{ root }}/later", content: "x" }
`,
      { files: {} },
    );
    expect(run.totals['h1']).toMatchObject({ failed: 1, changed: 0, ok: 0 });
    expect(run.results.map(({ task }) => task.name)).toEqual(['write']);
    expect(host.exists('later')).toBe(false);
  });

  it('work the items after one whose change fails while it is made', async () => {
    const run = await host.run(`
- name: run
  command: "{{ item }}"
  loop: ["touch {{ root }}/a", "false", "touch {{ root }}/b"]
  ignore_errors: "{{ ignoring | default(false) }}"
- name: later
  copy: { dest: "{{ root }}/later", content: "x" }
`);
    expect(run.items.map(({ status }) => status)).toEqual(['changed', 'failed', 'changed']);
    expect(host.exists('a') && host.exists('b')).toBe(true);
    expect(host.exists('later')).toBe(false);
    expect(run.result('run')).toMatchObject({ status: 'failed', message: 'one or more items failed' });
  });

  it('work the items after one whose change fails, where all could be decided before', async () => {
    host.write('a/x', '');
    host.write('b/x', '');
    const run = await host.run(
      `
- name: write
  copy: { dest: "{{ root }}/{{ item }}/file", content: "x", validate: "{{ 'false %s' if item == 'bad' else 'true %s' }}" }
  loop: [a, bad, b]
- name: later
  copy: { dest: "{{ root }}/later", content: "x" }
`.replace('{{ root }}/{{ item }}/file', '{{ root }}/file-{{ item }}'),
    );
    expect(run.items.map(({ item, status }) => `${item}: ${status}`)).toEqual([
      'a: changed',
      'bad: failed',
      'b: changed',
    ]);
    expect(host.exists('file-a') && host.exists('file-b')).toBe(true);
    expect(host.exists('file-bad') || host.exists('later')).toBe(false);
  });

  it('refuse what is no list, with the place', async () => {
    const run = await host.run(`
- name: wrong
  debug: { msg: x }
  loop: "{{ { 'a': 1 } }}"
`);
    const result = run.result('wrong');
    expect(result.status).toBe('failed');
    expect(result.message).toContain('needs a list');
    expect(result.where?.line).toBe(6);
  });
});
