// Commands, for real, under dash and BusyBox.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModuleContext, Outcome } from '../../src/core/module.ts';
import command from '../../src/modules/command.ts';
import shellModule from '../../src/modules/shell.ts';
import { run } from '../../src/resources/run.ts';
import { changed, converge, look, runScript, shells, type Shell } from './real.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "vz-run it's "))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const context: ModuleContext = {
  taskName: '',
  checkMode: false,
  environment: { GREETING: "it's $(x)\n`y`" },
  render: () => '',
  files: { find: () => expect.fail('no file is needed'), list: () => null },
};

const noChange = { action: 'no-op', before: null, after: null } as const;

describe.each(Object.keys(shells) as Shell[])('under %s', (shell) => {
  it('hands over words as they are', () => {
    const words = ['', '-n', "it's", '$HOME', '`id`', 'a\nb', '*', '"', '\\', ';', '&&'];
    const { outputs } = converge(command.wants({ argv: ['printf', '<%s>', ...words] }, context), shell);
    expect(outputs[0]?.stdout).toBe(words.map((word) => `<${word}>`).join(''));
  });

  it('splits a command line as a shell does, and expands nothing', () => {
    const cmd = `printf '<%s>' a\\ b "c \\"d\\" $HOME" 'e  f' *`;
    expect(converge(command.wants({ cmd }, context), shell).outputs[0]?.stdout).toBe('<a b><c "d" $HOME><e  f><*>');
    expect(() => command.wants({ cmd: "echo 'x" }, context)).toThrow('does not end');
  });

  it('runs shell text in its folder, with its input and the environment of the task', () => {
    const args = { cmd: 'cat; printf "[%s]" "$GREETING"; pwd; exit 3', chdir: folder, stdin: 'in\n$(put)' };
    const { failed } = converge(shellModule.wants(args, context), shell);
    expect(failed).toMatchObject({ exitCode: 3, stdout: `in\n$(put)\n[it's $(x)\n\`y\`]${folder}\n` });
    const missing = converge(shellModule.wants({ cmd: 'pwd', chdir: `${folder}/no` }, context), shell);
    expect(missing.failed?.stderr).toContain('Unable to change directory');
  });

  it('survives a mistake in the text', () => {
    const { failed } = converge(shellModule.wants({ cmd: "echo 'never closed" }, context), shell);
    expect(failed?.exitCode).not.toBe(0);
  });

  it('knows when there is nothing to do', () => {
    writeFileSync(join(folder, 'made [1]'), '');
    const count = (guards: object): number =>
      changed(converge(shellModule.wants({ cmd: 'true', chdir: folder, ...guards }, context), shell));
    expect(count({ creates: 'made*' })).toBe(0);
    expect(count({ creates: join(folder, 'made ?1?') })).toBe(0);
    expect(count({ creates: join(folder, 'made $(x)*') })).toBe(1);
    expect(count({ removes: join(folder, 'gone*') })).toBe(0);
    expect(count({ removes: join(folder, 'made*') })).toBe(1);
    expect(count({ unless: 'test -e made*' })).toBe(0);
    expect(count({ unless: 'false' })).toBe(1);
    expect(count({ onlyif: 'false' })).toBe(0);
    expect(count({ onlyif: 'true', unless: 'false', creates: 'no' })).toBe(1);
  });

  it('runs what only looks while it looks, and registers it in dry runs too', () => {
    const args = { cmd: 'echo out; echo err >&2; printf "no newline"; exit 2', probe: true };
    const [wanted] = shellModule.wants(args, context);
    expect.assert(wanted);
    const state = look(run, wanted.id, shell);
    const outcome: Outcome = { changed: false, changes: [{ key: '', change: noChange, current: state, state }] };
    expect(shellModule.result?.(outcome, args)).toMatchObject({
      rc: 2,
      stdout_lines: ['out', 'no newline'],
      stderr: 'err',
      failed: true,
    });
  });

  it('looks at many commands in one go', () => {
    const ids = [
      { command: 'touch made', chdir: folder },
      { command: ['x'], creates: '/' },
      { command: 'echo 2', readOnly: true },
    ];
    const states = run.parse(runScript(run.probe(ids), shell).stdout, ids);
    expect(ids.map((id) => states.get(run.key(id)))).toMatchObject([
      { ran: false },
      { ran: true, skipReason: 'skipped, since / exists' },
      { ran: true, stdout: '2\n', exitCode: 0 },
    ]);
    expect(existsSync(join(folder, 'made'))).toBe(false);
  });
});

it('registers what Ansible registers', () => {
  const output = { exitCode: 0, stdout: 'a\nb\n\n', stderr: '', startedAtMs: 1_000, endedAtMs: 62_500 };
  const result = command.result?.({ changed: true, changes: [], output }, { cmd: 'ls -l' });
  expect(result).toMatchObject({
    cmd: ['ls', '-l'],
    rc: 0,
    stdout: 'a\nb',
    stdout_lines: ['a', 'b'],
    stderr_lines: [],
  });
  expect(result).toMatchObject({ start: '1970-01-01 00:00:01.000000', delta: '0:01:01.500000' });
  expect(command.result?.({ changed: true, changes: [] }, { cmd: 'ls' })).toBeNull();
});
