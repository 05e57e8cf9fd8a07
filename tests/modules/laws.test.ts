// What holds for every example of every module that wants something of a host.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { applied, difference } from '../../src/core/change.ts';
import type { LocalSource, ModuleContext } from '../../src/core/module.ts';
import type { Want } from '../../src/core/resource.ts';
import { limits } from '../../src/lib/limits.ts';
import type { Script } from '../../src/lib/shell.ts';
import { modules } from '../../src/modules/index.ts';

const content = new TextEncoder().encode('the content\n');
const source: LocalSource = {
  path: '/playbook/files/some.conf.hbs',
  relativePath: 'some.conf.hbs',
  sizeBytes: content.length,
  executable: false,
  sha256: () => createHash('sha256').update(content).digest('hex'),
  read: () => content,
};
const context: ModuleContext = {
  taskName: 'law',
  checkMode: false,
  environment: { http_proxy: "http://it's" },
  render: () => 'rendered $(x)\n',
  files: { find: () => source, list: () => null },
};

/** Hosts as they may be: what each kind sees of a thing that is there, and of one that is not. */
const present: Readonly<Record<string, object>> = {
  facts: { facts: { system: 'Linux' } },
  file: { type: 'directory', mode: '0755', owner: 'root', group: 'root', uid: 0, gid: 0 },
  group: { name: 'g', gid: 10 },
  package: { manager: 'apt', status: 'installed', configuration: true, version: '1', candidate: '2' },
  'package-lists': { ageSeconds: 99_999 },
  run: { ran: false },
  systemd: { needsReload: true },
  tree: { below: 'differs' },
  unit: { exists: true, active: 'active', enabled: false, masked: false, needDaemonReload: true },
  user: { name: 'u', uid: 10, group: 'g', groups: [], homeExists: true, home: '/home/u' },
};
const missing: Readonly<Record<string, object | null>> = {
  ...present,
  file: null,
  group: null,
  user: null,
  package: { manager: 'apt', status: 'absent', configuration: false, candidate: '2' },
  unit: { exists: true, active: 'inactive', enabled: true, masked: false, needDaemonReload: false },
};

/** Walks through the wants as the engine does, each seeing what the ones before lead to. */
function walk(wants: readonly Want[], host: Readonly<Record<string, object | null>>, scripts: Script[]): void {
  const states = new Map<string, object | null>();
  const last = wants.at(-1);
  const thing = last?.resource.key(last.id);
  for (const want of wants) {
    const { resource, id } = want;
    scripts.push(resource.probe([id]));
    const key = resource.key(id);
    // Folders above and accounts are there in any host; the thing itself may not be.
    const looksOnly = key !== thing && ['user', 'group', 'file'].includes(resource.kind);
    const known = looksOnly ? present[resource.kind] : host[resource.kind];
    const before = states.has(key) ? (states.get(key) ?? null) : (known ?? null);
    const change = difference(before, want.desired(before));
    if (change.action === 'no-op') continue;
    scripts.push(resource.apply(id, change, before));
    if (resource.applyAll) scripts.push(resource.applyAll([{ id, change, current: before }]));
    const after = (resource.predict ? resource.predict(id, change, before) : applied(before, change)) as object | null;
    states.set(key, after);
    // Once more over the state that this one leads to: nothing is left to do. (What runs, runs again.)
    if (resource.kind === 'run') continue;
    const always = Object.keys(change.after ?? {}).some((name) =>
      ['restarted', 'reloaded', 'reexecuted', 'touched', 'started'].includes(name),
    );
    if (!always) expect(difference(after, want.desired(after)).action, `${key} again`).toBe('no-op');
  }
}

const examples = modules.flatMap((module) =>
  module.kind === 'state'
    ? module.examples.map((example) => [module.name, example.title, module, example] as const)
    : [],
);

describe.each(examples)('%s: %s', (_name, _title, module, example) => {
  const scripts: Script[] = [];
  let refusals = 0;

  it.each([
    ['there', present],
    ['missing', missing],
  ])('wants nothing more once it is reached, where the thing is %s', (_where, host) => {
    const wants = module.wants(example.args, context);
    expect(wants.length).toBeGreaterThan(0);
    try {
      walk(wants, host, scripts);
    } catch (error) {
      // A state that cannot be reached from here is refused in words; it is never a mistake of the program.
      expect(error).toHaveProperty('name', 'VezaError');
      expect((refusals += 1)).toBeLessThan(2);
    }
  });

  it.each([['dash'], ['busybox', 'sh']])('writes programs that %s reads', (...shell) => {
    const [program = '', ...args] = shell;
    for (const { text } of scripts) {
      const { status, stderr } = spawnSync(program, [...args, '-n'], { input: text, encoding: 'utf8' });
      expect(status, `${stderr}\n${text}`).toBe(0);
    }
  });

  it('looks without a command that changes anything', () => {
    for (const want of module.wants(example.args, context)) {
      if (want.resource.kind === 'run') continue;
      const text = want.resource.probe([want.id]).text.replace(/apt-get -s [^\n]*install/g, '');
      expect(text).not.toMatch(
        /\b(?:rm|mv|cp|ln|mkdir|chmod|chown|touch|tee|dd|mktemp|install|useradd|usermod|start|stop)\s/,
      );
      expect(text.replace(/>\s*\/dev\/null|[23]?>&[123]/g, '')).not.toMatch(/[^<|=-]>[^>]/);
    }
  });

  it('has one key for a thing, and describes changes', () => {
    for (const { resource, id } of module.wants(example.args, context)) {
      expect(resource.key(id)).toMatch(new RegExp(`^${resource.kind}:`));
      const diff = resource.describe?.(
        id,
        { action: 'create', before: null, after: present[resource.kind] ?? {} },
        null,
      );
      if (diff) expect(JSON.stringify(diff).length).toBeLessThan(limits.diffBytes);
    }
  });
});
