// Files, for real: probes and applies under dash with GNU's tools and under BusyBox, in folders with hostile names.
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalSource, ModuleContext } from '../../src/core/module.ts';
import type { Want } from '../../src/core/resource.ts';
import copy from '../../src/modules/copy.ts';
import file from '../../src/modules/file.ts';
import stat from '../../src/modules/stat.ts';
import template from '../../src/modules/template.ts';
import { file as fileKind } from '../../src/resources/file.ts';
import { changed, converge, look, runScript, shells, type Shell } from './real.ts';

const isRoot = userInfo().uid === 0;
let top = '';

/** Nothing in this name may be anything but a name. */
const hostile = 'it\'s $(touch pwned) `touch pwned`\n-rf "x" \\ * ;&|é';

beforeEach(() => (top = mkdtempSync(join(tmpdir(), 'vz-file-'))));
afterEach(() => rmSync(top, { recursive: true, force: true }));

const context = (files: readonly LocalSource[] = [], text = ''): ModuleContext => ({
  taskName: 'test',
  checkMode: false,
  environment: {},
  render: () => text,
  files: {
    find: (path) => files.find((source) => source.path.endsWith(path)) ?? source(path),
    list: (path) => (path.endsWith('tree') || path.endsWith('tree/') ? files : null),
  },
});

function source(path: string, content = '', relativePath = path): LocalSource {
  const bytes = new TextEncoder().encode(content);
  return {
    path,
    relativePath,
    sizeBytes: bytes.length,
    executable: false,
    sha256: () => sha256(content),
    read: () => bytes,
  };
}

function sha256(content: string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(content).digest('hex');
}

/** Converges twice: the second time nothing may be left to do. */
function settle(wants: () => readonly Want[], shell: Shell): number {
  const first = converge(wants(), shell);
  if (first.failed) throw new Error(first.failed.stderr);
  expect(changed(converge(wants(), shell))).toBe(0);
  expect(readdirSync(top, { recursive: true }).filter((name) => /(^|\/)(pwned|\.vz-)/.test(String(name)))).toEqual([]);
  return changed(first);
}

