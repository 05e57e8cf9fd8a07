// Patterns of hosts: tables/patterns.txt says what each means; here also what people are told.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../src/inventory/load.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { filesOf } from '../support/text-cases.ts';

const text = `[web]
web-[1:4]
[db]
db-a
db-b
[eu]
web-1
db-a
[none]
[v6]
fe80::1
[site:children]
web
db
[odd]
10.0.0.1
10.0.0.2
x.example.org
y.example.org
`;
const { inventory } = loadInventory(['hosts.ini'], { files: filesOf(new Map([['hosts.ini', text]])) });
const select = (pattern: string, limit?: string) => selectHosts(inventory!, pattern, limit);

const rows = readFileSync(join(import.meta.dirname, 'tables/patterns.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [, words = '', expected = ''] = /^(.*?) =>(?: (.*))?$/.exec(line) ?? [];
    const [pattern = '', limit] = words.split(' / ');
    return { pattern: pattern.replace(/^"(.*)"$/, '$1'), limit, expected };
  });

describe('patterns of hosts', () => {
  it('has a table worth its name', () => expect(rows.length).toBeGreaterThan(100));

  it.each(rows)('$pattern limited to $limit', ({ pattern, limit, expected }) => {
    const { hosts, diagnostics } = select(pattern, limit);
    const said = diagnostics.map(({ severity, code }) => `(${severity} ${code})`);
    expect([...hosts, ...said].join(' ')).toBe(expected);
  });

  it.each([
    ['wep', undefined, 'error: the inventory has no host or group "wep" [unknown-host]\n  help: Did you mean "web"?'],
    [
      'all',
      'web-11',
      'error: the inventory has no host or group "web-11" in --limit [unknown-host]\n  help: Did you mean "web-1"?',
    ],
    [
      'quartz',
      undefined,
      'error: the inventory has no host or group "quartz" [unknown-host]\n  help: It has the groups web, db, eu, none, v6, site, odd, all and the hosts web-1, web-2, web-3, web-4, db-a, db-b, fe80::1, 10.0.0.1, ....',
    ],
    ['web[9]', undefined, 'error: "web[9]" goes beyond the 4 hosts of "web" [pattern-subscript]'],
    ['z*', undefined, 'warning: no host or group matches "z*" [no-hosts-matched]'],
    ['none', undefined, 'warning: the group "none" has no hosts [empty-group]'],
    [
      '',
      undefined,
      'error: the pattern of hosts is empty [empty-pattern]\n  help: Name hosts or groups; `all` means every host.',
    ],
  ])('%s with limit %s says what is wrong', (pattern, limit, text) => {
    expect(
      select(pattern, limit)
        .diagnostics.map((one) => formatDiagnostic(one))
        .at(-1),
    ).toBe(text);
  });

  it('says which regular expression is broken', () => {
    const [problem] = select('~web-(').diagnostics;
    expect(problem?.message).toMatch(/^"~web-\(" is not a regular expression: /);
  });

  it('points at the place of the pattern', () => {
    const where = { file: 'site.yml', line: 3, column: 9 };
    const [problem] = selectHosts(inventory!, 'web:wep', undefined, where).diagnostics;
    expect(problem).toMatchObject({ where, length: 7 });
  });
});
