// The programmatic entry: the same run, told by callbacks.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiagnosticsError, runPlaybooks, type RunRequest } from '../../src/cli/api.ts';
import { projectDirectory } from '../support/cli.ts';

let folder = '';
let site = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'veza-api-'));
  site = join(folder, 'site.yml');
  writeFileSync(join(folder, 'hosts.yml'), 'all: { vars: { ansible_connection: local }, hosts: { a: {}, b: {} } }\n');
  writeFileSync(
    site,
    `- name: Site
  hosts: all
  tasks:
    - name: Write
      copy: { dest: "{{ playbook_dir }}/{{ inventory_hostname }}", content: "{{ text }}" }
    - name: Account
      user: { name: nobody, password: "{{ secret }}" }
      check_mode: true
    - name: Fail
      fail: { msg: stop }
      when: inventory_hostname == 'b'
`,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secret = '$6$planted$secrethash';
const request = (more: RunRequest = {}): RunRequest => ({
  inventory: [join(folder, 'hosts.yml')],
  extraVars: { text: 'hello', secret },
  ...more,
});

describe('runPlaybooks', () => {
  it('tells what happens, in order, and how it ended', async () => {
    const told: string[] = [];
    const stats = await runPlaybooks(
      [site],
      request({
        limit: 'b',
        onPlayStart: ({ name, hosts }) => told.push(`play ${name}: ${hosts.join()}`),
        onTaskStart: ({ name }, host) => told.push(`begin ${name} on ${host}`),
        onTaskEnd: ({ task, host, status }) => told.push(`${task.name} on ${host}: ${status}`),
        onPlayEnd: () => told.push('play over'),
        onStats: ({ hosts }) => told.push(`stats of ${Object.keys(hosts).join()}`),
      }),
    );
    expect(told[0]).toBe('play Site: b');
    expect(told.filter((line) => line.includes(': '))).toContain('Write on b: changed');
    expect(told.indexOf('begin Write on b')).toBeLessThan(told.indexOf('Write on b: changed'));
    expect(told.slice(-3)).toEqual(['Fail on b: failed', 'play over', 'stats of b']);
    expect(stats.hosts['b']).toMatchObject({ failed: 1 });
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('hello');
  });

  it('foresees with check, and masks secrets in events', async () => {
    let events = '';
    const stats = await runPlaybooks(
      [site],
      request({ check: true, diff: true, limit: 'a', onEvent: (event) => (events += JSON.stringify(event)) }),
    );
    expect(stats.hosts['a']).toMatchObject({ failed: 0 });
    expect(events).toContain('"type":"run-end"');
    expect(events).not.toContain(secret);
    expect(() => readFileSync(join(folder, 'a'))).toThrow('ENOENT');
  });

  it('rejects for mistakes in files, all at once', async () => {
    writeFileSync(site, '- hosts: all\n  tasks: [{ copi: {} }, { debgu: {} }]\n');
    const error: unknown = await runPlaybooks([site], request()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DiagnosticsError);
    expect((error as DiagnosticsError).diagnostics).toHaveLength(2);
  });

  it('is what the package exports', () => {
    const manifest = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8')) as {
      exports: { '.': { types: string; default: string } };
    };
    expect(manifest.exports['.']).toEqual({ types: './dist/cli/api.d.ts', default: './dist/cli/api.js' });
  });
});