describe.each(Object.keys(shells) as Shell[])('under %s', (shell) => {
  const at = (...names: string[]): string => join(top, hostile, ...names);
  beforeEach(() => mkdirSync(join(top, hostile)));

  it.each([
    ['text', 'hello\nwörld\n'],
    ['text without a final newline', "it's\n\n  $x `y` \\n %s"],
    ['nothing', ''],
    ['the end mark of our own here-document', 'VZ_END\nVZ_END_\n'],
    ['binary', 'a\0b\xff\r\n'],
    ['more than fits inline', 'x'.repeat(300_000)],
  ])('writes %s', (_name, content) => {
    const args = { dest: at('f'), content, mode: '0640' };
    expect(settle(() => copy.wants(args, context()), shell)).toBe(1);
    expect(readFileSync(at('f'), 'utf8')).toBe(content);
    expect(statSync(at('f')).mode & 0o7777).toBe(0o640);
  });

  it('keeps mode and owner of a file whose content changes, and repairs them when they drift', () => {
    writeFileSync(at('f'), 'old', { mode: 0o604 });
    settle(() => copy.wants({ dest: at('f'), content: 'new' }, context()), shell);
    expect(statSync(at('f')).mode & 0o7777).toBe(0o604);
    expect(settle(() => copy.wants({ dest: at('f'), content: 'new', mode: 'u=rw,go=' }, context()), shell)).toBe(1);
    expect(statSync(at('f')).mode & 0o7777).toBe(0o600);
  });

  it('leaves the old file in place when validate fails, and says what the command said', () => {
    writeFileSync(at('f'), 'good');
    const args = { dest: at('f'), content: 'bad', validate: 'sh -c \'echo "line 3 of $1 is wrong" >&2; exit 7\' x %s' };
    const { failed } = converge(copy.wants(args, context()), shell);
    expect(failed?.stderr).toContain('exit status 7');
    expect(failed?.stderr).toContain('is wrong');
    expect(readFileSync(at('f'), 'utf8')).toBe('good');
    expect(readdirSync(at())).toEqual(['f']);
    settle(() => copy.wants({ ...args, validate: 'grep bad %s' }, context()), shell);
  });

  it('gives validate a name with the ending that the file will have', () => {
    const ends = (ending: string) => `sh -c 'case "$1" in *[!.].${ending}) ;; *) exit 1 ;; esac' x %s`;
    settle(() => copy.wants({ dest: at('site.yml'), content: 'a: 1', validate: ends('yml') }, context()), shell);
    expect(readdirSync(at())).toEqual(['site.yml']);
    const { failed } = converge(
      copy.wants({ dest: at('site.yml'), content: 'a: 2', validate: ends('json') }, context()),
      shell,
    );
    expect(failed?.stderr).toContain('exit status 1');
    expect(readdirSync(at())).toEqual(['site.yml']);
  });

  it('keeps a backup beside the file', () => {
    writeFileSync(at('f'), 'old');
    const outputs = converge(copy.wants({ dest: at('f'), content: 'new', backup: true }, context()), shell).outputs;
    const backup = readdirSync(at()).find((name) => /^f\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/.test(name)) ?? '';
    expect(readFileSync(at(backup), 'utf8')).toBe('old');
    expect(outputs[0]?.stdout).toContain(`backup_file=${at(backup)}`);
  });

  it('does not touch or hash what exists with force: false', () => {
    writeFileSync(at('f'), 'mine');
    const wants = copy.wants({ dest: at('f'), content: 'other', force: false }, context());
    expect(changed(converge(wants, shell))).toBe(0);
    expect(wants.map((want) => want.resource.probe([want.id]).text).join('')).not.toMatch(/vz_sums sha256/);
  });

  it('replaces a link, or writes through it with follow', () => {
    writeFileSync(at('real'), 'old');
    symlinkSync('real', at('link'));
    settle(() => copy.wants({ dest: at('link'), content: 'through', follow: true }, context()), shell);
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('real'), 'utf8')).toBe('through');
    settle(() => copy.wants({ dest: at('link'), content: 'instead' }, context()), shell);
    expect(lstatSync(at('link')).isFile()).toBe(true);
    expect(readFileSync(at('real'), 'utf8')).toBe('through');
  });

  it('puts a file into dest where that is a folder or a link to one, and makes one where it ends with /', () => {
    mkdirSync(at('folder'));
    symlinkSync('folder', at('also'));
    const one = source('/roles/x/files/a.conf', 'A');
    settle(() => copy.wants({ src: 'a.conf', dest: at('also') }, context([one])), shell);
    expect(readFileSync(at('folder', 'a.conf'), 'utf8')).toBe('A');
    settle(() => copy.wants({ src: 'a.conf', dest: `${at('new', 'deep')}/` }, context([one])), shell);
    expect(readFileSync(at('new', 'deep', 'a.conf'), 'utf8')).toBe('A');
    settle(() => copy.wants({ src: 'a.conf', dest: at('b.conf') }, context([one])), shell);
    expect(readFileSync(at('b.conf'), 'utf8')).toBe('A');
  });

  it('copies trees, with and without the name of the folder', () => {
    const files = [source('/p/tree/a', 'A', 'a'), source('/p/tree/s u/b', 'B', 's u/b')];
    settle(() => copy.wants({ src: 'tree', dest: at('to'), directory_mode: '0700' }, context(files)), shell);
    expect(readFileSync(at('to', 'tree', 's u', 'b'), 'utf8')).toBe('B');
    expect(statSync(at('to', 'tree', 's u')).mode & 0o777).toBe(0o700);
    settle(() => copy.wants({ src: 'tree/', dest: at('flat') }, context(files)), shell);
    expect(readFileSync(at('flat', 'a'), 'utf8')).toBe('A');
  });

  it('copies on the host', () => {
    writeFileSync(at('from'), 'F', { mode: 0o711 });
    const args = { src: at('from'), dest: at('to'), remote_src: true, mode: 'preserve' };
    expect(settle(() => copy.wants(args, context()), shell)).toBe(1);
    expect(statSync(at('to')).mode & 0o777).toBe(0o711);
    expect(() => converge(copy.wants({ ...args, src: at('no') }, context()), shell)).toThrow('not found');
  });

  it('writes what a template renders, with the wanted line ends', () => {
    const args = { src: 'x.hbs', dest: at('t'), newline_sequence: '\r\n' } as const;
    settle(() => template.wants(args, context([source('/r/templates/x.hbs')], 'a\nb\n')), shell);
    expect(readFileSync(at('t'), 'utf8')).toBe('a\r\nb\r\n');
  });

  it('says where a folder is missing, is a file, or a file is a folder', () => {
    writeFileSync(at('f'), '');
    const text = (dest: string) => () => converge(copy.wants({ dest, content: 'x' }, context()), shell);
    expect(text(at('no', 'f'))).toThrow(`Destination directory ${at('no')} does not exist`);
    expect(text(at())).toThrow('is a directory');
    expect(() => converge(file.wants({ path: at('f', 'sub'), state: 'directory' }, context()), shell)).toThrow(
      'is not a directory',
    );
    expect(() => converge(file.wants({ path: at('f'), state: 'directory' }, context()), shell)).toThrow(
      'already exists as a file',
    );
    expect(() => converge(file.wants({ path: at('no'), state: 'file' }, context()), shell)).toThrow('is absent');
  });

  it('makes folders with those above them, all with the wanted attributes', () => {
    const args = { path: at('a', 'b'), state: 'directory', mode: '0710' } as const;
    expect(settle(() => file.wants(args, context()), shell)).toBe(2);
    expect(statSync(at('a')).mode & 0o7777).toBe(0o710);
  });

  it('sets attributes of a whole tree', () => {
    mkdirSync(at('t', 'sub'), { recursive: true });
    writeFileSync(at('t', 'sub', 'f\nx'), '', { mode: 0o777 });
    symlinkSync('/nowhere', at('t', 'dangling'));
    const args = { path: at('t'), state: 'directory', recurse: true, mode: 'u=rwX,g=rX,o=' } as const;
    expect(settle(() => file.wants(args, context()), shell)).toBe(2);
    expect(statSync(at('t', 'sub')).mode & 0o777).toBe(0o750);
    expect(statSync(at('t', 'sub', 'f\nx')).mode & 0o777).toBe(0o750);
  });

  it('makes and changes links, hard links and touched files', () => {
    writeFileSync(at('a'), 'A');
    mkdirSync(at('d'));
    settle(() => file.wants({ path: at('l'), src: 'a', state: 'link' }, context()), shell);
    settle(() => file.wants({ path: at('l'), src: 'd', state: 'link' }, context()), shell);
    settle(() => file.wants({ path: at('l'), src: '-n\n$(x)', state: 'link', force: true }, context()), shell);
    expect(readlinkSync(at('l'))).toBe('-n\n$(x)');
    expect(() => converge(file.wants({ path: at('m'), src: 'no', state: 'link' }, context()), shell)).toThrow(
      'src file does not exist',
    );
    expect(() => converge(file.wants({ path: at('a'), src: 'd', state: 'link' }, context()), shell)).toThrow(
      'refusing to convert',
    );
    settle(() => file.wants({ path: at('h'), src: at('a'), state: 'hard' }, context()), shell);
    expect(statSync(at('h')).ino).toBe(statSync(at('a')).ino);
    const old = {
      path: at('a'),
      state: 'touch',
      modification_time: '200001020304.05',
      access_time: 'preserve',
    } as const;
    converge(file.wants(old, context()), shell);
    expect(statSync(at('a')).mtime.getFullYear()).toBe(2000);
    expect(changed(converge(file.wants({ path: at('n'), state: 'touch', mode: '0600' }, context()), shell))).toBe(1);
    expect(statSync(at('n')).mode & 0o777).toBe(0o600);
  });

  it('removes files, links and whole folders, and nothing behind a link', () => {
    mkdirSync(at('d', 'e'), { recursive: true });
    writeFileSync(at('d', 'e', 'f'), '');
    symlinkSync(at('d'), at('l'));
    settle(() => file.wants({ path: `${at('l')}/`, state: 'absent' }, context()), shell);
    expect(readdirSync(at('d'))).toEqual(['e']);
    settle(() => file.wants({ path: at('d'), state: 'absent' }, context()), shell);
    expect(readdirSync(at())).toEqual([]);
    expect(() => file.wants({ path: '//.', state: 'absent' }, context())).toThrow('root of the file system');
  });

  it('looks without changing anything, and sees content only where it differs', () => {
    writeFileSync(at('f'), 'text');
    const before = statSync(at('f'));
    const same = look(fileKind, { path: at('f'), unlessSha256: sha256('text') }, shell);
    expect(same).toMatchObject({ type: 'file', sha256: sha256('text'), sizeBytes: 4 });
    expect(same).not.toHaveProperty('text');
    expect(look(fileKind, { path: at('f'), unlessSha256: sha256('other') }, shell)).toMatchObject({ text: 'text' });
    expect(statSync(at('f')).ctimeMs).toBe(before.ctimeMs);
  });

  it('looks at many paths in one go', () => {
    const ids = Array.from({ length: 450 }, (_, index) => ({ path: at(`f${index}`), digests: ['sha256'] as const }));
    for (const { path } of ids.filter((_, index) => index % 3 === 0)) writeFileSync(path, path);
    const states = fileKind.parse(runScript(fileKind.probe(ids), shell).stdout, ids);
    expect(ids.map(({ path }) => states.get(`file:${path}`)?.sha256)).toEqual(
      ids.map(({ path }, index) => (index % 3 === 0 ? sha256(path) : undefined)),
    );
  });

  it('registers what stat sees', () => {
    writeFileSync(at('f'), 'abc', { mode: 0o751 });
    symlinkSync('f', at('l'));
    const seen = (path: string, follow = false) => {
      const [wanted] = stat.wants({ path, follow }, context());
      const state = wanted ? look(wanted.resource, wanted.id, shell) : null;
      const change = { action: 'no-op', before: null, after: null } as const;
      return stat.result?.({ changed: false, changes: [{ key: '', change, current: state, state }] }, { path, follow });
    };
    const facts = { exists: true, isreg: true, mode: '0751', size: 3, xoth: true, wgrp: false, readable: true };
    expect(seen(at('f'))).toMatchObject({ stat: { ...facts, checksum: 'a9993e364706816aba3e25717850c26c9cd0d89d' } });
    expect(seen(at('l'))).toMatchObject({ stat: { islnk: true, lnk_target: 'f' } });
    expect(seen(at('l'), true)).toMatchObject({ stat: facts });
    expect(seen(at('no'))).toEqual({ stat: { exists: false } });
  });

  it.runIf(isRoot)('sets owners by name and by number, and knows who is missing', () => {
    settle(() => copy.wants({ dest: at('f'), content: 'x', owner: 'daemon', group: 1 }, context()), shell);
    settle(() => copy.wants({ dest: at('f'), content: 'x', owner: '54321' }, context()), shell);
    expect(statSync(at('f')).uid).toBe(54_321);
    const nobody = () => converge(copy.wants({ dest: at('f'), content: 'x', owner: 'vztest-none' }, context()), shell);
    expect(nobody).toThrow('there is no user "vztest-none"');
  });
});
