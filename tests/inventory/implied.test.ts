// localhost, which need not be listed.
import { expect, it } from 'vitest';
import { loadInventory } from '../../src/inventory/load.ts';
import { filesOf } from '../support/text-cases.ts';

const load = (text: string) =>
  loadInventory(['i/hosts.yml'], {
    files: filesOf(
      new Map([
        ['i/hosts.yml', text],
        ['i/group_vars/all.yml', 'x: 1\n'],
      ]),
    ),
  }).inventory!;
const layers = (text: string) =>
  load(text)
    .hosts.get('localhost')
    ?.layers.map(({ origin, variables }) => [origin, ...[...variables].map(([name, { raw }]) => [name, raw])]);

it('is there, over a local connection, but not one of all', () => {
  expect(layers('web: { hosts: { a: } }')).toEqual([
    ['group_vars/all', ['x', 1]],
    ['host localhost', ['ansible_connection', 'local']],
  ]);
  expect(load('web: { hosts: { a: } }').groups.get('all')?.hosts).toEqual(['a']);
});

it('is what the inventory says where it is listed', () => {
  expect(layers('web: { hosts: { localhost: { y: 2 } } }')).toEqual([
    ['group_vars/all', ['x', 1]],
    ['host localhost', ['y', 2]],
  ]);
  expect(load('web: { hosts: { localhost: } }').groups.get('all')?.hosts).toEqual(['localhost']);
});

it('shares the variables of groups between hosts', () => {
  const { hosts } = load('web: { hosts: { "h[1:3]": }, vars: { v: 1 } }');
  expect(hosts.get('h1')?.layers[0]).toBe(hosts.get('h3')?.layers[0]);
});
