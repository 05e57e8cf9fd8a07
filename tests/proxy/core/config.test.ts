// Configuration files: the documented example is valid, and every kind of mistake is found with its place.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseBind } from '../../../src/proxy/core/config/bind.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';

const documentation = readFileSync(new URL('../../../docs/proxy-config.md', import.meta.url), 'utf8');
const examples = [...documentation.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

const minimal = (change: (text: string) => string = (text) => text): string =>
  change(
    [
      'frontends:',
      "  - { name: http, bind: ['*:80'], defaultBackend: api }",
      'backends:',
      '  - name: api',
      '    servers:',
      '      - { name: a, address: 192.0.2.1, port: 80 }',
      '',
    ].join('\n'),
  );

describe('configuration', () => {
  it.each(examples.map((example, index) => [index + 1, example] as const))(
    'example %i of the documentation is valid',
    (_index, example) => {
      expect(readConfig(example, 'example.yml').diagnostics).toEqual([]);
    },
  );

  it('fills in the defaults', () => {
    const result = readConfig(minimal(), 'x.yml');
    expect(result.ok && result.config).toMatchObject({
      workers: 'auto',
      graceMs: 30_000,
      timeouts: { connectMs: 5000, clientMs: 60_000, firstByteMs: 1000, tunnelMs: 3_600_000 },
      backends: [{ retries: 3, holdMs: 10_000, retryNonIdempotent: 'idempotency-key', shutdownSessionsOnDown: true }],
    });
  });

  it('takes 0 for a duration without a unit', () => {
    const result = readConfig(`timeouts: { firstByte: 0 }\n${minimal()}`, 'x.yml');
    expect(result.ok && result.config.timeouts.firstByteMs).toBe(0);
  });

  it.each([
    ['', '', 5000],
    ['connect: 3s', '', 3000],
    ['connect: 3s', 'connect: 2s', 2000],
    ['connect: 3s, queue: 9s', 'connect: 2s', 9000],
    ['', 'queue: 1s', 1000],
  ])('lets requests wait as long as a connection may take: {%s} {%s}', (all, own, expected) => {
    const backend = `{ name: b, timeouts: { ${own} }, servers: [{ name: s, address: h, port: 1 }] }`;
    const text = `timeouts: { ${all} }\nfrontends: [{ name: f, bind: [':80'] }]\nbackends: [${backend}]`;
    const result = readConfig(text, 'x.yml');
    expect(result.ok && result.config.backends[0]?.timeouts.queueMs).toBe(expected);
  });

  it('accepts JSON', () => {
    const json = JSON.stringify({
      frontends: [{ name: 'f', bind: [':80'] }],
      backends: [{ name: 'b', servers: [{ name: 's', address: 'h', port: 1 }] }],
    });
    expect(readConfig(json, 'x.json').ok).toBe(true);
  });

  it.each([
    ['an unknown key', 'name: api\n    blance: hash', 'unknown-key', 5, 'balance'],
    ['an unknown backend', 'name: apj', 'unknown-backend', 2, 'apj'],
    ['a bare number for a duration', 'name: api\n    hold: 5', 'bad-type', 5, '500ms'],
    ['a wrong duration', 'name: api\n    hold: 5 sec', 'bad-value', 5, '500ms'],
    ['a hash without settings', 'name: api\n    balance: hash', 'missing-key', 4, 'path-segment'],
    [
      'a hash without what its key needs',
      'name: api\n    balance: hash\n    hash: { key: header }',
      'missing-key',
      6,
      undefined,
    ],
    [
      'a wrong regular expression',
      'name: api\n    balance: hash\n    hash: { key: path-regex, pattern: "(" }',
      'bad-regex',
      6,
      undefined,
    ],
    ['a wrong retry policy', 'name: api\n    retryNonIdempotent: sometimes', 'bad-value', 5, 'idempotency-key'],
  ])('finds %s', (_name, replacement, code, line, hint) => {
    const { ok, diagnostics } = readConfig(
      minimal((text) => text.replace('name: api', replacement)),
      'x.yml',
    );
    expect(ok).toBe(false);
    expect(diagnostics).toMatchObject([{ code, where: { file: 'x.yml', line } }]);
    if (hint !== undefined) expect(diagnostics[0]?.hint).toContain(hint);
  });

  it.each([
    ['duplicate servers', '      - { name: a, address: 192.0.2.2, port: 80 }\n', 'duplicate-name'],
    ['a port out of range', '      - { name: b, address: 192.0.2.2, port: 99999 }\n', 'bad-value'],
    [
      'a cookie that breaks the header',
      '      - { name: b, address: 192.0.2.2, port: 80, cookie: "a;b" }\n',
      'bad-value',
    ],
  ])('finds %s', (_name, line, code) => {
    expect(
      readConfig(
        minimal((text) => text + line),
        'x.yml',
      ).diagnostics,
    ).toMatchObject([{ code, where: { line: 7 } }]);
  });

  it.each([
    ['a rule that does nothing', 'rules: [{ path: /x }]', 'bad-rule'],
    ['a rule that does two things', 'rules: [{ backend: api, respond: { status: 200 } }]', 'bad-rule'],
    ['a rule for a backend that is not there', 'rules: [{ backend: apo }]', 'unknown-backend'],
    ['a redirect to two places', 'rules: [{ redirect: { location: /a, prefix: /b } }]', 'bad-redirect'],
    ['a redirect to nowhere', 'rules: [{ redirect: { code: 301 } }]', 'bad-redirect'],
    ['a placeholder that is none', "responseHeaders: { set: { X-A: '${remote_adr}' } }", 'unknown-placeholder'],
    ['an edit that would split messages', 'requestHeaders: { remove: [Transfer-Encoding] }', 'protected-header'],
    ['a header value with a line end', 'requestHeaders: { set: { X-A: "a\\nb" } }', 'bad-value'],
    ['a header name that is none', 'requestHeaders: { set: { "X A": "1" } }', 'bad-value'],
    ['an address that is none', 'deny: [10.0.0.0/40]', 'bad-address'],
    ['an expression that cannot be bounded', "rules: [{ pathRegex: '(?=a)', backend: api }]", 'unsafe-regex'],
    ['an expression of a header', "rules: [{ headers: { A: { regex: '(' } }, backend: api }]", 'bad-regex'],
    ['a limit in no time', 'rateLimit: { requests: 1, per: 0s }', 'bad-value'],
    ['credentials for everybody', "cors: { origins: ['*'], credentials: true }", 'unsafe-cors'],
    ['a short secret', 'jwt: { algorithm: HS256, key: short }', 'bad-key'],
    ['a key that is none', 'jwt: { algorithm: ES256, key: none }', 'bad-key'],
    ['a password in the clear', 'basicAuth: { users: { alice: secret } }', 'bad-value'],
  ])('finds %s', (_name, key, code) => {
    const text = minimal((yaml) => yaml.replace('name: http,', `name: http, ${key},`));
    const { ok, diagnostics } = readConfig(text, 'x.yml');
    expect(ok).toBe(false);
    expect(diagnostics).toMatchObject([{ code, where: { line: 2 } }]);
  });

  it.each([
    ['10.0.0.0/8', true],
    ['192.0.2.1', true],
    ['2001:db8::/32', true],
    ['::ffff:192.0.2.1/128', true],
    ['1:2:3:4:5:6:7:8', true],
    ['10.0.0.0/33', false],
    ['10.0.0.256', false],
    ['10.0.0', false],
    ['2001:db8::/129', false],
    ['1::2::3', false],
    ['1:2:3:4:5:6:7', false],
    ['::/', false],
    ['abc', false],
  ])('takes trusted proxies only as ranges that exist: %s %s', (range, ok) => {
    const text = minimal((yaml) => yaml.replace('name: http,', `name: http, trustedProxies: ['${range}'],`));
    expect(readConfig(text, 'x.yml').ok).toBe(ok);
  });

  it('reports all problems at once', () => {
    const text = minimal((yaml) =>
      yaml.replace('name: api', 'name: api\n    hold: 5\n    retries: many\n    blance: x'),
    );
    expect(readConfig(text, 'x.yml').diagnostics).toHaveLength(3);
  });

  it('reports broken YAML with its place', () => {
    expect(readConfig('frontends:\n  - name: [a\n', 'x.yml').diagnostics[0]).toMatchObject({
      code: 'bad-yaml',
      where: { file: 'x.yml' },
    });
  });

  it.each([
    ['*:80', '[::]:80'],
    [':80', '[::]:80'],
    ['127.0.0.1:8080', '127.0.0.1:8080'],
    ['[::1]:443', '[::1]:443'],
    ['unix:/run/x', 'unix:/run/x'],
    ['80', undefined],
    ['a:b', undefined],
    ['1.2.3.4:99999', undefined],
  ])('reads the address %s', (text, id) => {
    expect(parseBind(text)?.id).toBe(id);
  });
});
