// The order of variables through the engine's real scope: tables/precedence.txt has every pair of levels, as measured
// with ansible-core 2.14. Each pair is one variable that both levels set; the higher one must be seen.
import { createController } from '../../src/adapters/controller.ts';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settersOf, shadowedIn } from '../../src/engine/explain.ts';
import { tasksOf } from '../../src/playbook/walk.ts';
import { playVariables } from '../../src/engine/run.ts';
import { layersOf, type ScopeHost, type ScopeRun } from '../../src/engine/variables.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { precedence, rankOf, type PrecedenceName } from '../../src/inventory/precedence.ts';
import { createScope } from '../../src/language/scope.ts';
import { parseVariableFile } from '../../src/language/yaml-variables.ts';
import { catalog } from '../../src/modules/index.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { filesOf } from '../support/text-cases.ts';

const pairs = readFileSync(join(import.meta.dirname, 'tables/precedence.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' < ') as [PrecedenceName, PrecedenceName]);

const variableOf = (lower: string, higher: string) => `v_${lower}_${higher}`.replace(/\W/g, '_');

/** What a level sets, as a flow map. */
function setBy(level: PrecedenceName): string {
  const entries = pairs
    .filter((pair) => pair.includes(level))
    .map(([lower, higher]) => `${variableOf(lower, higher)}: ${level}`);
  return `{ ${entries.join(', ')} }`;
}

const files = filesOf(
  new Map([
    [
      'inventory/hosts.yml',
      `all: { children: { web: { vars: ${setBy('inventory group')}, hosts: { h: ${setBy('inventory host')} } } } }`,
    ],
    ['inventory/group_vars/all.yml', setBy('inventory group_vars/all')],
    ['playbooks/group_vars/all.yml', setBy('playbook group_vars/all')],
    ['inventory/group_vars/web.yml', setBy('inventory group_vars')],
    ['playbooks/group_vars/web.yml', setBy('playbook group_vars')],
    ['inventory/host_vars/h.yml', setBy('inventory host_vars')],
    ['playbooks/host_vars/h.yml', setBy('playbook host_vars')],
    ['playbooks/more.yml', setBy('play vars_files')],
    ['playbooks/roles/app/defaults/main.yml', setBy('role defaults')],
    ['playbooks/roles/app/vars/main.yml', setBy('role vars')],
    [
      'playbooks/roles/app/tasks/main.yml',
      `- vars: ${setBy('block vars')}
  block:
    - include_tasks: inner.yml
      vars: ${setBy('include params')}
`,
    ],
    ['playbooks/roles/app/tasks/inner.yml', `- debug: { msg: x }\n  vars: ${setBy('task vars')}\n`],
    [
      'playbooks/site.yml',
      `- hosts: web
  vars: ${setBy('play vars')}
  vars_files: [more.yml]
  roles:
    - { role: app, vars: ${setBy('role entry vars')}, ${setBy('role params').slice(2, -2)} }
`,
    ],
  ]),
);

const { inventory } = loadInventory(['inventory/hosts.yml'], { files, playbookDirectory: 'playbooks' });
const { playbook, diagnostics } = loadPlaybook('playbooks/site.yml', {
  files,
  modules: catalog,
});

function variables(level: PrecedenceName) {
  return parseVariableFile(setBy(level), level).variables;
}

function values(level: PrecedenceName): Record<string, string> {
  return Object.fromEntries([...variables(level)].map(([name]) => [name, level]));
}

function layers() {
  const [play] = playbook!.plays;
  const task = tasksOf(play!.sections.flatMap(({ nodes }) => nodes)).at(-1);
  const host: ScopeHost = {
    host: inventory!.hosts.get('h')!,
    gathered: { get: (name) => values('facts')[name], names: () => Object.keys(values('facts')) },
    includedRoles: [],
    included: new Map(variables('include_vars')),
    facts: values('set_fact and register'),
  };
  const options: ScopeRun['options'] & Parameters<typeof playVariables>[0]['options'] = {
    inventory: inventory!,
    extraVars: variables('extra vars'),
    inventoryDirectory: 'inventory',
    controller: createController(() => ''),
    checkMode: false,
    diff: false,
    tags: [],
    readVariables: ([name = '']) => parseVariableFile(files.read(join('playbooks', name)) ?? '', name).variables,
  };
  const run = { options, hosts: new Map([['h', host]]) };
  const shared = {
    ...playVariables(run, play!, dirname('playbooks/site.yml')),
    prompted: variables('play vars_prompt'),
  };
  return layersOf(run, host, shared, task!, values('loop variables'));
}

describe('precedence of variables', () => {
  const all = layers();
  const scope = createScope(all);

  it('reads what it is about without a problem', () => {
    expect(diagnostics).toEqual([]);
    expect(pairs.length).toBeGreaterThan(200);
  });

  it.each(pairs)('%s lose to %s', (lower, higher) => {
    const name = variableOf(lower, higher);
    expect(scope.get(name)).toBe(higher);
    expect(rankOf(lower)).toBeLessThan(rankOf(higher));
    const setters = settersOf(all, name, scope);
    expect(setters.map(({ level, wins }) => [level, wins])).toEqual([
      [lower, false],
      [higher, true],
    ]);
  });

  it('has every level once, and every level in the pairs that people can set', () => {
    const names = precedence.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const told: ReadonlySet<string> = new Set(['names of the run', 'magic variables']);
    expect(new Set(pairs.flat())).toEqual(new Set(names.filter((name) => !told.has(name))));
  });

  it('lets anything outdo the names of the run, and nothing the magic variables', () => {
    const own = parseVariableFile('{ role_name: mine, playbook_dir: mine }', 'x').variables;
    const level = 'inventory group';
    const more = [...all, { kind: 'templated', variables: own, level, origin: 'x' } as const].toSorted(
      (left, right) => rankOf(left.level) - rankOf(right.level),
    );
    const extended = createScope(more);
    expect(extended.get('role_name')).toBe('mine');
    expect(extended.get('playbook_dir')).toBe('playbooks');
  });

  it('tells what loses silently, but not of defaults', () => {
    const shadowed = shadowedIn(all);
    const of = (name: string) => shadowed.find((one) => one.name === name);
    const lost = of(variableOf('inventory group', 'play vars'));
    expect(lost).toMatchObject({ loser: { level: 'inventory group' }, winner: { level: 'play vars' } });
    expect(lost?.loserAt.file).toBe('inventory/hosts.yml');
    expect(lost?.winnerAt.file).toBe('playbooks/site.yml');
    expect(of(variableOf('role defaults', 'play vars'))).toBeUndefined();
  });
});
