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

  it.each(['files', 'units', 'packages', 'accounts', 'commands'])('%s', async (name) => {
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
