// Files of the controller: where they are looked for.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalFiles } from '../../src/adapters/local-files.ts';

let directory = '';
const at = (...parts: string[]) => join(directory, ...parts);
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'veza-files-'));
  const files = {
    'role/files/a.conf': 'role files',
    'role/a.conf': 'role',
    'files/a.conf': 'playbook files',
    'files/b.conf': 'b',
    'role/templates/t.j2': 't',
    'files/tree/x': 'x',
    'files/tree/sub/y': 'y',
    token: 'abc\n\n',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  }
  chmodSync(at('files/b.conf'), 0o755);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('files of the controller', () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

  it('are looked for in the role first, then beside the playbook', () => {
    const files = createLocalFiles(at('role'), directory);
    expect(text(files.find('a.conf', 'files').read())).toBe('role files');
    expect(text(files.find('b.conf', 'files').read())).toBe('b');
    expect(text(files.find('t.j2', 'templates').read())).toBe('t');
    expect(text(createLocalFiles(null, directory).find('a.conf', 'files').read())).toBe('playbook files');
    expect(text(files.find(at('role/a.conf'), 'files').read())).toBe('role');
  });

  it('have a size, a hash, and know whether they can be executed', () => {
    const source = createLocalFiles(null, directory).find('b.conf', 'files');
    expect(source).toMatchObject({ sizeBytes: 1, executable: true, relativePath: 'b.conf' });
    expect(source.sha256()).toBe(createHash('sha256').update('b').digest('hex'));
  });

  it('are hashed again when they change, even to the same size at once', () => {
    const path = at('changing');
    writeFileSync(path, 'one');
    const files = createLocalFiles(null, directory);
    const before = files.find('changing', 'files').sha256();
    writeFileSync(path, 'two');
    expect(files.find('changing', 'files').sha256()).not.toBe(before);
  });

  it('name every place that was searched when there is none', () => {
    const files = createLocalFiles(at('role'), directory);
    expect(() => files.find('nothing', 'files')).toThrow('there is no file "nothing"');
    try {
      files.find('nothing', 'files');
    } catch (error) {
      expect(error).toMatchObject({
        code: 'file-not-found',
        hint: expect.stringContaining(at('role/files/nothing')) as string,
      });
    }
  });

  it('list a folder with all below it, sorted', () => {
    const files = createLocalFiles(null, directory);
    expect(files.list('tree', 'files')?.map(({ relativePath }) => relativePath)).toEqual(['sub/y', 'x']);
    expect(files.list('b.conf', 'files')).toBeNull();
    expect(files.list('nothing', 'files')).toBeNull();
  });
});
