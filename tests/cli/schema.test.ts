// `veza-run schema`: what editors know of our files. What is right validates, and typical slips do not.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editorSchema, schemaNames, type SchemaName } from '../../src/cli/editor-schema/schemas.ts';
import { keywords } from '../../src/playbook/keywords.ts';
import { modules } from '../../src/modules/index.ts';
import { projectDirectory } from '../support/cli.ts';
import { vezaRunHere } from '../support/cli-here.ts';

const ajv = new Ajv({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
});
const validators = new Map<SchemaName, ValidateFunction>(
  schemaNames.map((name) => [name, ajv.compile(editorSchema(name, modules))]),
);

/** What is wrong with a YAML text, or an empty list. */
function problems(name: SchemaName, yaml: string): readonly string[] {
  const validate = validators.get(name);
  if (!validate) throw new Error(`no schema ${name}`);
  if (validate(parse(yaml, { merge: true }))) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function filesBelow(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(join(projectDirectory, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => pattern.test(path));
}

const own: readonly (readonly [SchemaName, readonly string[]])[] = [
  ['playbook', filesBelow('playbooks', /\.yml$/)],
  ['tasks', filesBelow('roles', /\/tasks\/.*\.yml$/)],
  ['handlers', filesBelow('roles', /\/handlers\/.*\.yml$/)],
  ['role-meta', filesBelow('roles', /\/meta\/main\.yml$/)],
  ['argument-specs', filesBelow('roles', /\/meta\/argument_specs\.yml$/)],
  ['vars', [...filesBelow('roles', /\/(?:defaults|vars)\/.*\.yml$/), ...filesBelow('inventory', /_vars\/.*\.yml$/)]],
  ['inventory', filesBelow('inventory', /^inventory\/[^/]+\.yml$/)],
];

describe('the schemas for editors', () => {
  const cases = own.flatMap(([name, files]) => files.map((file) => [file, name] as const));
  it.each(cases)('%s is a valid %s', (file, name) => {
    expect(problems(name, readFileSync(join(projectDirectory, file), 'utf8'))).toEqual([]);
  });

  it('look at files of every sort', () => {
    for (const [name, files] of own) if (name !== 'role-meta') expect(files, name).not.toEqual([]);
  });

  it('take the examples of every module, by its short and its full name', () => {
    for (const { name, examples } of modules)
      for (const { args } of examples)
        for (const key of [name, `ansible.builtin.${name}`])
          expect(problems('tasks', JSON.stringify([{ [key]: args }])), name).toEqual([]);
  });

  it('describe every keyword where it may stand', () => {
    const schema = JSON.stringify(editorSchema('playbook', modules));
    const play = editorSchema('playbook', modules)['definitions'] as Record<string, { properties?: object }>;
    for (const [name, keyword] of Object.entries(keywords)) {
      if (keyword.unsupported?.length === keyword.places.length && !keyword.harmless) continue;
      expect(schema).toContain(`"${name}":{"description":"`);
    }
    expect(Object.keys(play['play']?.properties ?? {})).toContain('serial');
    expect(Object.keys(play['task']?.properties ?? {})).not.toContain('serial');
  });

  it.each<[string, SchemaName, string]>([
    [
      'everything a play can say',
      'playbook',
      `
- name: Site
  hosts: [web, db]
  gather_facts: false
  serial: [1, "50%"]
  become: "{{ privileged }}"
  vars: { port: 80 }
  vars_files: [a.yml]
  module_defaults: { copy: { owner: root } }
  roles: [common, { role: app, app_port: 8080, tags: [app] }]
  pre_tasks:
    - command: ls -l
  tasks:
    - block:
        - shell: { cmd: "x | y", creates: /x }
          register: result
          until: result is succeeded
          retries: 3
      rescue: [{ debug: { msg: "{{ result }}" } }]
      when: [a, not b]
    - copy: { dest: "{{ path }}", content: x, mode: "{{ mode }}" }
      loop: "{{ things }}"
      loop_control: { label: "{{ item.name }}" }
      notify: Restart
    - include_role: { name: x, tasks_from: y }
    - import_tasks: more.yml
    - stat: { dest: /x }
    - user: { name: app, uid: "{{ id }}", groups: [a, "{{ b }}"] }
      with_items: [1]
  handlers:
    - name: Restart
      service: { name: x, state: restarted }
      listen: all
- import_playbook: other.yml
  tags: x`.replace(/\n.*service: .*/, '\n      systemd_service: { name: x, state: restarted }'),
    ],
    [
      'an inventory',
      'inventory',
      `
all:
  vars: { ansible_user: deploy, ansible_port: "{{ p }}" }
  hosts: { web-1: , "web-[02:09]": { ansible_host: 10.0.0.1 } }
  children: { db: { hosts: db-1 }, none: }`,
    ],
  ])('take %s', (_what, name, yaml) => {
    expect(problems(name, yaml)).toEqual([]);
  });

  it.each<[string, SchemaName, string, string]>([
    ['an unknown keyword', 'playbook', '- { hosts: all, taks: [] }', 'taks'],
    ['a play without hosts', 'playbook', '- { tasks: [] }', 'hosts'],
    ['a keyword of another place', 'tasks', '- { debug: { msg: x }, serial: 1 }', 'serial'],
    ['an unsupported keyword', 'tasks', '- { debug: { msg: x }, async: 10 }', 'async'],
    ['an unknown module', 'tasks', '- { copi: { dest: /x } }', 'copi'],
    ['a task without a module', 'tasks', '- { name: x }', 'required'],
    ['an unknown argument', 'tasks', '- { copy: { dest: /x, contents: x } }', 'contents'],
    ['a missing argument', 'tasks', '- { copy: { content: x } }', 'dest'],
    ['a wrong choice', 'tasks', '- { file: { path: /x, state: foldr } }', 'state'],
    ['a wrong type', 'tasks', '- { stat: { path: /x, follow: maybe } }', 'follow'],
    ['a wrong type of a keyword', 'tasks', '- { debug: { msg: x }, become: "yes please" }', 'become'],
    ['text for a list', 'playbook', '- { hosts: all, tasks: none }', 'tasks'],
    ['a slip in loop_control', 'tasks', '- { debug: { msg: x }, loop: [1], loop_control: { lable: x } }', 'lable'],
    ['a name that cannot be one', 'tasks', '- { debug: { msg: x }, register: "my-result" }', 'register'],
    ['a slip in a block', 'tasks', '- { block: [], resuce: [] }', 'resuce'],
    ['a slip within a block', 'tasks', '- { block: [{ debug: { mgs: x } }] }', 'mgs'],
    ['a slip in a group', 'inventory', 'web: { host: { a: } }', 'host'],
    ['a list of hosts', 'inventory', 'web: { hosts: [a, b] }', 'hosts'],
    [
      'a connection that is none',
      'inventory',
      'web: { hosts: { a: { ansible_connection: telnet } } }',
      'ansible_connection',
    ],
    ['a variable that cannot be one', 'vars', 'my-port: 80', 'my-port'],
    ['a type that is none', 'argument-specs', 'argument_specs: { main: { options: { a: { type: strng } } } }', 'type'],
    [
      'a slip in a description',
      'argument-specs',
      'argument_specs: { main: { options: { a: { requird: true } } } }',
      'requird',
    ],
    ['a dependency without a name', 'role-meta', 'dependencies: [{ vars: {} }]', 'dependencies'],
  ])('refuse %s', (_what, name, yaml, named) => {
    expect(problems(name, yaml).join('\n')).toContain(named);
  });
});

describe('veza-run schema', () => {
  const folder = mkdtempSync(join(tmpdir(), 'veza-schema-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints one of them', async () => {
    const { stdout, exitCode } = await vezaRunHere(['schema', 'inventory'], folder);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(editorSchema('inventory', modules))));
    expect((await vezaRunHere(['schema', 'playbok'], folder)).stderr).toContain('Did you mean "playbook"?');
  });

  it('writes all of them, and says how to switch them on', async () => {
    const { stdout } = await vezaRunHere(['schema', '--write', 'schemas'], folder);
    expect(readdirSync(join(folder, 'schemas'))).toHaveLength(schemaNames.length);
    expect(stdout).toContain('"./schemas/veza-run-playbook.schema.json": [\n      "playbooks/*.yml"');
    expect(stdout).toContain('# yaml-language-server: $schema=./schemas/veza-run-playbook.schema.json');
  });
});
