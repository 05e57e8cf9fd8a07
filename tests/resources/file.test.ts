// Files without a host: modes, predictions, what else is disturbed, and how changes are shown.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { difference, type Change } from '../../src/core/change.ts';
import { file } from '../../src/resources/file.ts';
import { resolveMode } from '../../src/resources/file/mode.ts';
import { ancestorsOf, filePath, joinPath, parentOf } from '../../src/resources/file/path.ts';
import type { FileContent, FileId, FileState } from '../../src/resources/file/state.ts';
import { tree } from '../../src/resources/tree.ts';
import { unitKey, unitName } from '../../src/resources/unit/state.ts';

const text = (content: string): FileContent => {
  const bytes = new TextEncoder().encode(content);
  return { sha256: `sum of ${content}`, sizeBytes: bytes.length, bytes: () => bytes };
};
const written = (id: FileId, current: FileState | null): Change<FileState> =>
  difference(current, { type: 'file', sha256: id.content?.sha256 ?? '' });

function disturbed(id: FileId, change: Change<FileState>, current: FileState | null): Map<string, unknown> {
  const others = file.disturbs?.(id, change, current);
  return new Map(others === 'everything' || others === undefined ? [] : others);
}

describe('modes', () => {
  it.each([
    'u=rw,g=r,o=',
    'a+x',
    'go-rwx',
    'u+s',
    'g+s,o=g',
    '+t',
    'u=rwX,g=rX,o=',
    'ug=o',
    'u-x+w',
    '0640',
    '4755',
    '600',
  ])('%s means what chmod means by it', (wanted) => {
    const folder = mkdtempSync(join(tmpdir(), 'vz-mode-'));
    try {
      for (const [name, type] of [
        ['f', 'file'],
        ['d', 'directory'],
      ] as const) {
        const path = join(folder, name);
        if (type === 'file') writeFileSync(path, '');
        else mkdirSync(path);
        for (const start of [0o644, 0o700, 0o755, 0o4751]) {
          chmodSync(path, start);
          const before = (statSync(path).mode & 0o7777).toString(8);
          // chmod leaves the set-id bits of folders alone where the number has none; we set what is written.
          if (type === 'directory' && /^\d/.test(wanted)) continue;
          spawnSync('sh', ['-c', 'umask 0; exec chmod "$@"', 'sh', '--', wanted, path]);
          expect(parseInt(resolveMode(wanted, before, type), 8), `${wanted} on ${before}`).toBe(
            statSync(path).mode & 0o7777,
          );
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['', 'rw-r--r--', '888', '0o644', 'u=rw;x', '64'])('%j is none', (wanted) => {
    expect(() => resolveMode(wanted, '0644', 'file')).toThrow('not a file mode');
  });
});

describe('paths', () => {
  it('have one spelling', () => {
    expect(filePath('//etc/./nginx///')).toBe('/etc/nginx');
    expect(() => filePath('etc')).toThrow('not an absolute path');
    expect(joinPath('/a/', 'b')).toBe('/a/b');
    expect(parentOf('/a')).toBe('/');
    expect(ancestorsOf('/a/b/c')).toEqual(['/a', '/a/b']);
  });
});

describe('predictions', () => {
  const path = '/etc/systemd/system/app.service';
  const unit = { path, content: text('[Service]\nType=oneshot\n[Install]\n') };

  it('a new unit file makes a unit that is there, stopped and not enabled', () => {
    const others = disturbed(unit, written(unit, null), null);
    const predicted = others.get('unit:system/app.service') as (before: object | null) => object;
    expect(predicted(null)).toMatchObject({ exists: true, active: 'inactive', enabled: false, oneShot: true });
    expect(others.get('systemd:system')).toEqual({ needsReload: true });
  });

  it('a changed unit file, or a drop-in, makes the unit stale and leaves it running', () => {
    const running = { exists: true, active: 'active', enabled: true, needDaemonReload: false };
    const dropIn = { path: `${path}.d/limits.conf`, content: text('[Service]\n') };
    for (const id of [unit, dropIn]) {
      const predicted = disturbed(id, written(id, null), null).get('unit:system/app.service') as (
        before: object | null,
      ) => object;
      expect(predicted(running)).toEqual({ ...running, needDaemonReload: true });
    }
  });

  it('a template unit file stands for its instances', () => {
    const id = { path: '/lib/systemd/system/w@.service', content: text('') };
    expect([...disturbed(id, written(id, null), null).keys()]).toContain('unit:system/w@.service/');
    expect(unitKey({ name: unitName('w@a'), scope: 'system' })).toBe('unit:system/w@.service/a');
  });

  it('attributes of a unit file leave its unit alone', () => {
    const change = difference<FileState>({ type: 'file', mode: '0600' }, { mode: '0644' });
    const keys = [...disturbed(unit, change, null).keys()];
    expect(keys.filter((key) => !key.startsWith('tree:'))).toEqual([]);
  });

  it('what is in a removed folder is gone', () => {
    const folder: FileState = { type: 'directory', mode: '0755' };
    expect(disturbed({ path: '/srv/x' }, difference(folder, null), folder).get('file:/srv/x/')).toBeNull();
  });

  it('a written file has the text, the size and the mode that it will have', () => {
    const id = { path: '/x', content: text('hi') };
    expect(file.predict?.(id, written(id, null), null)).toEqual({
      type: 'file',
      sha256: 'sum of hi',
      mode: '0644',
      sizeBytes: 2,
      text: 'hi',
    });
  });
});

describe('what people see', () => {
  it('is the text before and after', () => {
    const id = { path: '/x', content: text('new\n') };
    const current: FileState = { type: 'file', mode: '0644', sizeBytes: 4, sha256: 'old', text: 'old\n' };
    expect(file.describe?.(id, written(id, current), current)).toEqual({
      attributes: [],
      text: { path: '/x', before: 'old\n', after: 'new\n' },
    });
    expect(file.describe?.(id, written(id, null), null).text).toMatchObject({ before: null, after: 'new\n' });
  });

  it('is a note where the content is binary or too large', () => {
    const binary = { path: '/x', content: text('a\0') };
    expect(file.describe?.(binary, written(binary, null), null).text?.note).toBe('binary, 0 -> 2 bytes');
    const large = { path: '/x', content: text('x'.repeat(200_000)) };
    expect(file.describe?.(large, written(large, null), null).text?.note).toBe('too large to show, 0 -> 200000 bytes');
  });
});

it('what two wants need to know of one file is asked once', () => {
  const first: FileId = { path: '/x', unlessSha256: 'a' };
  const merged = file.merge?.(first, { path: '/x', digests: ['sha1'], access: true });
  expect(merged).toEqual({ path: '/x', unlessSha256: 'a', digests: ['sha1'], access: true });
  expect(merged && file.covers?.(merged, first)).toBe(true);
  expect(file.covers?.(first, { path: '/x', unlessSha256: 'b' })).toBe(false);
  expect(file.covers?.({ path: '/x' }, { path: '/x', digests: ['sha256'] })).toBe(false);
});

it('refuses output that no probe prints', () => {
  expect(() => file.parse('Welcome to host\nstat\n', [{ path: '/x' }])).toThrow('the look at files printed "Welcome');
});

it('a path that may not be looked at is unknown, not missing', () => {
  const denied = "stat\nend\nend\nend\nerrors\nstat: cannot statx '/root/x': Permission denied\nend of errors\n";
  expect(file.parse(denied, [{ path: '/root/x' }]).size).toBe(0);
});

it('a tree differs where one line of it does', () => {
  const id = { path: '/t', owner: 'app', mode: 'u=rwX,go=' };
  const seen = (line: string) => tree.parse(`${line}\nend\n`, [id]).get(tree.key(id));
  expect(seen('81c0|5|5|app|app')).toMatchObject({ below: 'as wanted' });
  expect(seen('8180|0|0|root|root')).toMatchObject({ below: 'differs' });
  expect(tree.parse('end\n', [id]).get(tree.key(id))).toMatchObject({ below: 'as wanted' });
});
