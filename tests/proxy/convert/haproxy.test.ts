// haproxy.cfg files as people write them -> our YAML, and what is said of the rest (golden output).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/lib/diagnostic.ts';
import { judgeTree, readConfig } from '../../../src/proxy/core/config/read.ts';
import { convertHaproxy } from '../../../src/proxy/core/convert/haproxy/convert.ts';
import { renderTree } from '../../../src/proxy/core/convert/render.ts';

const folder = join(import.meta.dirname, 'haproxy');
const files = readdirSync(folder).filter((file) => file.endsWith('.cfg'));
const environment = { PORT: '8080', STATIC: '8191', API: '8192', WEB1: '8193', WEB2: '8194', RUN: '/run/haproxy' };

function convert(file: string) {
  const text = readFileSync(join(folder, file), 'utf8');
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
  const conversion = convertHaproxy(text, file, environment, read);
  return { text, ...conversion, yaml: renderTree(conversion.tree, file, conversion.notes) };
}

describe('a haproxy.cfg', () => {
  it.each(files)('%s gives the expected YAML and notes', async (file) => {
    const { text, yaml, notes, tree } = convert(file);
    const problems = [...notes, ...judgeTree(tree).diagnostics];
    const told = problems.map((note) => formatDiagnostic(note, text)).join('\n');
    const golden = join(folder, 'golden', file.replace('.cfg', '.txt'));
    await expect(`${yaml}\n--- notes ---\n${told}\n`).toMatchFileSnapshot(golden);
  });

  it.each(files.filter((file) => file !== 'left-over.cfg'))(
    '%s is carried over, and its YAML means the same',
    (file) => {
      const { yaml, notes, tree } = convert(file);
      expect(notes.filter(({ severity }) => severity === 'error')).toEqual([]);
      const direct = judgeTree(tree);
      const written = readConfig(yaml, 'converted.yml');
      expect(written.diagnostics).toEqual([]);
      expect(direct.ok && direct.config).toEqual(written.ok && written.config);
    },
  );
});
