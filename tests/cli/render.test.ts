// `veza-run render`: templates as hosts would get them.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vezaRunHere } from '../support/cli-here.ts';

const files: Readonly<Record<string, string>> = {
  'hosts.yml': 'all: { vars: { motd: hello }, hosts: { web-1: { port: 81 }, db-1: {} } }\n',
  'plain.j2': '{{ motd }} from {{ inventory_hostname }}{% if port is defined %}:{{ port }}{% endif %}\n',
  'plain.hbs': '{{motd}} from {{inventory_hostname}}\n',
  'broken.j2': 'one\n{{ mtd }}\n',
  'unclosed.hbs': 'one\n{{#if motd}}\n',
  'roles/app/defaults/main.yml': 'app_name: default\n',
  'roles/app/tasks/main.yml': '- debug: { msg: x }\n',
  'roles/app/templates/app.conf.j2': 'name={{ app_name }} play={{ in_play | default("none") }}\n',
  'site.yml': '- hosts: web-1\n  vars: { in_play: "yes" }\n  roles: [{ role: app, app_name: given }]\n',
};

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'veza-render-')));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const render = (...words: string[]) => vezaRunHere(['render', ...words, '-i', 'hosts.yml'], folder);

describe('veza-run render', () => {
  it.each([
    ['Jinja', ['plain.j2', '--host', 'web-1'], 'hello from web-1:81\n'],
    ['Handlebars', ['plain.hbs', '--host', 'db-1'], 'hello from db-1\n'],
    ['extra variables', ['plain.j2', '--host', 'db-1', '-e', 'motd=bye'], 'bye from db-1\n'],
    ['defaults of its role', ['roles/app/templates/app.conf.j2', '--host', 'db-1'], 'name=default play=none\n'],
    [
      'a role by name',
      ['roles/app/templates/app.conf.j2', '--host', 'db-1', '--role', 'app'],
      'name=default play=none\n',
    ],
    [
      'a play and its parameters',
      ['roles/app/templates/app.conf.j2', '--host', 'web-1', '--playbook', 'site.yml'],
      'name=given play=yes\n',
    ],
  ])('knows %s', async (_what, words, text) => {
    expect(await render(...words)).toEqual({ exitCode: 0, stdout: text, stderr: '' });
  });

  // 2,000 times the same letter: in an engine that only backtracks, minutes.
  it('is not held up by a regular expression that backtracks without end', async () => {
    writeFileSync(join(folder, 'slow.j2'), "{{ ('a' * 2000) is match('^a*a*a*a*a*c') }}\n");
    expect((await render('slow.j2', '--host', 'db-1')).stdout).toBe('False\n');
  });

  it('writes a file, or shows what would be different', async () => {
    expect((await render('plain.hbs', '--host', 'db-1', '--output', 'out')).exitCode).toBe(0);
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('hello from db-1\n');
    expect(await render('plain.hbs', '--host', 'db-1', '--diff', 'out')).toMatchObject({ exitCode: 0, stdout: '' });
    const different = await render('plain.hbs', '--host', 'web-1', '--diff', 'out');
    expect(different.exitCode).toBe(2);
    expect(different.stdout).toContain('-hello from db-1\n+hello from web-1\n');
  });

  it.each([
    [['broken.j2', '--host', 'web-1'], "broken.j2:2:4: error: 'mtd' is undefined", 'motd'],
    [['unclosed.hbs', '--host', 'web-1'], 'unclosed.hbs:', 'never closed'],
    [['plain.j2', '--host', 'web-2'], 'the inventory has no host "web-2"', 'web-1'],
    [['nothing.j2', '--host', 'web-1'], 'there is no template "nothing.j2"', ''],
    [['plain.j2', '--host', 'db-1', '--playbook', 'site.yml'], 'site.yml has no play for db-1', ''],
  ])('says what is wrong with %j', async (words, message, more) => {
    const { stderr, exitCode } = await render(...words);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain(more);
  });
});
