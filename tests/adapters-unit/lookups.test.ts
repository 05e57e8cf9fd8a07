// Lookups that need the controller, on real files and commands.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createController } from '../../src/adapters/controller.ts';
import { renderTemplate } from '../../src/cli/render.ts';
import { compileExpression } from '../../src/language/expression.ts';
import { createScope } from '../../src/language/scope.ts';
import type { Value } from '../../src/language/value.ts';
import { isUnknown } from '../../src/language/values.ts';
import { VezaError } from '../../src/lib/errors.ts';

let directory = '';
const controller = createController(renderTemplate);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'veza-lookups-'));
  for (const folder of ['files', 'templates', 'role/files', 'role/templates']) {
    mkdirSync(join(directory, folder), { recursive: true });
  }
  const files = {
    'files/token': 'abc\n\n',
    'files/b.conf': '  b\n',
    'files/.hidden': '',
    'role/files/token': 'of the role\n',
    'templates/list.j2': "['{{ n }}', True]",
    'templates/text.j2': 'n={{ n }}\n{% include "part.j2" %}\n',
    'templates/part.j2': 'part {{ n }}\n',
    'templates/hostile.j2': "['{{ n }}', lookup('env', 'HOME')]",
    'files/app.ini': '; comment\n[web]\nPort = 80\nname: shop\n[db]\nport=5432\n',
    'files/app.properties': 'user = ann\n',
    'files/table.csv': 'a,1,"x, y"\nb,2,"say ""hi"""\n',
    'files/braces': '{{ n }}',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  symlinkSync('token', join(directory, 'files/link'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function evaluate(source: string, more: Readonly<Record<string, Value>> = {}): Value | undefined {
  const { expression, diagnostics } = compileExpression(source, { file: 'play.yml', line: 1, column: 1 });
  expect(diagnostics).toEqual([]);
  const values = { n: 5, playbook_dir: directory, dir: directory, groups: { all: ['a', 'b'], web: ['a'] }, ...more };
  return expression?.evaluate(createScope([{ kind: 'values', values }], controller));
}

function errorOf(source: string): VezaError {
  try {
    evaluate(source);
  } catch (error) {
    if (error instanceof VezaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('lookups', () => {
  it.each<readonly [string, Value]>([
    ["lookup('file', 'token')", 'abc'],
    ["lookup('file', 'b.conf', rstrip=false)", '  b\n'],
    ["lookup('file', 'b.conf', lstrip=true)", 'b'],
    ["lookup('file', 'token', 'b.conf')", 'abc,  b'],
    ["query('file', 'token', 'b.conf')", ['abc', '  b']],
    ["lookup('file', 'nope', errors='ignore')", ''],
    ["query('file', 'nope', errors='ignore')", []],
    ["lookup('file', 'braces')", '{{ n }}'],
    ["lookup('env', 'VEZA_TEST_NOT_SET')", ''],
    ["lookup('env', 'VEZA_TEST_NOT_SET', default='d')", 'd'],
    ["lookup('ansible.builtin.env', 'VEZA_TEST_NOT_SET')", ''],
    [
      "query('fileglob', '*') | map('basename') | list",
      ['app.ini', 'app.properties', 'b.conf', 'braces', 'link', 'table.csv', 'token'],
    ],
    ["query('fileglob', dir ~ '/files/*.conf') | map('basename') | list", ['b.conf']],
    ["query('fileglob', 'nope*')", []],
    ["lookup('first_found', ['nope', 'token']) | basename", 'token'],
    ["lookup('first_found', {'files': ['nope', 'text.j2'], 'paths': ['files', 'templates']}) | basename", 'text.j2'],
    ["lookup('first_found', files=['text.j2'], paths=['templates']) | basename", 'text.j2'],
    ["query('first_found', ['nope'], skip=true)", []],
    ["query('first_found', {'files': 'nope;neither', 'skip': true})", []],
    ["lookup('template', 'text.j2')", 'n=5\npart 5'.concat('\n')],
    ["lookup('template', 'text.j2', template_vars={'n': 7})", 'n=7\npart 7\n'],
    ["lookup('template', 'list.j2')", ['5', true]],
    ["lookup('template', 'list.j2', convert_data=false)", "['5', True]"],
    ["lookup('template', 'hostile.j2')", "['5', lookup('env', 'HOME')]"],
    ["lookup('pipe', 'echo hi; echo there')", 'hi\nthere'],
    ["lookup('pipe', 'pwd -P') == (dir | realpath)", true],
    ["query('lines', 'echo hi; echo there')", ['hi', 'there']],
    ["lookup('ini', 'port', section='web', file='app.ini')", '80'],
    ["lookup('ini', 'port section=db file=app.ini')", '5432'],
    ["lookup('ini', 'Port', section='web', file='app.ini', case_sensitive=true)", '80'],
    ["lookup('ini', 'nope', section='web', file='app.ini', default='d')", 'd'],
    ["query('ini', '.*', section='web', file='app.ini', re=true)", ['80', 'shop']],
    ["lookup('ini', 'user', type='properties', file='app.properties')", 'ann'],
    ["lookup('csvfile', 'b', file='table.csv', delimiter=',', col=2)", 'say "hi"'],
    ["lookup('csvfile', 'a file=table.csv delimiter=, col=2')", 'x, y'],
    ["lookup('csvfile', 'z', file='table.csv', delimiter=',', default='none')", 'none'],
    ["'/' is directory and (dir ~ '/files/token') is file and (dir ~ '/files/link') is link", true],
    ["(dir ~ '/nope') is exists or (dir ~ '/files/token') is link", false],
    ["(dir ~ '/files/link') is same_file(dir ~ '/files/token')", true],
    ["'/' is mount", true],
  ])('%s', (source, result) => expect(evaluate(source)).toEqual(result));

  it('look in the role first', () => {
    expect(evaluate("lookup('file', 'token')", { role_path: join(directory, 'role') })).toBe('of the role');
  });

  it.each([
    ["lookup('file', 'nope')", 'file-not-found', `the lookup 'file' finds no file "nope"`],
    ["lookup('first_found', ['a', 'b'])", 'file-not-found', "the lookup 'first_found' finds none of the files"],
    ["lookup('flie', 'x')", 'unknown-lookup', "there is no lookup 'flie'"],
    [
      "lookup('pipe', 'echo oops >&2; exit 3')",
      'lookup-failed',
      "the command of the lookup 'pipe' exited with 3: oops",
    ],
    ["lookup('url', 'file:///etc/passwd')", 'wrong-arguments', "'file:///etc/passwd' is no http or https URL"],
    ["lookup('url', 'http://127.0.0.1:1/')", 'lookup-failed', undefined],
    ["lookup('config', 'DEFAULT_FORKS')", 'unsupported-lookup', undefined],
    ["lookup('password', 'x lenght=3')", 'evaluation-failed', "the lookup 'password' has no option 'lenght'"],
    ["lookup('template', 'text.j2', variable_start='[')", 'wrong-arguments', undefined],
  ])('%s is refused', (source, code, message) => {
    const error = errorOf(source);
    expect(error.code).toBe(code);
    if (message !== undefined) expect(error.message).toBe(message);
    expect(error.where).toMatchObject({ file: 'play.yml', line: 1 });
  });

  it('suggest the lookup that was meant', () =>
    expect(errorOf("lookup('flie', 'x')").hint).toBe("did you mean 'file'?"));
});

describe("lookup('password')", () => {
  it('makes a file that only its owner reads, and reads it from then on', () => {
    const first = evaluate("lookup('password', 'secret/one length=12 chars=digits')");
    expect(first).toMatch(/^\d{12}$/);
    expect(statSync(join(directory, 'secret/one')).mode & 0o777).toBe(0o600);
    expect(evaluate("lookup('password', 'secret/one')")).toBe(first);
    expect(readFileSync(join(directory, 'secret/one'), 'utf8')).toBe(`${JSON.stringify(first).slice(1, -1)}\n`);
  });

  it('keeps the salt, so that the hash stays the same', () => {
    const first = evaluate("lookup('password', 'two', encrypt='sha512_crypt')");
    expect(first).toMatch(/^\$6\$[./\w]{16}\$/);
    expect(evaluate("lookup('password', 'two', encrypt='sha512')")).toBe(first);
    expect(readFileSync(join(directory, 'two'), 'utf8')).toMatch(/^.{20} salt=[./\w]{16}\n$/);
  });

  it('makes no file in a dry run', () => {
    const result = evaluate("lookup('password', 'three')", { ansible_check_mode: true });
    expect(isUnknown(result)).toBe(true);
    expect(() => statSync(join(directory, 'three'))).toThrow('ENOENT');
  });

  it('gives the password that Ansible gives for a seed', () => {
    expect(evaluate("lookup('password', '/dev/null', length=7, chars=['a', 'b'], seed='x')")).toBe('bbabbbb');
  });

  it('differs each time for /dev/null', () => {
    expect(evaluate("lookup('password', '/dev/null')")).not.toBe(evaluate("lookup('password', '/dev/null')"));
  });
});

describe("lookup('url')", () => {
  it('reads lines or the whole text', async () => {
    // In a process of its own: a lookup waits, and this process could not answer meanwhile.
    const script = `require('node:http').createServer((request, response) => {
      response.statusCode = request.url === '/missing' ? 404 : 200;
      response.end('one\\n' + (request.headers['x-test'] ?? 'two') + '\\n');
    }).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
    const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const port = await new Promise<string>((done) => server.stdout.once('data', (data) => done(String(data).trim())));
      const base = `http://127.0.0.1:${port}`;
      expect(evaluate(`query('url', '${base}/')`)).toEqual(['one', 'two']);
      expect(evaluate(`lookup('url', '${base}/', split_lines=false, headers={'x-test': 'three'})`)).toBe(
        'one\nthree\n',
      );
      expect(errorOf(`lookup('url', '${base}/missing')`).message).toContain('status 404');
    } finally {
      server.kill();
    }
  });
});
