// docs/infra.md is made from the schema, and what it tells people to type works as it says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { infraDoc } from '../../scripts/infra-doc.ts';
import { vezaRunHere } from '../support/cli-here.ts';

const doc = readFileSync(resolve(import.meta.dirname, '../../docs/infra.md'), 'utf8');

const block = (language: string) => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(doc)?.[1] ?? '';

describe('docs/infra.md', () => {
  it('is what the schema says (node scripts/infra-doc.ts writes it anew)', () => {
    expect(doc).toBe(infraDoc());
  });

  it('can be typed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'veza-doc-'));
    const lines = block('sh').trim().split('\n');
    expect(lines.length).toBeGreaterThan(5);
    try {
      writeFileSync(join(folder, 'infra.yaml'), block('yaml'));
      const unset = { HCLOUD_TOKEN: '', CLOUDNS_AUTH_ID: '', CLOUDNS_AUTH_PASSWORD: '', XDG_STATE_HOME: folder };
      for (const line of lines) {
        const [typed = '', comment = ''] = line.split('#');
        const [, ...words] = typed.trim().split(/\s+/);
        const { exitCode, stdout, stderr } = await vezaRunHere(words, folder, unset);
        expect(exitCode, `${line}\n${stdout}${stderr}`).toBe(Number(/^ (\d+):/.exec(comment)?.[1] ?? 0));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
