// Patterns of hosts: a table of what each means.
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../src/inventory/load.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { formatDiagnostic } from '../../src/lib/diagnostic.ts';
import { filesOf } from '../support/text-cases.ts';

const { inventory } = loadInventory(['hosts.ini'], {
  files: filesOf(
    new Map([['hosts.ini', '[web]\nweb-[1:4]\n[db]\ndb-a\ndb-b\n[eu]\nweb-1\ndb-a\n[none]\n[v6]\nfe80::1\n']]),
  ),
});
const select = (pattern: string, limit?: string) => {
  const { hosts, diagnostics } = selectHosts(inventory!, pattern, limit);
  return [hosts.join(' '), ...diagnostics.map((one) => formatDiagnostic(one))].filter((text) => text !== '');
};

describe('patterns of hosts', () => {
  it.each([
    ['all', 'web-1 web-2 web-3 web-4 db-a db-b fe80::1'],
    ['*', 'web-1 web-2 web-3 web-4 db-a db-b fe80::1'],
    ['web', 'web-1 web-2 web-3 web-4'],
    ['web-2', 'web-2'],
    ['web-2,db', 'web-2 db-a db-b'],
    ['web-2:db', 'web-2 db-a db-b'],
    ['web-2, db-a', 'web-2 db-a'],
    ['db,,web-1', 'web-1 db-a db-b'],
    ['web:&eu', 'web-1'],
    ['web:!eu', 'web-2 web-3 web-4'],
    ['all:!web:!db', 'fe80::1'],
    ['!web', 'db-a db-b fe80::1'],
    ['&eu', 'web-1 db-a'],
    ['web,&eu,!web-1', ''],
    ['web-*', 'web-1 web-2 web-3 web-4'],
    ['*-a', 'db-a'],
    ['web-?', 'web-1 web-2 web-3 web-4'],
    ['d*', 'db-a db-b'],
    ['~web-[13]', 'web-1 web-3'],
    ['~.*-(a|1)$', 'web-1 db-a'],
    ['web[0]', 'web-1'],
    ['web[-1]', 'web-4'],
    ['web[-2]', 'web-3'],
    ['web[1:2]', 'web-2 web-3'],
    ['web[2:]', 'web-3 web-4'],
    ['web[:1]', 'web-1 web-2'],
    ['web[1:2]:!web-2', 'web-3'],
    ['web-*[0]', 'web-1'],
    ['fe80::1', 'fe80::1'],
    ['v6', 'fe80::1'],
    ['localhost', 'localhost'],
    ['ungrouped', ''],
  ])('%s', (pattern, hosts) => {
    expect(select(pattern)).toEqual(hosts === '' ? [] : [hosts]);
  });

  it.each([
    ['all', 'db', 'db-a db-b'],
    ['web', 'web-1,db', 'web-1'],
    ['web', '!web-1', 'web-2 web-3 web-4'],
    ['web:db', 'eu', 'web-1 db-a'],
  ])('%s limited to %s', (pattern, limit, hosts) => {
    expect(select(pattern, limit)).toEqual([hosts]);
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
      'error: the inventory has no host or group "quartz" [unknown-host]\n  help: It has the groups web, db, eu, none, v6, all and the hosts web-1, web-2, web-3, web-4, db-a, db-b, fe80::1, localhost.',
    ],
    ['web[9]', undefined, 'error: "web[9]" goes beyond the 4 hosts of "web" [pattern-subscript]'],
    ['z*', undefined, 'warning: no host or group matches "z*" [no-hosts-matched]'],
    ['none', undefined, 'warning: the group "none" has no hosts [empty-group]'],
    ['', undefined, 'error: the pattern of hosts is empty [empty-pattern]\n  help: Name hosts or groups; `all` means every host.'],
  ])('%s with limit %s says what is wrong', (pattern, limit, text) => {
    expect(select(pattern, limit).at(-1)).toBe(text);
  });

  it('says which regular expression is broken', () => {
    expect(select('~web-(').at(-1)).toMatch(/^error: "~web-\(" is not a regular expression: /);
  });

  it('does not take the colons of a regular expression group apart from its brackets', () => {
    expect(select('~web-[1:2]$')).toEqual(['web-1 web-2']);
  });
});
