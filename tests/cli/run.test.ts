// veza-run as a process: exit codes, dry runs, JSON, and what answers at once.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectDirectory, vezaRun, vezaRunJson } from '../support/cli.ts';

let directory = '';
let playbook = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'veza-cli-'));
  playbook = join(directory, 'site.yml');
  writeFileSync(
    playbook,
    `- hosts: all
  tasks:
    - name: Write
      copy: { dest: "${directory}/out", content: "hello\\n" }
`,
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const local = ['-i', 'localhost,'];

/** Acts when a file of the playbook's making is there. */
function once(name: string, act: () => void): void {
  const timer = setInterval(() => {
    if (!existsSync(join(directory, name))) return;
    clearInterval(timer);
    act();
  }, 50);
}

describe('veza-run', () => {
  it('foresees, changes, and has nothing more to do, and says so in its exit code', async () => {
    const run = (...words: string[]) => vezaRun([playbook, ...local, ...words]);
    expect((await run('--check')).exitCode).toBe(0);
    expect((await run('--dry-run', '--detailed-exitcode')).exitCode).toBe(2);
    expect(existsSync(join(directory, 'out'))).toBe(false);
    expect((await run()).exitCode).toBe(0);
    expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('hello\n');
    const again = await run('--check', '--detailed-exitcode');
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toContain('changed=0');
  });

  it('takes its own name for the command', async () => {
    expect((await vezaRun(['run', playbook, ...local, '--check'])).exitCode).toBe(0);
  });

  it('prints one JSON event a line', async () => {
    const run = await vezaRunJson([playbook, ...local, '--check']);
    const lines = run.stdout.trimEnd().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('type');
    expect(run.events.at(-1)?.type).toBe('run-end');
    expect(run.hosts['localhost']).toMatchObject({ ok: 1 });
    expect(run.roundTrips).toEqual({ localhost: 1 });
  });

  it('ends in order when it is interrupted', async () => {
    const slow = join(directory, 'slow.yml');
    writeFileSync(
      slow,
      `- hosts: all\n  tasks:\n    - name: Slow\n      shell: "touch ${directory}/begun; sleep 20"\n`,
    );
    const result = await vezaRun([slow, ...local], {}, directory, (pid) =>
      once('begun', () => {
        process.kill(pid, 'SIGINT');
        setTimeout(() => process.kill(pid, 'SIGINT'), 500);
      }),
    );
    expect(result.exitCode).toBe(130);
    expect(result.stderr).toContain('stopping: nothing more is begun; being finished: localhost: Slow');
    expect(result.stdout).toContain('interrupted: localhost (at "Slow") may be left with a part of the changes');
    expect(result.stdout).toContain('PLAY RECAP');
    expect(result.durationMs).toBeLessThan(15_000);
  });

  it('finishes what it has begun, and begins nothing more, at the first interruption', async () => {
    const slow = join(directory, 'slow-steps.yml');
    const tasks = `    - name: First
      shell: "touch ${directory}/begun-step; sleep 2; echo done > ${directory}/first"
      register: first
    - name: Second
      copy: { dest: "${directory}/second", content: "{{ first.stdout }}" }
`;
    writeFileSync(slow, `- hosts: all\n  tasks:\n${tasks}`);
    const result = await vezaRun([slow, ...local], {}, directory, (pid) =>
      once('begun-step', () => process.kill(pid, 'SIGINT')),
    );
    expect(result.exitCode).toBe(130);
    expect(readFileSync(join(directory, 'first'), 'utf8')).toBe('done\n');
    expect(existsSync(join(directory, 'second'))).toBe(false);
    expect(result.stdout).toContain('changed: [localhost]');
    expect(result.stdout).toContain('interrupted: localhost did not get to the end of the play');
    expect(result.stdout).toMatch(/localhost : ok=1 +changed=1/);
  });

  it('tells its version and its options', async () => {
    const manifest = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8')) as { version: string };
    const version = await vezaRun(['--version']);
    expect(version).toMatchObject({ exitCode: 0, stdout: `${manifest.version}\n` });
    const help = await vezaRun(['--help']);
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toContain('lab');
  });

  it('shows what to do where nothing was given', async () => {
    const result = await vezaRun([]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('veza-run --help');
  });
});
