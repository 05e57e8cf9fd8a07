// haproxy.cfg files as people write them -> our YAML, and what is said of the rest (golden output).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/lib/diagnostic.ts';
import { judgeTree, readConfig } from '../../../src/proxy/core/config/read.ts';
import { convertHaproxy } from '../../../src/proxy/core/convert/haproxy/convert.ts';
import { renderTree } from '../../../src/proxy/core/convert/render.ts';

const folder = join(import.meta.dirname, 'haproxy');
const files = readdirSync(folder).filter((file) => file.endsWith('.cfg'));
const ports = {
  PORT: '8080',
  TLS_PORT: '8443',
  STATIC: '8191',
  API: '8192',
  WEB1: '8193',
  WEB2: '8194',
  SECURE: '8195',
  LOG_PORT: '5140',
};
const environment = { ...ports, RUN: '/run/haproxy', CERTS: '/etc/haproxy/certs' };

function convert(file: string) {
  const text = readFileSync(join(folder, file), 'utf8');
  const read = (path: string): string | undefined =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined;
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

  it.each(files.filter((file) => !file.startsWith('left-over')))(
    '%s is carried over, and its YAML means the same',
    (file) => {
      const { yaml, notes, tree } = convert(file);
      expect(notes.filter(({ severity }) => severity === 'error')).toEqual([]);
      const direct = judgeTree(tree);
      const written = readConfig(yaml, 'converted.yml');
      expect(written.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(direct.ok && direct.config).toEqual(written.ok && written.config);
    },
  );

  it('has no patterns in the flags `-n` and `-u ID` of a test', () => {
    const text = (flags: string) => `frontend f
      mode http
      bind *:80
      acl near src ${flags} 10.0.0.0/8
      http-request deny if near`;
    const rulesOf = (flags: string) => {
      const { tree, notes } = convertHaproxy(text(flags), 'haproxy.cfg', {}, () => undefined);
      return [notes, tree.root['frontends']];
    };
    expect(rulesOf('-n -u 7')).toEqual(rulesOf(''));
  });
});
