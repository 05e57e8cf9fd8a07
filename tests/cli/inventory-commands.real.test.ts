// `vault`, `vars` and `inventory` as people use them: as processes, on files.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vezaRun } from '../support/cli.ts';

let directory = '';
const path = (name: string) => join(directory, name);
const run = (...words: readonly string[]) => vezaRun(words, {}, directory);
const write = (name: string, text: string, mode = 0o644) => {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), text);
  chmodSync(path(name), mode);
};

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'veza-inventory-'));
  write('pw', 'correct horse\n');
  write('other', 'battery staple\n');
  write('pw.sh', '#!/bin/sh\necho correct horse\n', 0o755);
  write(
    'hosts.yml',
    'all: { vars: { ansible_connection: local, port: 80 }, children: { web: { hosts: { w1: , w2: } } } }\n',
  );
  write('group_vars/web.yml', 'port: 8080\n');
  write('host_vars/w1.yml', 'port: "{{ base + 1 }}"\nbase: 9000\nansible_become_password: hush-hush\n');
  write(
    'dynamic.sh',
    '#!/bin/sh\n[ "$1" = --list ] && echo \'{"dyn": ["d1"]}\' || echo "{\\"who\\": \\"$2\\"}"\n',
    0o755,
  );
  write('broken.sh', '#!/bin/sh\necho no cloud today >&2\nexit 7\n', 0o755);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('veza-run vault', () => {
  it('encrypts in place for its owner, shows, changes the password and decrypts', async () => {
    write('secret.yml', 'token: abc-def-ghi\n', 0o600);
    expect((await run('vault', 'encrypt', 'secret.yml', '--vault-id', 'prod@pw')).exitCode).toBe(0);
    expect(readFileSync(path('secret.yml'), 'utf8')).toMatch(/^\$VEZA_VAULT;1;AES256-GCM;.*;prod\n/);
    expect(statSync(path('secret.yml')).mode & 0o777).toBe(0o600);
    expect((await run('vault', 'view', 'secret.yml', '--vault-password-file', 'pw.sh')).stdout).toBe(
      'token: abc-def-ghi\n',
    );
    await run('vault', 'rekey', 'secret.yml', '--vault-password-file', 'pw', '--new-vault-password-file', 'other');
    const wrong = await run('vault', 'view', 'secret.yml', '--vault-password-file', 'pw');
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toContain('[vault-wrong-password]');
    await run('vault', 'decrypt', 'secret.yml', '--vault-password-file', 'other');
    expect(readFileSync(path('secret.yml'), 'utf8')).toBe('token: abc-def-ghi\n');
  });

  it('opens encrypted files wherever they are read: lookups, templates, what templates include, partials', async () => {
    const render = { 'main.j2': '{% include "part.j2" %}', 'main.hbs': '{{> shared}}' };
    for (const [name, text] of Object.entries({
      ...render,
      'part.j2': 'part {{ port }}',
      'shared.hbs': 'shared {{port}}',
    }))
      write(`tpl/${name}`, text);
    write('site.yml', "- { hosts: localhost, tasks: [{ debug: { msg: \"{{ lookup('file', 'note') }}\" } }] }\n");
    write('files/note', 'one more horse');
    const password = ['--vault-password-file', 'pw'];
    for (const name of ['tpl/main.j2', 'tpl/part.j2', 'tpl/shared.hbs', 'files/note'])
      expect((await run('vault', 'encrypt', name, ...password)).exitCode).toBe(0);
    const host = ['-i', 'hosts.yml', '--host', 'w1', '-e', 'port=1', ...password];
    expect((await run('render', 'tpl/main.j2', ...host)).stdout).toBe('part 1');
    expect((await run('render', 'tpl/main.hbs', ...host)).stdout).toBe('shared 1');
    const played = await run('site.yml', ...password);
    expect(played.stderr).toBe('');
    expect(played.exitCode).toBe(0);
    // It was secret in its file, so it is in no output.
    expect(played.stdout).not.toContain('one more horse');
    const closed = await run('site.yml');
    expect(closed.exitCode).toBe(3);
    expect(closed.stdout).toContain('there is no password for it');
  });

  it('refuses what is encrypted already, and what is not, and changes nothing then', async () => {
    write('plain.yml', 'a: 1\n');
    expect((await run('vault', 'decrypt', 'plain.yml', '--vault-password-file', 'pw')).stderr).toContain(
      '[vault-not-encrypted]',
    );
    await run('vault', 'encrypt', 'plain.yml', '--vault-password-file', 'pw');
    const before = readFileSync(path('plain.yml'), 'utf8');
    expect((await run('vault', 'encrypt', 'plain.yml', '--vault-password-file', 'pw')).stderr).toContain(
      '[vault-encrypted]',
    );
    expect(readFileSync(path('plain.yml'), 'utf8')).toBe(before);
  });
});

