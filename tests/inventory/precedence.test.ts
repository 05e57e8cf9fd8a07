// The order of variables, as users of Ansible know it.
import { expect, it } from 'vitest';
import { precedence, rankOf } from '../../src/inventory/precedence.ts';

it('has every level once', () => {
  expect(new Set(precedence.map(({ name }) => name)).size).toBe(precedence.length);
});

it.each([
  ['role defaults', 'inventory group'],
  ['inventory group', 'inventory group_vars/all'],
  ['playbook group_vars/all', 'inventory group_vars'],
  ['playbook group_vars', 'inventory host'],
  ['playbook host_vars', 'facts'],
  ['facts', 'play vars'],
  ['play vars_files', 'role vars'],
  ['role vars', 'block vars'],
  ['task vars', 'include_vars'],
  ['set_fact and register', 'role params'],
  ['include params', 'extra vars'],
] as const)('%s lose to %s', (lower, higher) => {
  expect(rankOf(lower)).toBeLessThan(rankOf(higher));
});
