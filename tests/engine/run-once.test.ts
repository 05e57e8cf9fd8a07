// run_once: one host does it, all have what it found; whatever became of the hosts before it, and however few work at once.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

const three = ['h1', 'h2', 'h3'];
const four = [...three, 'h4'];

const once = `
- name: before
  shell: "echo {{ inventory_hostname }} >> {{ root }}/before"
- name: once
  shell: "wc -l < {{ root }}/before; echo {{ inventory_hostname }}"
  run_once: true
  register: out
- name: see
  debug: { msg: "{{ out.stdout_lines | join(' ') }}" }
`;

describe('run_once', () => {
  it.each([1, 2, 10])(
    'is worked by the first host when all have come to it, with %i at work at once',
    async (forks) => {
      const run = await host.run(once, { hosts: three, forks });
      for (const name of three) expect(run.result('see', name).shown).toBe('3 h1');
      expect(run.results.filter(({ task }) => task.name === 'once').map((one) => one.host)).toEqual(['h1']);
      expect(run.totals['h2']).toMatchObject({ ok: 2, changed: 1 });
    },
  );

  it('is foreseen once in a dry run', async () => {
    const tasks = `
- name: once
  file: { path: "{{ root }}/dir", state: directory }
  run_once: true
  register: out
- name: see
  debug: { msg: "{{ out.changed }}" }
`;
    const run = await host.run(tasks, { hosts: three, check: true });
    expect(run.results.filter(({ task }) => task.name === 'once').map((one) => [one.host, one.status])).toEqual([
      ['h1', 'changed'],
    ]);
    expect(run.result('see', 'h3').shown).toBe(true);
  });
});

describe('strategy: linear', () => {
  const play = (strategy: string) => `
- hosts: all
  strategy: ${strategy}
  tasks:
    - name: one
      shell: "sleep {{ '0.3' if inventory_hostname == 'h1' else '0' }}; echo 1 >> {{ root }}/log"
    - name: two
      shell: "echo 2 >> {{ root }}/log"
`;
  it('has every host end a task before any begins the next', async () => {
    await host.run(play('linear'), { hosts: four });
    expect(host.lines('log').join('')).toBe('11112222');
  });
  it('free does not', async () => {
    await host.run(play('free'), { hosts: four });
    expect(host.lines('log').join('')).not.toBe('11112222');
  });
});
