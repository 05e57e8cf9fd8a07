// What users are told of mistakes in configuration files: all of them at once, each at its place, with what to do.
import { describe, expect, it } from 'vitest';
import { readConfig, readSources } from '../../../src/proxy/core/config/read.ts';

const good = `frontends: [{ name: web, bind: ['*:80'], defaultBackend: api }]
backends: [{ name: api, servers: [{ name: a, address: 192.0.2.1, port: 80 }] }]
`;

/** `line:column code` of each problem. */
function told(text: string, file = 'x.yml', environment: Readonly<Record<string, string>> = {}): readonly string[] {
  return readConfig(text, file, environment).diagnostics.map(
    ({ where, code }) => `${where?.line}:${where?.column} ${code}`,
  );
}

describe('a file whose name ends with .json', () => {
  it.each([
    ['comments', '{ // no\n}', '1:3', 'JSON has no comments'],
    ['single quotes', "{'a': 1}", '1:2', 'JSON has double quotes only'],
    ['a loose comma', '{"a": [1,]}', '1:9', 'nothing follows this comma'],
    ['a missing comma', '{"a": 1 "b": 2}', '1:9', '`,` or `}` is missing here'],
    ['a missing colon', '{"a" 1}', '1:6', '`:` is missing here'],
    ['a plain text', '{"a": yes}', '1:7', 'this is no value of JSON'],
    ['an end too early', '{"a": ', '1:7', 'the file ends where a value is missing'],
    ['more than one value', '{} {}', '1:4', 'something follows the end'],
    ['YAML', 'frontends: []', '1:1', 'this is no value of JSON'],
  ])('is JSON and nothing else: %s', (_name, text, place, message) => {
    const [problem, ...others] = readConfig(text, 'x.json').diagnostics;
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'bad-json', message });
    expect(`${problem?.where?.line}:${problem?.where?.column}`).toBe(place);
  });

  it('may begin with a byte order mark', () => {
    const text = JSON.stringify({
      frontends: [{ name: 'web', bind: ['*:80'], defaultBackend: 'api' }],
      backends: [{ name: 'api', servers: [{ name: 'a', address: '192.0.2.1', port: 80 }] }],
    });
    expect(readConfig(`\ufeff${text}`, 'x.json').ok).toBe(true);
  });

  it('has no key twice', () => {
    expect(readConfig('{"workers": 1, "workers": 2}', 'x.json').diagnostics).toMatchObject([
      { code: 'duplicate-key', message: '`workers` is set twice here', where: { column: 16 } },
    ]);
  });
});

describe('mistakes', () => {
  it('of form hide none of names, addresses and expressions', () => {
    const text = `grace: 5
frontends:
  - name: web
    bind: '*:80'
    rules: [{ pathRegex: '(', backend: apii }]
  - { name: web, bind: [nowhere], defaultBackend: api }
backends:
  - name: api
    balance: rondrobin
    servers: [{ name: a, address: 192.0.2.1, port: 99999 }, { name: a, address: x y, port: 1 }]
`;
    expect(told(text)).toEqual([
      '1:8 bad-type',
      '4:11 bad-type',
      '5:26 bad-regex',
      '5:40 unknown-backend',
      '6:13 duplicate-name',
      '6:25 bad-address',
      '9:14 bad-value',
      '10:52 bad-value',
      '10:69 duplicate-name',
      '10:81 bad-address',
    ]);
  });

  it('do not bring others with them', () => {
    const text = `frontends: [{ name: web, bind: ['*:80'], rules: [{ path: /x, bakcend: api }], defaultBackend: api }]
backends: [{ name: api, servers: [] }]
`;
    expect(told(text)).toEqual(['1:62 unknown-key', '2:34 bad-value']);
  });

  it('are told of the other files of a folder though one cannot be read at all', () => {
    const sources = [
      { file: 'a.yml', text: 'frontends: [' },
      {
        file: 'b.yml',
        text: 'backends: [{ name: api, blance: x, servers: [{ name: a, address: 192.0.2.1, port: 1 }] }]',
      },
    ];
    const found = readSources(sources).diagnostics.map(({ where, code }) => `${where?.file} ${code}`);
    expect(found).toEqual(['a.yml bad-yaml', 'b.yml unknown-key']);
  });

  it.each([
    ['workers: {}', 'workers must be a whole number or `auto`'],
    ['log: { access: nowhere }', 'log.access: "nowhere" is not allowed here'],
    ['stats: { socket: here }', 'stats.socket must be a list'],
    ['limits: { headers: 1 }', 'limits.headers must be at least 10'],
  ])('have one message each: %s', (line, message) => {
    const { diagnostics } = readConfig(good + line, 'x.yml');
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]?.message).toContain(message);
    expect(diagnostics[0]?.hint).not.toBe(undefined);
  });
});

