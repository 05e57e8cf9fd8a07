// Servers that are added, replaced or moved at run time, and the names by which they are asked for with TLS.
import { describe, expect, it } from 'vitest';
import { addServer, type Edited, editServer, replaceServers } from '../../../src/proxy/core/config/edit.ts';
import type { ServerConfig } from '../../../src/proxy/core/config/model.ts';
import { aConfig } from '../support/builders.ts';

/** The last server of the backend after a change. */
function last(edited: Edited): ServerConfig | undefined {
  if ('problem' in edited) throw new Error(edited.problem);
  return edited.config.backends[0]?.servers.at(-1);
}

const backendWith = (server: object, tls: object = {}): object => ({
  tls,
  check: {},
  servers: [{ name: 'a', address: 'a.example.com', port: 443, ...server }],
});

describe('the name of a server for TLS', () => {
  it.each([
    ['is its address', {}, 'b.example.com', 'b.example.com'],
    ['is none where the address is no name', {}, '192.0.2.7', ''],
    ['is that of its backend', { tls: { serverName: 'all.example.com' } }, '192.0.2.7', 'all.example.com'],
    ['is the one that the others have', { serverName: 'own.example.com' }, 'b.example.com', 'own.example.com'],
  ])('%s (%j), when it comes to %s', (_what, given: { tls?: object; serverName?: string }, address, expected) => {
    const { tls, ...server } = given;
    const config = aConfig(backendWith(server, tls));
    const wanted = { name: 'b', address, port: 443, check: true };
    const added = last(addServer(config, 'api', wanted));
    const moved = last(editServer(config, 'api/a', { address }));
    const replaced = last(replaceServers(config, 'api', [{ ...wanted, name: 'a' }]));
    for (const each of [added, moved, replaced]) {
      expect(each).toMatchObject({ address, serverName: expected, check: { address, tls: { serverName: expected } } });
    }
  });
});
