// The program as people start it: what it says of files, and the status that it ends with.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../../bin/veza-proxy.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'veza-proxy-command-'));
const good = `frontends: [{ name: f, bind: ['*:80'], defaultBackend: b }]
backends: [{ name: b, servers: [{ name: a, address: 192.0.2.1, port: 80 }] }]\n`;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('veza-proxy', () => {
  it.each([
    ['good.yml', good, 0, /^good\.yml: the configuration is valid$/m],
    ['good.json', JSON.stringify({ frontends: [{ name: 'f', bind: [':80'] }], backends: [{}] }), 1, /backends\[0\]/],
    ['bare', good, 1, /bare: invalid path provided \(no extension\)/],
    ['other.toml', good, 1, /other\.toml: unsupported config extension/],
    [
      'bad.yml',
      good.replace('defaultBackend', 'defaultBackends'),
      1,
      /^bad\.yml:1:40: error: .*\n.*\n.*\n.*`defaultBackend`/,
    ],
    [
      'haproxy.cfg',
      'frontend f\n    mode http\n    bind *:80\n    acl x base_len gt 5\n    http-request deny if x\n',
      1,
      /^haproxy\.cfg:5:26: error/m,
    ],
  ])('validate %s', (file, text, status, said) => {
    writeFileSync(join(folder, file), text);
    const result = run('validate', file);
    expect(result.stdout + result.stderr).toMatch(said);
    expect(result.status).toBe(status);
  });

  it('diff ends with 2 where something changes', () => {
    writeFileSync(join(folder, 'one.yml'), good);
    writeFileSync(join(folder, 'two.yml'), good.replace('192.0.2.1', '192.0.2.2'));
    expect(run('diff', 'one.yml', 'one.yml').status).toBe(0);
    const { status, stdout } = run('diff', 'one.yml', 'two.yml');
    expect(status).toBe(2);
    expect(stdout).toContain('192.0.2.2');
  });

  it('convert ends with 2 where something is lost', () => {
    writeFileSync(join(folder, 'kept.cfg'), 'listen f\n    mode http\n    bind *:80\n    server a 192.0.2.1:80\n');
    writeFileSync(
      join(folder, 'lost.cfg'),
      'listen f\n    mode http\n    bind *:80\n    server a 192.0.2.1:80\n    dispatch x\n',
    );
    expect(run('convert', 'kept.cfg').status).toBe(0);
    expect(run('convert', 'lost.cfg').status).toBe(2);
  });

  it.each([
    [['vaildate', 'x.yml'], /no command vaildate\n.*Did you mean validate\?/],
    [['help', 'vaildate'], /no command vaildate\n.*Did you mean validate\?/],
    [['run', '--stat', 'x', 'x.yml'], /^error: Unknown option '--stat'\n {2}help: Did you mean --state\?\n$/],
    [['validate'], /^error: validate takes CONFIG, and nothing was given\nusage: /],
    [['diff', 'one.yml'], /^error: diff takes OLD NEW, and this was given: one\.yml\nusage: /],
    [['ctl', 'token', 'creat', 'x', '--file', 'x'], /Did you mean `ctl token create`\?/],
    [['ctl', 'show', 'stat', '--socket', 'x'], /x is no address of a socket\n.*127\.0\.0\.1:9100/],
    [['password'], /there is no password on standard input/],
  ])('%j ends with 1 and says what to do', (args, said) => {
    const { status, stderr } = run(...args);
    expect(stderr).toMatch(said);
    expect(status).toBe(1);
  });
});
