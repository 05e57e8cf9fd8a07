// Source files on a real disk.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { diskFiles } from '../../src/adapters/source-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'veza-source-files-'));
afterAll(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, 'sub'));
writeFileSync(join(directory, 'b.yml'), 'b: ü\n');
writeFileSync(join(directory, 'a.yml'), '');
writeFileSync(join(directory, 'latin.yml'), Buffer.from([0x61, 0xfc]));
const files = diskFiles();

it('reads text, and again the same', () => {
  expect(files.read(join(directory, 'b.yml'))).toBe('b: ü\n');
  writeFileSync(join(directory, 'b.yml'), 'changed');
  expect(files.read(join(directory, 'b.yml'))).toBe('b: ü\n');
});

it('knows an empty file from none', () => {
  expect(files.read(join(directory, 'a.yml'))).toBe('');
  expect(files.read(join(directory, 'none.yml'))).toBeNull();
  expect(files.read(join(directory, 'a.yml', 'below'))).toBeNull();
  expect(files.read(join(directory, 'sub'))).toBeNull();
});

it('lists names in order, and nothing where there is no directory', () => {
  expect(files.list(directory)).toEqual(['a.yml', 'b.yml', 'latin.yml', 'sub']);
  expect(files.list(join(directory, 'none'))).toEqual([]);
});

it('knows directories', () => {
  expect(files.isDirectory(join(directory, 'sub'))).toBe(true);
  expect(files.isDirectory(join(directory, 'a.yml'))).toBe(false);
  expect(files.isDirectory(join(directory, 'none'))).toBe(false);
  expect(files.isDirectory(join(directory, 'a.yml', 'below'))).toBe(false);
});

it('says which file is not UTF-8', () => {
  expect(() => files.read(join(directory, 'latin.yml'))).toThrow(/latin\.yml is not UTF-8 text/);
});
