// Sections of machines that share stick tables, as they are written: what is wrong with them, and what becomes of them.
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { diffConfigs } from '../../../src/proxy/core/diff/diff.ts';

const members = [
  { name: 'lb1', address: '10.0.0.1', port: 1024 },
  { name: 'lb2', address: '10.0.0.2', port: 1024 },
];

function read(peers: readonly object[], stick: object = { peers: 'pair' }, environment: Record<string, string> = {}) {
  const text = JSON.stringify({
    peers,
    frontends: [{ name: 'http', bind: ['10.0.0.1:80'], defaultBackend: 'api' }],
    backends: [
      {
        name: 'api',
        stick: { on: [{ key: 'source' }], ...stick },
        servers: [{ name: 'a', address: '10.0.0.9', port: 80 }],
      },
    ],
  });
  return readConfig(text, 'x.json', environment);
}

const problems = (...given: Parameters<typeof read>): string[] =>
  read(...given).diagnostics.map(({ code, message, hint }) => `${code}: ${message}. ${hint ?? ''}`);

describe('machines that share stick tables', () => {
  it('are called where they are, and listen where their member is', () => {
    const result = read([{ name: 'pair', local: 'lb2', members }]);
    expect(result.ok && result.config.peers).toEqual([
      {
        name: 'pair',
        local: 'lb2',
        bind: { kind: 'tcp', id: '10.0.0.2:1024', host: '10.0.0.2', port: 1024 },
        members: [members[0]],
        tls: undefined,
        timeouts: { connectMs: 5000, reconnectMs: 5000, heartbeatMs: 3000, silenceMs: 5000, resyncMs: 5000 },
      },
    ]);
    expect(result.ok && result.config.backends[0]?.stick?.table.peers).toBe('pair');
  });

  it('are told apart by -L, then `local`, then the host name', () => {
    const localOf = (section: object, environment: Record<string, string>): unknown => {
      const result = read([{ name: 'pair', members, ...section }], undefined, environment);
      return result.ok && result.config.peers[0]?.local;
    };
    expect(localOf({ local: 'lb2' }, { HAPROXY_LOCALPEER: 'lb1', VEZA_HOST_NAME: 'x' })).toBe('lb1');
    expect(localOf({ local: 'lb2' }, { VEZA_HOST_NAME: 'lb1' })).toBe('lb2');
    expect(localOf({}, { VEZA_HOST_NAME: 'lb1' })).toBe('lb1');
  });

  it.each([
    [
      [{ name: 'pair', local: 'lb3', members }],
      'no-local-peer: this machine (`lb3`) is no member of `pair`. Did you mean',
    ],
    [
      [{ name: 'pare', local: 'lb1', members }],
      'unknown-peers: there is no peers section `pair`. Did you mean `pare`?',
    ],
    [[], 'unknown-peers: there is no peers section `pair`. Write a section `peers`.'],
    [
      [{ name: 'pair', local: 'lb1', members: [{ name: 'lb1' }, members[1]] }],
      'missing: member `lb1` needs an address and a port.',
    ],
    [
      [{ name: 'pair', local: 'lb1', bind: '*:1024', members: [{ name: 'lb1' }, { name: 'lb2', port: 1 }] }],
      'missing: member `lb2` needs an address and a port.',
    ],
    [
      [{ name: 'pair', local: 'lb1', bind: 'unix:/x', members }],
      'bad-address: `unix:/x` is not an address to listen on.',
    ],
    [
      [{ name: 'pair', local: 'lb1', bind: '10.0.0.1:80', members }],
      'duplicate-bind: `10.0.0.1:80` is already bound by frontend',
    ],
    [
      [
        { name: 'pair', local: 'lb1', members },
        { name: 'more', local: 'lb1', members },
      ],
      'duplicate-bind: `10.0.0.1:1024` is already bound by peers section `pair`',
    ],
    [
      [{ name: 'pair', local: 'lb1', members: [...members, members[1]] }],
      'duplicate-name: there is already a member `lb2`',
    ],
    [
      [
        { name: 'pair', local: 'lb1', members },
        { name: 'pair', local: 'lb1', bind: '*:1', members },
      ],
      'duplicate-name: there is already a peers section `pair`',
    ],
    [
      [{ name: 'pair', local: 'lb1', members, timeouts: { silence: '2s' } }],
      'bad-value: `heartbeat` must be shorter than `silence`.',
    ],
    [[{ name: 'pair', local: 'lb1', members, tls: { cert: 'a', key: 'b' } }], 'missing-key'],
  ])('%j: %s', (peers, expected) => {
    expect(problems(peers as object[])).toContainEqual(expect.stringContaining(expected));
  });

  it('that no table names are warned of', () => {
    const result = read([{ name: 'pair', local: 'lb1', members }], {});
    expect(result.ok && result.diagnostics.map(({ code }) => code)).toEqual(['unused-peers']);
  });

  it('are compared', () => {
    const [before, after] = [
      read([{ name: 'pair', local: 'lb1', members }]),
      read([{ name: 'pair', local: 'lb1', bind: '*:1025', members }]),
    ];
    if (!before.ok || !after.ok) throw new Error('not valid');
    const { sections, reload } = diffConfigs(before.config, after.config);
    expect(sections[0]?.lines[0]).toMatch(/^~ peers/);
    expect(reload.slice(0, 2)).toEqual(['- closes 10.0.0.1:1024', '+ opens [::]:1025']);
  });
});
