// Changes that were made at run time, written into a file: what nobody changed stays as it was, to the last space.
import { describe, expect, it } from 'vitest';
import type { ProxyConfig, ServerConfig } from '../../../src/proxy/core/config/model.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { saidOf, writeBack } from '../../../src/proxy/core/config/write-back.ts';
import { unifiedDiff } from '../../../src/lib/text-diff.ts';

function parse(text: string): ProxyConfig {
  const result = readConfig(text, 'x.yml');
  if (!result.ok) throw new Error(`${result.diagnostics.map(({ message }) => message).join('\n')}\n${text}`);
  return result.config;
}

/** The configuration with other servers in its first backend. */
function changed(
  config: ProxyConfig,
  change: (servers: readonly ServerConfig[]) => readonly ServerConfig[],
): ProxyConfig {
  return {
    ...config,
    backends: config.backends.map((each, index) => (index === 0 ? { ...each, servers: change(each.servers) } : each)),
  };
}

const serversOf = (config: ProxyConfig) =>
  config.backends.map(({ servers }) => servers.map((server) => ({ name: server.name, ...saidOf(server) })));

/** Writes it, sees that the text says just that, and returns the lines that changed. */
function lines(text: string, change: (servers: readonly ServerConfig[]) => readonly ServerConfig[]): readonly string[] {
  const before = parse(text);
  const wanted = changed(before, change);
  const result = writeBack(text, before, wanted);
  if ('problem' in result) throw new Error(result.problem);
  expect(serversOf(parse(result.text))).toEqual(serversOf(wanted));
  return unifiedDiff('x', text, result.text)
    .split('\n')
    .filter((line) => /^[+-](?![+-]{2})/.test(line));
}

const server = (from: ServerConfig | undefined, more: Partial<ServerConfig>): ServerConfig[] =>
  from ? [{ ...from, ...more }] : [];

const flow = `# All of it.
frontends: [{ name: web, bind: ['*:80'], defaultBackend: api }]
backends:
  - name: api   # the first
    balance: leastconn
    servers:
      - { name: a, address: 192.0.2.1, port: 80, weight: 5 } # old
      - { name: b,  address: 192.0.2.2, port: 80 }

  - name: other
    servers: [{ name: z, address: 192.0.2.9, port: 80 }]
`;

const block = `backends:
- name: api
  servers:
  - name: a # the old one
    address: 192.0.2.1
    port: 80
    check:
      path: /deep
  # Between.
  - name: b
    address: 192.0.2.2
    port: 80
  check: {}
frontends:
- name: web
  bind: ["*:80"]
  defaultBackend: api
`;

const json = `${JSON.stringify(
  {
    frontends: [{ name: 'web', bind: ['*:80'], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        servers: [
          { name: 'a', address: '192.0.2.1', port: 80 },
          { name: 'b', address: '192.0.2.2', port: 80 },
        ],
      },
    ],
  },
  null,
  2,
)}\n`;

describe('writing back', () => {
  it('changes a value in its place, and adds one where there is none', () => {
    const change = ([a, b]: readonly ServerConfig[]) => [
      ...server(a, { weight: 7, disabled: true }),
      ...server(b, { address: '192.0.2.3', maxconn: 9 }),
    ];
    expect(lines(flow, change)).toEqual([
      '-      - { name: a, address: 192.0.2.1, port: 80, weight: 5 } # old',
      '-      - { name: b,  address: 192.0.2.2, port: 80 }',
      '+      - { name: a, address: 192.0.2.1, port: 80, weight: 7, disabled: true } # old',
      '+      - { name: b,  address: 192.0.2.3, port: 80, maxconn: 9 }',
    ]);
    expect(lines(block, change)).toEqual([
      '+    weight: 7',
      '+    disabled: true',
      '-    address: 192.0.2.2',
      '+    maxconn: 9',
      '+    address: 192.0.2.3',
    ]);
    expect(lines(json, change)).toHaveLength(6);
  });

  it('adds a server behind the others, and removes one', () => {
    const add = (all: readonly ServerConfig[]) => [
      ...all,
      ...server(all[0], { name: 'c', cookie: 'c', address: '2001:db8::3', weight: 1 }),
      ...server(all[0], { name: 'd', cookie: 'x', weight: 2 }),
    ];
    expect(lines(flow, add)).toEqual([
      '+      - { name: c, address: "2001:db8::3", port: 80 }',
      '+      - { name: d, address: 192.0.2.1, port: 80, weight: 2, cookie: x }',
    ]);
    expect(lines(block, add)).toHaveLength(2);
    expect(lines(json, add).at(-1)).toBe(
      '+        }, { "name": "c", "address": "2001:db8::3", "port": 80 }, { "name": "d", "address": "192.0.2.1", "port": 80, "weight": 2, "cookie": "x" }',
    );
    for (const text of [flow, block, json]) {
      lines(text, ([, b]) => server(b, {}));
      lines(text, ([a]) => server(a, {}));
    }
    expect(lines(flow, ([, b]) => server(b, {}))).toEqual([
      '-      - { name: a, address: 192.0.2.1, port: 80, weight: 5 } # old',
    ]);
  });

  it('replaces all servers', () => {
    for (const text of [flow, block, json]) {
      lines(text, ([a]) => [
        ...server(a, { name: 'x', cookie: 'x', weight: 1 }),
        ...server(a, { name: 'y', cookie: 'y', weight: 1 }),
      ]);
    }
  });

  it('changes nothing where nothing changed', () => {
    for (const text of [flow, block, json]) expect(lines(text, (all) => all)).toEqual([]);
  });

  it.each([
    ['an alias', 'x: &a 5\n', 'weight: *a'],
    ['the short form', '', undefined],
  ])('says that %s cannot be changed', (_what, _above, weight) => {
    const text =
      weight === undefined
        ? 'port: 80\nbackends: [http://192.0.2.1:80]\n'
        : `frontends: [{ name: web, bind: ['*:80'], maxconn: &a 5 }]\nbackends:\n  - { name: api, servers: [{ name: a, address: h, port: 1, ${weight} }] }\n`;
    const before = parse(text);
    const result = writeBack(
      text,
      before,
      changed(before, ([a]) => server(a, { weight: 9 })),
    );
    expect(result).toHaveProperty('problem', expect.stringContaining('cannot be changed in its place') as string);
  });
});
