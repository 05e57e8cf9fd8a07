// Handlers: when they run, how often, in which order.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

const log = (word: string) => `shell: "echo ${word} >> {{ root }}/log"`;
const write = (name: string, notify: string) => `
    - name: write ${name}
      copy: { dest: "{{ root }}/${name}", content: "x" }
      notify: ${notify}`;

describe('handlers', () => {
  it('run once each, at the end, in the order of their definition, for changes only', async () => {
    const playbook = `
- hosts: all
  tasks:${write('a', 'second')}${write('b', '[second, first]')}
    - name: between
      ${log('between')}
  handlers:
    - name: first
      ${log('first')}
    - name: second
      ${log('second')}
    - name: never
      ${log('never')}
`;
    const run = await host.run(playbook);
    expect(host.lines('log')).toEqual(['between', 'first', 'second']);
    expect(run.results.filter(({ task }) => task.handler).map(({ task }) => task.name)).toEqual(['first', 'second']);
    await host.run(playbook);
    expect(host.lines('log')).toEqual(['between', 'first', 'second', 'between']);
  });

  it('listen to topics', async () => {
    await host.run(`
- hosts: all
  tasks:${write('a', 'restart')}
  handlers:
    - name: one
      listen: restart
      ${log('one')}
    - name: two
      listen: [restart, other]
      ${log('two')}
`);
    expect(host.lines('log')).toEqual(['one', 'two']);
  });

  it('notify handlers, and run in the order of the definition all the same', async () => {
    await host.run(`
- hosts: all
  tasks:${write('a', '[one, three]')}
  handlers:
    - name: one
      ${log('one')}
      notify: [two, zero]
    - name: two
      ${log('two')}
    - name: three
      ${log('three')}
    - name: zero
      ${log('zero')}
`);
    expect(host.lines('log')).toEqual(['one', 'two', 'three', 'zero']);
  });

  it('stop notifying each other in circles', async () => {
    const run = await host.run(`
- hosts: all
  tasks:${write('a', 'one')}
  handlers:
    - name: one
      command: "true"
      notify: two
    - name: two
      command: "true"
      notify: one
`);
    expect(run.totals['h1']?.failed).toBe(1);
    expect(run.results.at(-1)?.message).toContain('notify each other without end');
  });

  it('run where meta says so, and not again', async () => {
    const run = await host.run(`
- hosts: all
  tasks:${write('a', 'one')}
    - meta: flush_handlers
    - name: after
      ${log('after')}
  handlers:
    - name: one
      ${log('one')}
`);
    expect(host.lines('log')).toEqual(['one', 'after']);
    expect(run.totals['h1']).toMatchObject({ ok: 3, changed: 3 });
  });

  it('do not run on a host that failed, unless forced', async () => {
    const playbook = (force: string) => `
- hosts: all${force}
  tasks:${write('a', 'one')}
    - name: fails
      command: "false"
  handlers:
    - name: one
      ${log('one')}
`;
    const run = await host.run(playbook(''));
    expect(host.lines('log')).toEqual([]);
    expect(run.totals['h1']).toMatchObject({ changed: 1, failed: 1 });
    host[Symbol.dispose]();
    host = new Workspace();
    await host.run(playbook('\n  force_handlers: true'));
    expect(host.lines('log')).toEqual(['one']);
  });

  it('run whatever tags are asked for', async () => {
    await host.run(
      `
- hosts: all
  tasks:${write('a', 'one')}
      tags: config
    - name: other
      ${log('other')}
  handlers:
    - name: one
      ${log('one')}
`,
      { tags: ['config'] },
    );
    expect(host.lines('log')).toEqual(['one']);
  });

  it('are foreseen in a dry run', async () => {
    const run = await host.run(
      `
- hosts: all
  tasks:${write('a', 'one')}
  handlers:
    - name: one
      ${log('one')}
`,
      { check: true },
    );
    expect(run.statuses()).toEqual(['write a: changed', 'one: changed']);
    expect(host.lines('log')).toEqual([]);
  });

  it('notified before the host left the play do not run in the next one', async () => {
    await host.run(`
- hosts: all
  tasks:${write('a', 'one')}
    - meta: end_host
  handlers:
    - name: one
      ${log('first play')}
- hosts: all
  tasks:
    - name: other
      ${log('other')}
  handlers:
    - name: one
      ${log('second play')}
`);
    expect(host.lines('log')).toEqual(['other']);
  });
});
