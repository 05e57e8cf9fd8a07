// What no_log hides and what is secret by its argument is in no output, whatever flags are given.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vezaRunHere } from '../support/cli-here.ts';

const secret = "s3cr3t-'quoted' $word";
/** A piece that survives quoting, escaping and cutting. */
const trace = 's3cr3t';
const files: Readonly<Record<string, string>> = {
  'hosts.yml': 'all: { hosts: { h1: { ansible_connection: local } } }\n',
  'secrets.yml': `planted: ${JSON.stringify(secret)}\n`,
  'conf.j2': 'password={{ planted }}\n',
  'site.yml': `- hosts: all
  vars_files: [secrets.yml]
  tasks:
    - name: Content
      copy: { dest: "{{ playbook_dir }}/content", content: "{{ planted }}" }
      no_log: true
    - name: Template
      template: { src: conf.j2, dest: "{{ playbook_dir }}/templated" }
      no_log: true
    - name: Shell
      shell: "echo {{ planted | quote }}; echo {{ planted | quote }} >&2"
      no_log: true
    - name: Words
      command: { argv: [echo, "{{ planted }}"], creates: "/{{ planted }}" }
      no_log: true
    - name: Guard
      shell: { cmd: "true", unless: "echo {{ planted | quote }} | grep nothing" }
      no_log: true
    - name: Environment
      command: printenv PLANTED
      environment: { PLANTED: "{{ planted }}" }
      no_log: true
    - name: Input
      command: { cmd: cat, stdin: "{{ planted }}" }
      no_log: true
    - name: Items
      copy: { dest: "{{ playbook_dir }}/item", content: "{{ item }}" }
      loop: ["{{ planted }}"]
      no_log: true
    - name: Debug
      debug: { msg: "{{ planted }}" }
      no_log: true
    - name: Skipped
      debug: { msg: "{{ item }}" }
      loop: ["{{ planted }}"]
      when: false
      no_log: true
    - name: Again and again
      shell: "echo {{ planted | quote }}; false"
      register: tried
      until: tried is succeeded
      retries: 1
      delay: 0
      ignore_errors: true
      no_log: true
    - name: Fail
      shell: "echo {{ planted | quote }} >&2; exit 3"
      no_log: true
`,
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'veza-secrets-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const combinations = ['', '-v', '-vv', '-vvv', '-vvvv'].flatMap((level) =>
  [
    ['-C', '-D'],
    ['--json', '-D'],
    ['--junit', 'results.xml', '-D'],
  ].map((more) => [level, ...more].filter((word) => word !== '')),
);

describe('a planted secret', () => {
  it.each(combinations.map((words) => [words.join(' '), words] as const))('is not shown with %s', async (_, words) => {
    const { stdout, stderr, exitCode } = await vezaRunHere(['site.yml', '-i', 'hosts.yml', ...words], folder);
    expect(exitCode).toBe(words.includes('-C') ? 0 : 3);
    expect(stdout).toContain('Guard');
    const results = join(folder, 'results.xml');
    const everything = [stdout, stderr, existsSync(results) ? readFileSync(results, 'utf8') : ''];
    for (const text of everything) expect(text).not.toContain(trace);
    for (const text of everything) expect(text).not.toContain(Buffer.from(secret).toString('base64'));
  });

  it('is told where nothing hides it, so that the above proves something', async () => {
    writeFileSync(join(folder, 'site.yml'), (files['site.yml'] ?? '').replaceAll('no_log: true', 'no_log: false'));
    const { stdout } = await vezaRunHere(['site.yml', '-i', 'hosts.yml', '-vvvv'], folder);
    expect(stdout.split(trace).length).toBeGreaterThan(20);
  });

  it('is hidden in scripts and differences where it is an argument that is secret', async () => {
    writeFileSync(
      join(folder, 'site.yml'),
      `- hosts: all
  vars_files: [secrets.yml]
  tasks:
    - name: Account
      user: { name: nobody, password: "{{ planted }}" }
`,
    );
    const { stdout, stderr } = await vezaRunHere(['site.yml', '-i', 'hosts.yml', '-C', '-D', '-vvvv'], folder);
    expect(stdout).toContain('Account');
    expect(stdout + stderr).not.toContain(trace);
  });
});
