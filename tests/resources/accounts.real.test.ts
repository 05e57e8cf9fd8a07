// Users and groups, for real (as root only): accounts named vztest-*, removed again.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import type { ModuleContext } from '../../src/core/module.ts';
import type { Want } from '../../src/core/resource.ts';
import group from '../../src/modules/group.ts';
import user from '../../src/modules/user.ts';
import { user as userKind } from '../../src/resources/user.ts';
import { changed, converge, look } from './real.ts';

const context: ModuleContext = {
  taskName: '',
  checkMode: false,
  environment: {},
  render: () => '',
  files: { find: () => expect.fail('no file is needed'), list: () => null },
};
const name = `vztest-u${process.pid}`;
const other = `vztest-g${process.pid}`;
const home = `/tmp/${name}-home`;

function settle(wants: () => readonly Want[]): number {
  const first = converge(wants());
  if (first.failed) throw new Error(first.failed.stderr);
  expect(changed(converge(wants()))).toBe(0);
  return changed(first);
}
const asUser = (args: Omit<Parameters<typeof user.wants>[0], 'name'>) =>
  settle(() => user.wants({ name, ...args }, context));

afterAll(() => {
  spawnSync('userdel', [name]);
  spawnSync('groupdel', [other]);
  spawnSync('groupdel', [name]);
  rmSync(home, { recursive: true, force: true });
  rmSync(`${home}-2`, { recursive: true, force: true });
});

describe.runIf(userInfo().uid === 0 && existsSync('/usr/sbin/useradd'))('accounts', () => {
  it('live through creation, changes and removal, each step once', () => {
    expect(() => converge(user.wants({ name, groups: other }, context))).toThrow(`Group ${other} does not exist`);
    expect(settle(() => group.wants({ name: other, system: true }, context))).toBe(1);
    expect(asUser({ home, groups: [other], comment: "it's $(x)", shell: '/bin/sh' })).toBe(1);
    expect(statSync(home).isDirectory()).toBe(true);
    expect(look(userKind, { name })).toMatchObject({ group: name, groups: [other], comment: "it's $(x)", home });
    expect(asUser({ groups: ['daemon'], append: true })).toBe(1);
    expect(asUser({ groups: ['daemon'] })).toBe(1);
    expect(look(userKind, { name })).toMatchObject({ groups: ['daemon'] });
    expect(asUser({ groups: [], group: 'daemon', create_home: false })).toBe(1);
    expect(asUser({ group: 2, create_home: false })).toBe(1);
    expect(look(userKind, { name })).toMatchObject({ gid: 2, group: 'bin' });
    expect(asUser({ home: `${home}-2`, move_home: true })).toBe(1);
    expect(existsSync(home)).toBe(false);
    rmSync(`${home}-2`, { recursive: true });
    expect(asUser({ home: `${home}-2` })).toBe(1);
    expect(statSync(`${home}-2`).uid).toBe(Number(spawnSync('id', ['-u', name], { encoding: 'utf8' }).stdout));
    expect(asUser({ expires: 1_900_000_000 })).toBe(1);
    expect(asUser({ expires: -1 })).toBe(1);
    expect(asUser({ state: 'absent', remove: true })).toBe(1);
    expect(existsSync(`${home}-2`)).toBe(false);
    expect(settle(() => group.wants({ name: other, gid: 54_321 }, context))).toBe(1);
    expect(settle(() => group.wants({ name: other, state: 'absent' }, context))).toBe(1);
  });

  it('sets and locks passwords, and shows none', () => {
    asUser({ system: true, create_home: false, shell: '/usr/sbin/nologin' });
    const password = '$6$salt$hash.of/it';
    expect(asUser({ password, create_home: false })).toBe(1);
    expect(readFileSync('/etc/shadow', 'utf8')).toContain(`${name}:${password}:`);
    expect(asUser({ password: '$6$other$x', update_password: 'on_create', create_home: false })).toBe(0);
    expect(asUser({ password_lock: true, create_home: false })).toBe(1);
    expect(asUser({ password, create_home: false })).toBe(1);
    const current = look(userKind, { name, shadow: true });
    const change = { action: 'update', before: { password }, after: { password: '$6$new$y' } } as const;
    const shown = JSON.stringify(userKind.describe?.({ name }, change, current as never));
    expect(shown).not.toMatch(/\$6\$/);
    expect(userKind.apply({ name }, change, null).text).toMatch(/^\{\ncat <<'VZ_END'/);
    asUser({ state: 'absent' });
  });
});
