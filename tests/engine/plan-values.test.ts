// What plans hold of values: fingerprints in place of secrets, and tasks that are worked elsewhere.
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { compareHosts } from '../../src/engine/plan/compare.ts';
import { createFingerprinter } from '../../src/engine/plan/fingerprint.ts';
import { planSchema } from '../../src/engine/plan/schema.ts';
import { constantValue } from '../../src/language/templated.ts';
import { unknown } from '../../src/core/unknown.ts';
import { Workspace } from './support/harness.ts';
import { applied, fingerprints, planOf, salt, saved } from './support/plans.ts';

describe('fingerprints', () => {
  const of = (value: unknown, secret = false) => fingerprints.of(value, secret);

  it('are the same for the same value, whatever the order of its keys', () => {
    expect(of({ a: 1, b: [1, { c: null }] })).toBe(of({ b: [1, { c: null }], a: 1 }));
    expect(of('1')).not.toBe(of(1));
    expect(of(['a', 'b'])).not.toBe(of(['ab']));
    expect(of(unknown('later'))).toBe('*');
  });

  it('are of one plan only, and depend on variables that the plan does not hold', () => {
    const variables = (value: string) => new Map([['token', constantValue(value)]]);
    const mine = createFingerprinter(salt, variables('a'));
    const others = [
      createFingerprinter(salt, variables('b')),
      createFingerprinter(salt.replace('A', 'B'), variables('a')),
    ];
    expect(createFingerprinter(salt, variables('a')).of('x', false)).toBe(mine.of('x', false));
    for (const other of others) {
      expect(other.of('x', false)).not.toBe(mine.of('x', false));
      expect(other.extraVars).not.toEqual(mine.extraVars);
    }
  });

  it('of secrets are slow to guess', () => {
    const startedAt = performance.now();
    expect(of('hunter2', true)).not.toBe(of('hunter2'));
    // scrypt with 32 MB takes tens of milliseconds on any machine, an HMAC microseconds.
    expect(performance.now() - startedAt).toBeGreaterThan(5);
  });
});

describe('a saved plan of tasks that are worked elsewhere', () => {
  const pool = `
- { name: enlist, copy: { dest: '{{ root }}/pool-{{ inventory_hostname }}', content: x }, delegate_to: lb }
- { name: once, copy: { dest: '{{ root }}/once', content: x }, run_once: true }`;
  const inventory = {
    inventory:
      'all:\n  vars: { ansible_connection: local }\n  children: { web: { hosts: { h1: {}, h2: {} } }, other: { hosts: { lb: {} } } }\n',
    limit: 'web',
  };
  const onWeb = `- hosts: web\n  tasks:${pool.replaceAll('\n', '\n    ')}\n`;

  it('names the host whose thing changes, and whose task it is', async () => {
    using host = new Workspace();
    const hosts = await planOf(host, onWeb, inventory);
    const told = Object.fromEntries(
      hosts.map(({ name, tasks }) => [name, tasks.map((task) => `${task.name} ${task.delegatedBy ?? '-'}`).sort()]),
    );
    expect(told).toEqual({ h1: ['once -'], h2: [], lb: ['enlist h1', 'enlist h2'] });
    expect(new Ajv().validate(planSchema, saved(hosts))).toBe(true);
    expect(compareHosts(hosts, await planOf(host, onWeb, inventory))).toEqual([]);
  });

  it('lets them be done as it says, and nothing else on that host', async () => {
    using host = new Workspace();
    const hosts = await planOf(host, onWeb, inventory);
    const run = await applied(host, onWeb, hosts, inventory);
    expect([run.totals['h1'], run.totals['h2']]).toMatchObject([
      { changed: 2, failed: 0 },
      { changed: 1, failed: 0 },
    ]);
    using other = new Workspace();
    const stopped = await applied(other, onWeb, hosts, inventory);
    expect(stopped.json).toContain('which the plan does not say');
    expect(stopped.totals['h1']).toMatchObject({ changed: 0, failed: 1 });
    expect([other.exists('pool-h1'), other.exists('once')]).toEqual([false, false]);
  });

  it('does not hold one to a host that was not known', async () => {
    using host = new Workspace();
    const yaml = `
- { name: ask, command: 'echo h2', register: found }
- { name: there, copy: { dest: '{{ root }}/there-{{ inventory_hostname }}', content: x }, delegate_to: '{{ found.stdout }}' }`;
    const hosts = await planOf(host, yaml, { hosts: ['h1', 'h2'] });
    const run = await applied(host, yaml, hosts, { hosts: ['h1', 'h2'] });
    expect(run.result('there').status).toBe('changed');
  });
});
