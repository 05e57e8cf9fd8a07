// A dry run on a clean host: every task sees what the ones before it will have done.
import { expect, it } from 'vitest';
import { applied, difference } from '../../src/core/change.ts';
import type { ModuleContext } from '../../src/core/module.ts';
import { HostState } from '../../src/core/host-state.ts';
import { isUnknown } from '../../src/core/unknown.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { findModule } from '../../src/modules/index.ts';

const context: ModuleContext = {
  taskName: 'dry run',
  checkMode: true,
  environment: {},
  render: () => '',
  files: { find: () => expect.fail('no file is needed'), list: () => null },
};

/** What the clean host shows when it is looked at; whatever is not listed is not there. */
const clean: Readonly<Record<string, object>> = {
  'file:/': { type: 'directory', mode: '0755' },
  'file:/etc': { type: 'directory', mode: '0755' },
  'file:/etc/systemd': { type: 'directory', mode: '0755' },
  'file:/etc/systemd/system': { type: 'directory', mode: '0755' },
  'file:/opt': { type: 'directory', mode: '0755' },
  'package-lists:host': { ageSeconds: 100 },
  'package:offered-later': { manager: 'apt', status: 'absent', configuration: false, candidate: null },
  'systemd:system': { needsReload: false, reloaded: false },
};
const absent: Readonly<Record<string, object>> = {
  unit: { exists: false, active: 'inactive', enabled: false, masked: false, needDaemonReload: false },
  package: { manager: 'apt', status: 'absent', configuration: false, candidate: '1.0' },
};

function unseen(kind: string, id: unknown): object | null {
  return kind === 'tree' ? { below: 'as wanted', wanted: id } : (absent[kind] ?? null);
}

class Prospect {
  readonly #state = new HostState({ dryRun: true });