describe('hosts of rules', () => {
  it.each(['https://example.org', 'a.*.org', 'a b', 'example.org/x', '*example.org'])(
    'are names: %s is none',
    (host) => {
      const text = good.replace('defaultBackend: api', `rules: [{ host: '${host}', backend: api }]`);
      expect(readConfig(text, 'x.yml').diagnostics).toMatchObject([{ code: 'bad-host', where: { line: 1 } }]);
    },
  );

  it.each(['example.org', '*.example.org', '*', '[2001:db8::1]', 'localhost:8080', '192.0.2.1'])(
    'may be %s',
    (host) => {
      const text = good.replace('defaultBackend: api', `rules: [{ host: '${host}', backend: api }]`);
      expect(readConfig(text, 'x.yml').ok).toBe(true);
    },
  );
});

describe('values of the environment', () => {
  it('are lists where the file has lists', () => {
    const environment = { VEZA_LB_STATS_SOCKET: 'unix:/run/a, 127.0.0.1:9100', VEZA_LB_DNS_SERVERS: '192.0.2.53' };
    const result = readConfig(good, 'x.yml', environment);
    expect(result.ok && result.config.stats.sockets.map(({ id }) => id)).toEqual(['unix:/run/a', '127.0.0.1:9100']);
    expect(told(good, 'x.yml', { VEZA_LB_DNS_SERVERS: '192.0.2.53,nope' })).toEqual(['1:1 bad-address']);
  });
});

describe('the prefix of these variables', () => {
  it('is VEZA_LB_, or what VEZA_PREFIX says', () => {
    const environment = { VEZA_PREFIX: 'EDGE_', EDGE_GRACE: '7s', VEZA_LB_GRACE: '9s' };
    const result = readConfig(good, 'x.yml', environment);
    expect(result.ok && result.config.graceMs).toBe(7000);
    expect(result.diagnostics).toEqual([]);
    const { diagnostics } = readConfig(good, 'x.yml', { ...environment, EDGE_GRACES: '1s' });
    expect(diagnostics).toMatchObject([{ code: 'unknown-override', hint: 'Did you mean EDGE_GRACE?' }]);
  });

  it('is refused where it can be none', () => {
    expect(readConfig(good, 'x.yml', { VEZA_PREFIX: 'edge', VEZA_LB_GRACE: '9s' })).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'bad-value', where: { file: '$VEZA_PREFIX' } }],
    });
  });
});

describe('one service in short', () => {
  const short = (host: string) =>
    readConfig(`port: 8080\nhost: '${host}'\nbackends: [http://192.0.2.1:8081]\n`, 'x.yml');

  it.each([
    ['127.0.0.1', '127.0.0.1:8080'],
    ['::1', '[::1]:8080'],
    ['*', '[::]:8080'],
  ])('listens at `host` if that is an address: %s', (host, id) => {
    const result = short(host);
    expect(result.ok && result.config.frontends[0]).toMatchObject({ binds: [{ id }], defaultBackend: 'default' });
  });

  it('serves only the clients that ask for `host` if that is a name', () => {
    const result = short('shop.example.org');
    expect(result.ok && result.config.frontends[0]?.rules).toMatchObject([{ host: 'shop.example.org' }]);
  });

  it('is not meant where backends have servers: that is said of `port`', () => {
    const { diagnostics } = readConfig(`port: 80\n${good.replace(/^frontends.*\n/, '')}`, 'x.yml');
    expect(diagnostics.find(({ code }) => code === 'unknown-key')?.hint).toMatch(/one service alone/);
  });
});

describe('old names', () => {
  it('give the check of a backend its interval where it says none', () => {
    const checked = good.replace('name: api,', 'name: api, check: { path: /x },');
    const result = readConfig(`health_check_interval: 9\n${checked}`, 'x.yml');
    expect(result.ok && result.config.backends[0]?.servers[0]?.check?.interMs).toBe(9000);
  });

  it('beside the new one are an error that tells both places', () => {
    const text = good.replace('name: api,', 'name: api, check: { inter: 3s }, health_check_interval: 5,');
    expect(readConfig(text, 'x.yml').diagnostics).toMatchObject([
      {
        code: 'duplicate-key',
        where: { line: 2, column: 47 },
        hint: 'The other one is at x.yml:2:34; keep one of them.',
      },
    ]);
  });

  it('of checks may stand at servers too', () => {
    const text = good
      .replace('name: api,', 'name: api, health_check: { path: /h },')
      .replace('port: 80 }', 'port: 80, health_check: { type: http, path: /own, interval: 7s } }');
    const result = readConfig(text, 'x.yml');
    expect(result.ok && result.config.backends[0]?.servers[0]?.check).toMatchObject({ path: '/own', interMs: 7000 });
  });
});
