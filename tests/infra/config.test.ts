// infra.yaml: what it means, and every mistake that a person can make in it, told at once.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInfra } from '../../src/infra/config/read.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { expectGolden } from '../support/golden.ts';
import { fixture, infraOf } from './support/account.ts';

const folder = join(import.meta.dirname, 'mistakes');

describe('infra.yaml', () => {
  it('the real file is valid, and all its sections are known', () => {
    const infra = infraOf(fixture);
    expect([...infra.sections.keys()]).toHaveLength(13);
    expect([...infra.hosts.keys()]).toEqual(['noc', 'de', 'de2', 'build']);
    expect(infra.hosts.get('build')?.ssh).toEqual({ user: 'root', port: 22 });
    expect(infra.hosts.get('de')?.ssh.port).toBe(2222);
    expect(infra.hosts.get('noc')?.ssh.key).not.toContain('~');
  });

  it('reads intervals with units, and versions that are numbers', () => {
    const infra = infraOf(
      'hosts: { a: { ip: 192.0.2.1, type: hrobot } }\ncache: { engine: redis, version: 7 }\nmonitoring: { health_endpoints: [{ url: "https://a.example", interval: 2m }] }\n',
    );
    expect(infra.cache?.version).toBe('7');
    expect(infra.monitoring?.healthEndpoints[0]?.intervalSeconds).toBe(120);
  });

  it.each(readdirSync(folder).filter((name) => name.endsWith('.yml')))('mistakes: %s', (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const { infra, diagnostics } = readInfra(text, 'infra.yaml');
    expect(infra).toBeNull();
    const shown = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, text)).join('\n');
    expectGolden(join(folder, `${basename(name, '.yml')}.txt`), `${shown}\n`);
  });
});
