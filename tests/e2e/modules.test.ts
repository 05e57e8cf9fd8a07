// Every module on real hosts, as its users write it: the dry run counts what the run changes, and the second run changes nothing.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vezaRun, vezaRunJson, type JsonRun } from '../support/cli.ts';
import { bootStack, labMissing, labRequired, type TestLab } from '../support/lab.ts';

const scratch = mkdtempSync(join(tmpdir(), 'veza-modules-'));
let stack: TestLab;

const playbook = (name: string) => join(import.meta.dirname, 'modules', `${name}.yml`);
const words = () => [...stack.inventory, '-e', `scratch=${scratch}`];

/** Names of the tasks that ended in one of these ways. */
function tasksOf(run: JsonRun, ...statuses: readonly string[]): string[] {
  return run.events.flatMap((event) =>
    event.type === 'task-end' && statuses.includes(event.result.status) ? [event.result.task.name] : [],
  );
}

describe.skipIf(labMissing !== null && !labRequired)('modules on real hosts', () => {
  beforeAll(async () => {
    if (labMissing !== null) throw new Error(`the lab cannot run here: ${labMissing}`);
    writeFileSync(join(scratch, 'binary'), randomBytes(20_000));
    writeFileSync(join(scratch, 'large'), randomBytes(5 * 1024 * 1024));
    stack = await bootStack('modulestest');
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    rmSync(scratch, { recursive: true, force: true });
  });

  it.each(['files', 'units', 'packages', 'accounts', 'commands', 'scheduling'])('%s', async (name) => {
    const foreseen = await vezaRunJson([playbook(name), ...words(), '--check', '--diff']);
    expect(foreseen.exitCode, foreseen.stdout).toBe(0);
    const run = await vezaRunJson([playbook(name), ...words()]);
    expect(run.exitCode, run.stdout).toBe(0);
    // What the dry run was sure of has happened, and nothing has that it did not name.
    const changed = tasksOf(run, 'changed');
    expect(changed).toEqual(expect.arrayContaining(tasksOf(foreseen, 'changed')));
    if (tasksOf(foreseen, 'unknown').length === 0) expect(tasksOf(foreseen, 'changed')).toEqual(changed);
    const again = await vezaRunJson([playbook(name), ...words()]);
    expect(tasksOf(again, 'changed', 'failed', 'unknown')).toEqual([]);
    expect(tasksOf(await vezaRunJson([playbook(name), ...words(), '--check']), 'changed', 'unknown')).toEqual([]);
  });

  it('a saved plan is applied as it is, or not at all', async () => {
    const file = join(scratch, 'planned.yml');
    const plan = join(scratch, 'plan.json');
    // Values of variables are not in a plan: they are given again.
    const variables = stack.inventory.filter((_word, index, all) => all[index] === '-e' || all[index - 1] === '-e');
    writeFileSync(
      file,
      `- hosts: backend_api_instances
  become: true
  tasks:
    - name: A file
      copy: { dest: /etc/veza-e2e.conf, content: "{{ inventory_hostname }}", mode: "0600" }
      notify: Tell
  handlers:
    - name: Tell
      command: touch /run/veza-e2e-told
      args: { creates: /run/veza-e2e-told }
`,
    );
    const look = `- hosts: backend-api-1\n  become: true\n  tasks: [{ command: rm /etc/veza-e2e.conf }]\n`;
    writeFileSync(join(scratch, 'meddle.yml'), look);
    expect((await vezaRun([file, ...stack.inventory, '--plan-out', plan])).exitCode).toBe(0);
    const first = await vezaRun(['--apply', plan, ...variables]);
    expect(first.exitCode, first.stdout + first.stderr).toBe(0);
    expect(first.stdout).toMatch(/backend-api-2 +: ok=2 +changed=2/);
    // One host is not as it was when the next plan was made.
    expect((await vezaRun([file, ...stack.inventory, '--plan-out', plan])).exitCode).toBe(0);
    expect((await vezaRun([join(scratch, 'meddle.yml'), ...stack.inventory])).exitCode).toBe(0);
    const stale = await vezaRun(['--apply', plan, ...variables]);
    expect(stale.exitCode, stale.stdout).toBe(5);
    expect(stale.stderr).toContain('backend-api-1');
  });

  it('tells the last lines of the journal of a unit that does not start', async () => {
    const file = join(scratch, 'failing.yml');
    const unit = "[Service]\\nType=oneshot\\nExecStart=/bin/sh -c 'echo oh no; exit 3'\\n";
    writeFileSync(
      file,
      `- hosts: lb-1
  become: true
  tasks:
    - copy: { dest: /etc/systemd/system/bad.service, content: "${unit}" }
    - systemd: { name: bad, state: started, daemon_reload: true }
`,
    );
    const run = await vezaRun([file, ...stack.inventory]);
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toContain('systemctl start bad.service failed');
    expect(run.stdout).toContain('oh no');
  });
});
