// What a dry run says of what it cannot know, and that it does nothing; check_mode on single tasks.
import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

const afterCommand = `
- name: build
  command: touch {{ root }}/built
  register: build
- name: config
  copy: { dest: "{{ root }}/config", content: "x" }
- name: depends
  copy: { dest: "{{ root }}/version", content: "{{ build.stdout }}" }
- name: maybe
  debug: { msg: x }
  when: build.rc == 0
- name: many
  debug: { msg: "{{ item }}" }
  loop: "{{ build.stdout_lines }}"
`;

describe('a guard of a command', () => {
  const guarded = `
- copy: { dest: "{{ root }}/made", content: x }
- name: unnecessary
  command: touch {{ root }}/never
  args: { creates: "{{ root }}/made" }
`;

  it('counts what the dry run foresees, as the run will', async () => {
    const dry = await host.run(guarded, { check: true });
    expect(dry.result('unnecessary').status).toBe('ok');
    const run = await host.run(guarded);
    expect(run.totals['h1']?.changed).toBe(dry.totals['h1']?.changed);
    expect(host.exists('never')).toBe(false);
  });
});

describe('a look at a file that a dry run foresees', () => {
  const looked = `
- copy: { dest: "{{ root }}/made", content: x, mode: "0640" }
- stat: { path: "{{ root }}/made" }
  register: made
- name: known
  debug: { msg: "{{ made.stat.exists }} {{ made.stat.mode }}" }
- name: open
  debug: { msg: "{{ made.stat.checksum }}" }
- name: also open
  debug: { msg: late }
  when: made.stat.mtime > 5
`;

  it('knows what it can know, and calls the rest unknown', async () => {
    const dry = await host.run(looked, { check: true });
    expect(dry.result('known').shown).toBe('True 0640');
    expect(dry.result('open')).toMatchObject({ status: 'unknown', message: 'a dry run cannot tell it' });
    expect(dry.result('also open').status).toBe('unknown');
  });
});

describe('a dry run after a command', () => {
  it('goes on, and says what it assumes', async () => {
    const run = await host.run(afterCommand, { check: true });
    expect(run.result('build').status).toBe('changed');
    expect(run.result('config')).toMatchObject({ status: 'changed', assuming: 'build' });
    expect(host.exists('built')).toBe(false);
  });

  it.each(['depends', 'maybe', 'many'])('does not guess what depends on its output (%s)', async (task) => {
    const run = await host.run(afterCommand, { check: true });
    expect(run.result(task)).toMatchObject({ status: 'unknown', message: 'depends on "build"' });
    expect(run.totals['h1']).toMatchObject({ changed: 2, unknown: 3, failed: 0 });
  });

  it('does not say that something fails which the command may make possible', async () => {
    const tasks = `
- name: build
  command: mkdir {{ root }}/made
- name: into it
  copy: { dest: "{{ root }}/made/config", content: "x" }
`;
    const run = await host.run(tasks, { check: true });
    expect(run.result('into it')).toMatchObject({ status: 'unknown' });
    expect(run.result('into it').message).toContain('depends on "build"; without it: Destination directory');
    expect((await host.run(tasks)).statuses()).toEqual(['build: changed', 'into it: changed']);
  });

  it('knows all of it in the run', async () => {
    const run = await host.run(afterCommand);
    expect(run.statuses()).toEqual([
      'build: changed',
      'config: changed',
      'depends: changed',
      'maybe: ok',
      'many: skipped',
    ]);
  });

  it('passes on what is not known through what it sets', async () => {
    const run = await host.run(
      `
- name: ask
  command: echo 1
  register: asked
- name: fact
  set_fact: { version: "{{ asked.stdout }}" }
- name: uses
  copy: { dest: "{{ root }}/v", content: "{{ version }}" }
- name: known anyway
  debug: { msg: "{{ asked.changed }}" }
`,
      { check: true },
    );
    expect(run.result('uses')).toMatchObject({ status: 'unknown', message: 'depends on "ask"' });
    expect(run.result('known anyway').shown).toBe(true);
  });

  it('does not fail at conditions of what it cannot know', async () => {
    const run = await host.run(
      `
- name: ask
  command: echo 1
  register: asked
  failed_when: "'error' in asked.stdout"
  changed_when: asked.rc == 0
- name: later
  debug: { msg: x }
`,
      { check: true },
    );
    expect(run.statuses()).toEqual(['ask: unknown', 'later: ok']);
  });
});

describe('a dry run of a chain', () => {
  it('sees the work of earlier tasks in all that follows', async () => {
    const run = await host.run(
      `
- name: folder
  file: { path: "{{ root }}/app", state: directory }
- name: inside
  copy: { dest: "{{ root }}/app/x", content: "x" }
- name: same again
  copy: { dest: "{{ root }}/app/x", content: "x" }
- name: gone
  file: { path: "{{ root }}/app", state: absent }
- name: look
  stat: { path: "{{ root }}/app/x" }
  register: x
- name: after
  debug: { msg: "{{ x.stat.exists }}" }
- name: into nothing
  file: { path: "{{ root }}/app/x", mode: "0600" }
`,
      { check: true },
    );
    expect(run.statuses()).toEqual([
      'folder: changed',
      'inside: changed',
      'same again: ok',
      'gone: changed',
      'look: ok',
      'after: ok',
      'into nothing: failed',
    ]);
    expect(run.result('after').shown).toBe(false);
    expect(run.roundTrips['h1']).toBe(1);
  });
});

