// What people see when something is wrong with what they gave: exactly.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vezaRunHere } from '../support/cli-here.ts';
import { expectGolden } from '../support/golden.ts';

let directory = '';
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'veza-cli-'))));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const inventory = `all:
  vars: { ansible_connection: local }
  children:
    web: { hosts: { web-1: {}, web-2: {} } }
    gone:
      vars: { ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1 }
      hosts: { gone-1: {} }
`;
const play = (tasks: string) => `- name: Site\n  hosts: web\n  tasks:\n${tasks}`;
const fine = play('    - name: Say\n      debug: { msg: hello }\n');

interface Case {
  readonly name: string;
  readonly playbook?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly words?: readonly string[];
  readonly exitCode: number;
}

const cases: readonly Case[] = [
  { name: 'unknown host in limit', words: ['--limit', 'web-3'], exitCode: 1 },
  { name: 'missing inventory', words: ['-i', 'nowhere.yml'], exitCode: 1 },
  { name: 'broken inventory', files: { 'inventory.yml': 'all:\n  hosts: [web-1\n' }, exitCode: 1 },
  { name: 'unknown hosts in a play', playbook: fine.replace('hosts: web', 'hosts: wep'), exitCode: 1 },
  {
    name: 'many mistakes at once',
    playbook: play(`    - copi: { dest: /x, content: x }
    - copy: { dest: /x, contents: x }
    - debug: { msg: "{{ a + }}" }
      whenn: true
      notify: nobody
`),
    exitCode: 1,
  },
  { name: 'unsupported keyword', playbook: play('    - debug: { msg: x }\n      debugger: always\n'), exitCode: 1 },
  { name: 'broken YAML', playbook: '- hosts: all\n  tasks:\n    - debug: { msg: "x }\n', exitCode: 1 },
  {
    name: 'undefined variable',
    playbook: play('    - name: Say\n      debug:\n        msg: "{{ greting }}"\n'),
    words: ['-e', 'greeting=x'],
    exitCode: 1,
  },
  {
    name: 'handlebars syntax',
    playbook: play('    - name: Render\n      template: { src: motd.hbs, dest: "{{ playbook_dir }}/out" }\n'),
    files: { 'templates/motd.hbs': 'Hello\n{{#if name}}\nno end\n' },
    exitCode: 1,
  },
  {
    name: 'handlebars variable',
    playbook: play('    - name: Render\n      template: { src: motd.hbs, dest: "{{ playbook_dir }}/out" }\n'),
    files: { 'templates/motd.hbs': 'Hello\n  {{ nmae }}\n' },
    words: ['-e', 'name=x'],
    exitCode: 1,
  },
  {
    name: 'role argument',
    playbook: '- hosts: web\n  roles: [{ role: app, vars: { port: many } }]\n',
    files: {
      'roles/app/meta/argument_specs.yml':
        'argument_specs:\n  main:\n    options:\n      port: { type: int, required: true, description: where it listens }\n',
      'roles/app/tasks/main.yml': '- debug: { msg: x }\n',
    },
    exitCode: 1,
  },
  {
    name: 'missing file',
    playbook: play('    - name: Copy\n      copy: { src: nothing.conf, dest: "{{ playbook_dir }}/out" }\n'),
    exitCode: 3,
  },
  { name: 'failed command', playbook: play('    - name: Look\n      command: ls /nowhere/at/all\n'), exitCode: 3 },
  {
    name: 'failed validation',
    playbook: play(
      '    - name: Write\n      copy: { dest: "{{ playbook_dir }}/checked", content: bad, validate: "grep -q good %s" }\n',
    ),
    exitCode: 3,
  },
  {
    name: 'unreachable host',
    playbook: '- hosts: all\n  tasks:\n    - name: Run\n      command: "true"\n',
    exitCode: 4,
  },
  { name: 'wrong forks', words: ['--forks', 'many'], exitCode: 1 },
  { name: 'wrong extra vars', words: ['-e', 'garbage', '-e', '@nowhere.yml', '-e', '{a: [}'], exitCode: 1 },
  { name: 'unknown option', words: ['--chek'], exitCode: 1 },
];

describe('bad input', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (name, one) => {
    const folder = join(directory, name.replaceAll(' ', '-'));
    const files = { 'inventory.yml': inventory, 'site.yml': one.playbook ?? fine, ...one.files };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const sources = one.words?.includes('-i') ? [] : ['-i', 'inventory.yml'];
    const words = ['site.yml', ...sources, ...(one.words ?? [])];
    const result = await vezaRunHere(words, folder);
    const shown = `$ veza-run ${words.join(' ')}\n${result.stderr}${result.stdout}exit code ${result.exitCode}\n`
      .replaceAll(folder, '/project')
      .replace(/\d+\.\d s$/m, '0.0 s');
    expectGolden(join(import.meta.dirname, 'golden', `${name.replaceAll(' ', '-')}.golden.txt`), shown);
    expect(result.exitCode).toBe(one.exitCode);
    expect(shown).not.toMatch(/at .*\.ts:\d+|please report/);
  });

  it('a missing playbook', async () => {
    const { exitCode, stderr } = await vezaRunHere(['nowhere.yml', '-i', 'localhost,'], directory);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('there is no playbook');
  });
});
