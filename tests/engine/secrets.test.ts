// What must not be shown is in no event, and in no line of JSON.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from './support/harness.ts';

let host: Workspace;
beforeEach(() => void (host = new Workspace()));
afterEach(() => host[Symbol.dispose]());

const secret = 'pa$$w0rd "quoted"';
const extraVars = [JSON.stringify({ secret })];

describe('no_log', () => {
  it.each([
    ['content', 'copy: { dest: "{{ root }}/a", content: "{{ secret }}" }', 'changed'],
    ['a command', 'command: { argv: [echo, "{{ secret }}"] }', 'changed'],
    ['a shell', 'shell: "echo {{ secret | quote }}"', 'changed'],
    ['a failing command', 'shell: "echo {{ secret | quote }} >&2; exit 1"', 'failed'],
    ['a message', 'debug: { msg: "{{ secret }}" }', 'ok'],
    ['a wrong argument', 'file: { path: "{{ root }}/a", state: "{{ secret }}" }', 'failed'],
    ['a failure', 'fail: { msg: "{{ secret }}" }', 'failed'],
  ])('hides %s', async (_what, call, status) => {
    for (const check of [true, false]) {
      const run = await host.run(`- name: task\n  ${call}\n  no_log: true\n`, { extraVars, check });
      if (!check) expect(run.result('task').status).toBe(status);
      expect(run.json).not.toContain('w0rd');
      expect(run.result('task').message).toContain('no_log');
    }
  });

  it('hides the items of a loop', async () => {
    const run = await host.run(
      `
- name: task
  copy: { dest: "{{ root }}/a", content: "{{ item }}" }
  loop: ["{{ secret }}"]
  no_log: true
`,
      { extraVars },
    );
    expect(run.items).toHaveLength(1);
    expect(run.json).not.toContain('w0rd');
  });

  it('counts what changed all the same', async () => {
    const run = await host.run(
      `
- name: task
  copy: { dest: "{{ root }}/a", content: "{{ secret }}" }
  no_log: true
`,
      { extraVars },
    );
    expect(run.totals['h1']).toMatchObject({ changed: 1 });
    expect(host.read('a')).toBe(secret);
  });
});

describe('arguments that are secrets', () => {
  it('are redacted wherever they appear', async () => {
    const hash = '$6$salt$abcdefghijklmnopqrstuvwxyz';
    const run = await host.run(
      `
- name: user
  user: { name: "veza-test-user", password: "{{ hash }}" }
- name: shows it
  debug: { msg: "{{ hash }}" }
- name: encoded
  debug: { msg: "{{ hash | b64encode }}" }
`,
      { check: true, extraVars: [JSON.stringify({ hash })] },
    );
    expect(run.result('user').status).toBe('changed');
    expect(run.redacted).not.toContain(hash);
    expect(run.redacted).not.toContain(Buffer.from(hash).toString('base64'));
    for (const line of run.redacted.split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });
});