describe('check_mode of a task', () => {
  it('true: foresees in a run, and nothing is taken as done', async () => {
    const run = await host.run(`
- name: would
  copy: { dest: "{{ root }}/a", content: "x" }
  check_mode: true
  register: would
- name: really
  copy: { dest: "{{ root }}/a", content: "x" }
- name: show
  debug: { msg: "{{ would.changed }}" }
`);
    expect(run.statuses()).toEqual(['would: changed', 'really: changed', 'show: ok']);
    expect(run.result('show').shown).toBe(true);
    expect(host.read('a')).toBe('x');
  });

  it('false: runs in a dry run, and what it tells is known', async () => {
    host.write('version', '7\n');
    const run = await host.run(
      `
- name: before
  copy: { dest: "{{ root }}/before", content: "x" }
- name: ask
  command: cat {{ root }}/version
  check_mode: false
  changed_when: false
  register: version
- name: use
  copy: { dest: "{{ root }}/copy", content: "{{ version.stdout }}" }
- name: same
  copy: { dest: "{{ root }}/before", content: "x" }
`,
      { check: true },
    );
    expect(run.statuses()).toEqual(['before: changed', 'ask: ok', 'use: changed', 'same: ok']);
    expect(run.result('use').assuming).toBeUndefined();
    expect(host.exists('copy') || host.exists('before')).toBe(false);
  });
});

describe('differences', () => {
  it('are shown only where they are asked for', async () => {
    const tasks = `
- name: shown
  copy: { dest: "{{ root }}/a", content: "x" }
- name: not shown
  copy: { dest: "{{ root }}/b", content: "x" }
  diff: false
`;
    const run = await host.run(tasks, { check: true });
    expect(run.result('shown').changes[0]?.diff?.text).toMatchObject({ before: null, after: 'x' });
    expect(run.result('not shown').changes[0]).toMatchObject({ action: 'create' });
    expect(run.result('not shown').changes[0]?.diff).toBeUndefined();
  });
});

describe('what does not converge', () => {
  it('is a failure that says what is and what was wanted', async () => {
    host.write('file', 'x');
    host.write('bin/chmod', '#!/bin/sh\n');
    chmodSync(host.path('file'), 0o644);
    chmodSync(host.path('bin/chmod'), 0o755);
    // Stands for a file system that ignores modes.
    const tasks = `
- name: fights
  file: { path: "{{ root }}/file", mode: "0600" }
  environment: { PATH: "{{ root }}/bin:/usr/bin:/bin" }
- name: in the same batch
  copy: { dest: "{{ root }}/other", content: "x" }
`;
    const run = await host.run(tasks);
    expect(run.result('fights')).toMatchObject({
      status: 'failed',
      message: `did not converge: file:${host.path('file')} mode is "0644", wanted "0600"`,
    });
    expect(run.totals['h1']).toMatchObject({ failed: 1 });
  });

  it('is not what another user changes again in the same batch', async () => {
    const run = await host.run(
      `
- copy: { dest: "{{ root }}/a", content: "one", mode: "0600" }
- copy: { dest: "{{ root }}/a", content: "two", mode: "0644" }
  become: true
  become_user: app
- file: { path: "{{ root }}/b", state: touch }
- file: { path: "{{ root }}/b", state: absent }
  become: true
`,
      { oneUser: true },
    );
    expect(run.totals['h1']).toMatchObject({ changed: 4, failed: 0 });
    expect(host.mode('a')).toBe('0644');
  });

  it('is not what a later task of the same batch changes again', async () => {
    const run = await host.run(`
- copy: { dest: "{{ root }}/a", content: "one", mode: "0600" }
- copy: { dest: "{{ root }}/a", content: "two", mode: "0644" }
- file: { path: "{{ root }}/a", mode: "0640" }
- file: { path: "{{ root }}/b", state: touch }
- file: { path: "{{ root }}/b", state: absent }
`);
    expect(run.totals['h1']).toMatchObject({ changed: 5, failed: 0 });
    expect(host.read('a')).toBe('two');
    expect(host.mode('a')).toBe('0640');
    expect(host.exists('b')).toBe(false);
  });
});

describe('a look at what would be there', () => {
  it('knows what the change says of it', async () => {
    const run = await host.run(
      `
- copy: { dest: "{{ root }}/a", content: "hello", mode: "0600" }
- stat: { path: "{{ root }}/a" }
  register: a
- name: known
  debug: { msg: "{{ a.stat.exists }} {{ a.stat.mode }} {{ a.stat.size }} {{ a.stat.isreg }}" }
`,
      { check: true },
    );
    expect(run.result('known').shown).toBe('True 0600 5 True');
  });
});