  /** Names of the changes that a task would make; those that are only means in parentheses. */
  task(name: string, args: JsonObject): string[] {
    const module = findModule(name);
    if (module?.kind !== 'state') throw new Error(`${name} is no state module`);
    return module.wants(args, context).flatMap((want) => {
      const { resource, id, incidental } = want;
      const key = resource.key(id);
      if (!this.#state.knows(want)) this.#state.see(want, clean[key] ?? unseen(resource.kind, id));
      const current = this.#state.get(want);
      if (current === undefined || isUnknown(current)) return [`unknown ${key}`];
      const change = difference(current, want.desired(current));
      if (change.action === 'no-op') return [];
      const next: unknown = resource.predict ? resource.predict(id, change, current) : applied(current, change);
      this.#state.foresee(want, next as object | null, resource.disturbs?.(id, change, current), name);
      const sure = Object.values(change.after ?? {}).some(isUnknown) ? 'perhaps ' : '';
      const shown = `${sure}${change.action} ${key}`;
      return [incidental ? `(${shown})` : shown];
    });
  }
}

it('a service from nothing: group, user, folders, configuration, unit, start', () => {
  const host = new Prospect();
  expect(host.task('group', { name: 'app', system: true })).toEqual(['create group:app']);
  expect(host.task('user', { name: 'app', group: 'app', system: true, create_home: false })).toEqual([
    'create user:app',
  ]);
  expect(host.task('file', { path: '/opt/app/bin', state: 'directory', owner: 'app', group: 'app' })).toEqual([
    'create file:/opt/app',
    'create file:/opt/app/bin',
  ]);
  expect(host.task('copy', { dest: '/opt/app/app.conf', content: 'a=1\n', owner: 'app' })).toEqual([
    'create file:/opt/app/app.conf',
  ]);
  const unit = {
    dest: '/etc/systemd/system/app.service',
    content: '[Service]\nExecStart=/opt/app/bin/app\n[Install]\n',
  };
  expect(host.task('copy', unit)).toEqual(['create file:/etc/systemd/system/app.service']);
  const start = { name: 'app', state: 'started', enabled: true, daemon_reload: true };
  expect(host.task('systemd', start)).toEqual(['(update systemd:system)', 'update unit:system/app.service']);
  // And all of it again: nothing is left.
  expect(host.task('user', { name: 'app', group: 'app', system: true, create_home: false })).toEqual([]);
  expect(host.task('copy', unit)).toEqual([]);
  expect(host.task('systemd', start)).toEqual([]);
  // A handler that restarts it always has something to do; a changed unit file is read again first.
  expect(host.task('copy', { ...unit, content: `${unit.content}# more\n` })).toHaveLength(1);
  expect(host.task('service', { name: 'app', state: 'restarted', daemon_reload: true })).toEqual([
    '(update systemd:system)',
    'update unit:system/app.service',
  ]);
});

it('what would fail fails in the dry run, in the same words', () => {
  const host = new Prospect();
  expect(() => host.task('copy', { dest: '/srv/x/f', content: '' })).toThrow(
    'Destination directory /srv/x does not exist',
  );
  expect(() => host.task('file', { path: '/opt/f', state: 'touch', owner: 'ghost' })).toThrow('no user "ghost"');
  expect(() => host.task('service', { name: 'ghost', state: 'started' })).toThrow(
    'Could not find the requested service',
  );
  host.task('file', { path: '/srv/x', state: 'directory' });
  expect(host.task('copy', { dest: '/srv/x/f', content: '' })).toEqual(['create file:/srv/x/f']);
  host.task('file', { path: '/srv', state: 'absent' });
  expect(() => host.task('copy', { dest: '/srv/x/f', content: '' })).toThrow(
    'Destination directory /srv/x does not exist',
  );
});

it('what a package brings is not known, but what else is asked of packages is', () => {
  const host = new Prospect();
  expect(host.task('apt', { name: ['a', 'b'] })).toEqual(['update package:a', 'update package:b']);
  expect(host.task('apt', { name: ['b'] })).toEqual([]);
  // What was seen counts until then; the engine says "unknown" of what fails over it.
  expect(() => host.task('service', { name: 'a', state: 'started' })).toThrow('Could not find');
});

it('the newest version is not known while the lists are going to be read', () => {
  const host = new Prospect();
  host.task('apt', { name: 'a' });
  expect(host.task('apt', { name: 'a', state: 'latest', update_cache: true })).toEqual([
    '(update package-lists:host)',
    'perhaps update package:a',
  ]);
});

it('what the old lists offer is still to be had when the lists have been read', () => {
  const host = new Prospect();
  expect(host.task('apt', { update_cache: true })).toEqual(['update package-lists:host']);
  expect(host.task('apt', { name: 'a' })).toEqual(['update package:a']);
  expect(host.task('apt', { name: 'offered-later' })).toEqual(['unknown package:offered-later']);
});

it('attributes of a tree: what was put into it counts', () => {
  const host = new Prospect();
  const all = { path: '/opt/app', state: 'directory', recurse: true, mode: 'u=rwX,g=rX,o=' } as const;
  host.task('file', all);
  expect(host.task('copy', { dest: '/opt/app/a', content: 'x', mode: '0644' })).toEqual(['create file:/opt/app/a']);
  const changes = host.task('file', all);
  expect(changes).toHaveLength(1);
  expect(changes[0]).toContain('update tree:/opt/app:');
  expect(host.task('file', all)).toEqual([]);
  expect(host.task('file', { path: '/opt/app/a', mode: '0640' })).toEqual([]);
});

it('links made in this run lead where they say', () => {
  const host = new Prospect();
  host.task('file', { path: '/opt/app/1.2', state: 'directory' });
  expect(host.task('file', { path: '/opt/app/current', src: '1.2', state: 'link' })).toEqual([
    'create file:/opt/app/current',
  ]);
  expect(host.task('copy', { dest: '/opt/app/current/conf', content: 'x' })).toHaveLength(1);
});
