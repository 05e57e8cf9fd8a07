// Changes once, then none; a dry run that counts as the run does; what it costs.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

const representative = `
- name: folder
  file: { path: "{{ root }}/app", state: directory, mode: "0750" }
- name: config
  copy: { dest: "{{ root }}/app/config", content: "port=80\\n", mode: "0640" }
- name: link
  file: { path: "{{ root }}/current", src: "{{ root }}/app", state: link }
- name: initialise
  command: { cmd: "touch {{ root }}/app/db", creates: "{{ root }}/app/db" }
- name: look
  stat: { path: "{{ root }}/app/config" }
  register: config
- name: only with a config
  copy: { dest: "{{ root }}/app/extra", content: "x" }
  when: config.stat.exists
- name: many
  copy: { dest: "{{ root }}/app/{{ item }}", content: "{{ item }}" }
  loop: [a, b, c]
- name: rendered
  template: { src: motd.j2, dest: "{{ root }}/app/motd" }
- name: gone
  file: { path: "{{ root }}/old", state: absent }
`;
const files = { 'templates/motd.j2': 'Hello from {{ inventory_hostname }}\n' };

describe('a representative playbook', () => {
  it('changes on the first run, and nothing on the second', async () => {
    host.write('old', 'x');
    const first = await host.run(representative, { files });
    expect(first.statuses()).toEqual([
      'folder: changed',
      'config: changed',
      'link: changed',
      'initialise: changed',
      'look: ok',
      'only with a config: changed',
      'many: changed',
      'rendered: changed',
      'gone: changed',
    ]);
    expect(host.read('app/config')).toBe('port=80\n');
    expect(host.mode('app/config')).toBe('0640');
    expect(host.read('app/motd')).toBe('Hello from h1\n');
    const second = await host.run(representative, { files });
    expect(second.totals['h1']).toMatchObject({ ok: 9, changed: 0, failed: 0, unknown: 0 });
  });

  it('counts in a dry run what the run then counts, and changes nothing', async () => {
    host.write('old', 'x');
    const dry = await host.run(representative, { files, check: true });
    expect(host.exists('app')).toBe(false);
    expect(host.exists('old')).toBe(true);
    const run = await host.run(representative, { files });
    expect(dry.totals).toEqual(run.totals);
    expect(dry.statuses()).toEqual(run.statuses());
  });

  it('shows in a dry run the very differences of the run', async () => {
    const withoutCommand = representative.replace(/- name: initialise\n.*\n/, '');
    const dry = await host.run(withoutCommand, { files, check: true });
    const run = await host.run(withoutCommand, { files });
    expect(dry.results.map(({ changes }) => changes)).toEqual(run.results.map(({ changes }) => changes));
  });

  it('costs one round trip where there is nothing to do', async () => {
    await host.run(representative, { files });
    const again = await host.run(representative, { files });
    expect(again.roundTrips).toEqual({ h1: 1 });
    expect(again.recording.batches.get('h1')).toHaveLength(1);
  });

  it('costs one round trip for a dry run on a fresh host', async () => {
    const dry = await host.run(representative, { files, check: true });
    expect(dry.roundTrips).toEqual({ h1: 1 });
  });
});

describe('the guards of a command', () => {
  it('see what the tasks before it did', async () => {
    host.write('old', 'x');
    const run = await host.run(`
- name: write
  copy: { dest: "{{ root }}/a", content: "x" }
- name: creates
  shell: { cmd: "echo x > {{ root }}/ran", creates: "{{ root }}/a" }
- name: unless
  shell: { cmd: "echo x > {{ root }}/ran", unless: "test -e {{ root }}/a" }
- name: remove
  file: { path: "{{ root }}/old", state: absent }
- name: removes
  shell: { cmd: "echo x > {{ root }}/ran", removes: "{{ root }}/old" }
`);
    expect(run.statuses()).toEqual(['write: changed', 'creates: ok', 'unless: ok', 'remove: changed', 'removes: ok']);
    expect(host.exists('ran')).toBe(false);
  });
});
