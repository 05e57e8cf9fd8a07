// Cases as text files that anybody can read: `=== name`, files as `--- path`, and last `--- expect`.
// Where the expected text is right to change, UPDATE_CASES=1 writes it again, to be read in review.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SourceFiles } from '../../src/core/source-files.ts';

export interface TextCase {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
  readonly expected: string;
}

/** Runs every case of every `.txt` file in a directory: `actual` gives the text that `--- expect` must hold. */
export function runTextCases(
  directory: string,
  actual: (files: ReadonlyMap<string, string>) => string | Promise<string>,
): void {
  for (const file of readdirSync(directory)
    .filter((name) => name.endsWith('.txt'))
    .sort()) {
    const path = join(directory, file);
    const cases = parseCases(readFileSync(path, 'utf8'));
    const updating = process.env['UPDATE_CASES'] === '1';
    describe(basename(file, '.txt'), () => {
      it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
        const text = (await actual(one.files)).trimEnd();
        if (!updating) expect(text).toBe(one.expected);
      });
      it('has a name of its own for each case', () => {
        expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
      });
      afterAll(async () => {
        if (!updating) return;
        const texts: string[] = [];
        for (const one of cases) texts.push(formatCase(one, (await actual(one.files)).trimEnd()));
        writeFileSync(path, texts.join('\n'));
      });
    });
  }
}

/** Files of a case, as the readers see them. Directories are what paths imply. */
export function filesOf(files: ReadonlyMap<string, string>): SourceFiles {
  const below = (directory: string) => (directory === '.' ? '' : `${directory}/`);
  return {
    read: (path) => files.get(path) ?? null,
    isDirectory: (path) => [...files.keys()].some((name) => name.startsWith(below(path))),
    list: (path) => {
      const inside = [...files.keys()].filter((name) => name.startsWith(below(path)));
      return [...new Set(inside.map((name) => name.slice(below(path).length).split('/')[0] ?? ''))].sort();
    },
  };
}

function parseCases(text: string): TextCase[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .map((part) => {
      const [head = '', ...sections] = part.split(/^--- /m);
      const files = new Map<string, string>();
      let expected = '';
      for (const section of sections) {
        const end = section.indexOf('\n');
        const name = section.slice(0, end).trim();
        if (name === 'expect') expected = section.slice(end + 1).trimEnd();
        else files.set(name, section.slice(end + 1));
      }
      return { name: head.trim(), files, expected };
    });
}

function formatCase({ name, files }: TextCase, expected: string): string {
  const sections = [...files].map(([path, text]) => `--- ${path}\n${text}`);
  return `=== ${name}\n${sections.join('')}--- expect\n${expected}\n`;
}