describe('encrypted files and values in a run', () => {
  it('are used as plain text, and appear nowhere', async () => {
    write('group_vars/all.yml', 'db_password: hunter2-secret\n');
    write('files/app.env', 'KEY=file-secret-value\n');
    write('templates/app.j2', 'pw={{ db_password }}\nfixed-template-secret\n');
    for (const file of ['group_vars/all.yml', 'files/app.env', 'templates/app.j2'])
      await run('vault', 'encrypt', file, '--vault-password-file', 'pw', '--format', 'ansible');
    const inline = await run(
      'vault',
      'encrypt-string',
      'inline-secret',
      '--name',
      'own',
      '--vault-password-file',
      'pw',
    );
    write('inline.yml', inline.stdout);
    write(
      'site.yml',
      `- hosts: w2
  vars_files: [inline.yml]
  tasks:
    - debug: { msg: "{{ db_password }} {{ own }} {{ own | b64encode }}" }
    - copy: { src: app.env, dest: "{{ playbook_dir }}/out.env" }
    - template: { src: app.j2, dest: "{{ playbook_dir }}/out.conf" }
    - command: "echo {{ own }}; exit 1"
      ignore_errors: true
    - fail: { msg: "not with {{ db_password }}" }
`,
    );
    const secrets = [
      'hunter2-secret',
      'file-secret-value',
      'fixed-template-secret',
      'inline-secret',
      'aW5saW5lLXNlY3JldA==',
    ];
    for (const words of [
      ['-D', '-vvv'],
      ['--json', '-D'],
      ['-C', '-D'],
    ]) {
      const result = await run('site.yml', '-i', 'hosts.yml', '--vault-password-file', 'pw', ...words);
      expect(result.exitCode, result.stderr).toBe(3);
      for (const secret of secrets) expect(`${result.stdout}${result.stderr}`).not.toContain(secret);
    }
    expect(readFileSync(path('out.env'), 'utf8')).toBe('KEY=file-secret-value\n');
    expect(readFileSync(path('out.conf'), 'utf8')).toBe('pw=hunter2-secret\nfixed-template-secret\n');
    const shown = await run('vars', 'db_password', '-i', 'hosts.yml', '--vault-password-file', 'pw', '--explain');
    expect(shown.stdout).toContain('db_password on w1: "********"');
    const listed = await run('inventory', '-i', 'hosts.yml', '--list', '--vault-password-file', 'pw');
    expect(listed.stdout).not.toContain('hunter2-secret');
    rmSync(path('group_vars/all.yml'));
  });
});

describe('veza-run lint', () => {
  it.each(['text', 'json', 'github', 'sarif'])('tells nothing that was encrypted, as %s', async (format) => {
    write('hidden.yml', 'word: abc-def-ghi\n', 0o600);
    await run('vault', 'encrypt', 'hidden.yml', '--vault-password-file', 'pw');
    write('hidden-play.yml', '- { hosts: all, vars_files: [hidden.yml], tasks: [{ ping: , when: word }] }\n');
    const words = ['-i', 'hosts.yml', '--vault-password-file', 'pw', '--format', format];
    const { stdout } = await run('lint', 'hidden-play.yml', ...words);
    expect(stdout).toContain('********');
    expect(stdout).not.toContain('abc-def-ghi');
  });
});

describe('veza-run vars', () => {
  it('explains every layer, its place and what wins, and hides passwords', async () => {
    const { stdout } = await run('vars', 'port', '-i', 'hosts.yml', '--host', 'w1', '--explain', '-e', 'port=1');
    expect(stdout.trimEnd().split('\n')).toEqual([
      'port on w1: "1"',
      '  inventory group       hosts.yml:1:49          80',
      '  inventory group_vars  group_vars/web.yml:1:7  8080',
      '  inventory host_vars   host_vars/w1.yml:1:8    9001  from "{{ base + 1 }}"',
      '  extra vars            --extra-vars:1:1        "1"  <- wins: extra vars over inventory host_vars',
    ]);
    const all = await run('vars', '-i', 'hosts.yml', '--host', 'w1', '--json');
    expect(all.stdout).not.toContain('hush-hush');
    expect(JSON.parse(all.stdout)).toHaveLength(4);
  });

  it('makes no file of a password by looking', async () => {
    write('made.yml', `all: { hosts: { h: { made: "{{ lookup('password', 'made.txt') }}" } } }\n`);
    const { stdout } = await run('vars', 'made', '-i', 'made.yml');
    expect(stdout).toContain('is made by the run');
    expect(existsSync(path('made.txt'))).toBe(false);
  });

  it('suggests a near name', async () => {
    const { stderr, exitCode } = await run('vars', 'prot', '-i', 'hosts.yml');
    expect(exitCode).toBe(1);
    expect(stderr).toBe('error: nothing sets "prot" on any host [undefined-variable]\n  help: Did you mean "port"?\n');
  });
});

describe('veza-run inventory', () => {
  it('draws groups, limited where that is asked for', async () => {
    const { stdout } = await run('inventory', '-i', 'hosts.yml', '--graph', '-l', 'w2');
    expect(stdout).toBe('@all:\n  |--@ungrouped:\n  |--@web:\n  |  |--w2\n');
  });

  it('reads programs, and asks them for each host where they tell none', async () => {
    const { stdout } = await run('inventory', '-i', 'dynamic.sh', '--list');
    expect(JSON.parse(stdout)).toEqual({
      _meta: { hostvars: { d1: { who: 'd1' } } },
      all: { children: ['ungrouped', 'dyn'] },
      dyn: { hosts: ['d1'] },
    });
  });

  it('says why a program gives nothing, in its own words', async () => {
    const { stderr, exitCode } = await run('inventory', '-i', 'broken.sh', '--list');
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'error: broken.sh --list: it ended with exit code 7 [inventory-program]\n  help: No cloud today\n',
    );
  });

  it('names TOML as what it cannot read', async () => {
    write('hosts.toml', '[web]\n');
    expect((await run('inventory', '-i', 'hosts.toml', '--list')).stderr).toContain('[unsupported-inventory]');
  });
});
