// Rules that look at how many servers of a backend can be used now.
import { describe, expect, it } from 'vitest';
import { removeBackend } from '../../../src/proxy/core/config/edit.ts';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { usableServers } from '../../../src/proxy/core/balance/server-state.ts';
import { compileTcpRouter } from '../../../src/proxy/core/tcp-routing.ts';
import { aBackend, statesOf } from '../support/builders.ts';

const text = (rule: string): string => `
frontends:
  - { name: f, mode: tcp, bind: ['127.0.0.1:1'], defaultBackend: api, rules: [${rule}] }
backends:
  - { name: api, servers: [{ name: a, address: 192.0.2.1, port: 1 }] }
  - { name: spare, servers: [{ name: a, address: 192.0.2.1, port: 2 }] }
  - { name: other, servers: [{ name: a, address: 192.0.2.1, port: 3 }] }
`;

describe('servers that can be used', () => {
  const [first, second, backup] = statesOf(
    aBackend({
      servers: [
        { name: 'a', address: '192.0.2.1', port: 1 },
        { name: 'b', address: '192.0.2.1', port: 2 },
        { name: 'c', address: '192.0.2.1', port: 3, backup: true },
      ],
    }),
  );
  if (!first || !second || !backup) throw new Error('three servers');
  const all = [first, second, backup];

  it('are those that take new clients; backups only where nobody else does', () => {
    expect(usableServers(all)).toBe(2);
    first.admin = 'drain';
    expect(usableServers(all)).toBe(1);
    second.up = false;
    expect(usableServers(all)).toBe(1);
    backup.admin = 'maint';
    expect(usableServers(all)).toBe(0);
  });
});

describe('a rule with `usable` or `usableBelow`', () => {
  it('holds as the servers are when a client comes', () => {
    const result = readConfig(text('{ usableBelow: { api: 2 }, usable: { spare: 1 }, backend: spare }'), 'x.yml');
    const frontend = result.ok ? result.config.frontends[0] : undefined;
    if (!frontend) throw new Error('not valid');
    const counts: Record<string, number> = { api: 2, spare: 1 };
    const router = compileTcpRouter(frontend, (backend) => counts[backend] ?? 0);
    const backend = () => router.backendOf({ peer: undefined, hello: undefined });
    expect(backend()).toBe('api');
    counts['api'] = 1;
    expect(backend()).toBe('spare');
    counts['spare'] = 0;
    expect(backend()).toBe('api');
  });

  it('names backends that exist, and these cannot be removed', () => {
    const wrong = readConfig(text('{ not: [{ usable: { spaer: 1 } }], backend: spare }'), 'x.yml');
    expect(wrong.diagnostics).toMatchObject([{ code: 'unknown-backend', where: { line: 3 } }]);
    const right = readConfig(text('{ any: [{ usable: { other: 1 } }], backend: spare }'), 'x.yml');
    if (!right.ok) throw new Error('not valid');
    expect(removeBackend(right.config, 'other')).toHaveProperty('problem');
    expect(removeBackend({ ...right.config, frontends: [] }, 'other')).toHaveProperty('config');
  });
});
