// What the haproxy role writes, read by the balancer itself.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProxyConfig } from '../../src/proxy/core/config/model.ts';
import { readConfig } from '../../src/proxy/core/config/read.ts';
import { expectGolden } from '../support/golden.ts';
import { foresee, type RenderedRole } from './support.ts';

const golden = (name: string) => join(import.meta.dirname, 'golden', name);
const alone = 'all:\n  children:\n    haproxy:\n      hosts:\n        lb-1:\n';
const backends = `    backend_api_instances:
      hosts:
        api-1: { ansible_host: 192.0.2.21 }
        api-2.example: {}
        api-3: { ansible_host: 192.0.2.23, backend_api_listen_port: 9090 }
`;
const streams = `    stream_server_instances:
      hosts:
        stream-1: { ansible_host: "2001:db8::31" }
`;
const fallback = {
  haproxy_backend_api_fallback: [
    { name: 'spare-1', address: '198.51.100.1', port: 8081 },
    { name: 'spare-2', address: '198.51.100.2' },
  ],
  haproxy_stream_fallback: [{ name: 'spare-3', address: '198.51.100.3', port: 8083 }],
};

const role = (inventory: string, variables: object = {}): Promise<RenderedRole> =>
  foresee({ role: 'haproxy', host: 'lb-1', inventory, variables });

/** The configuration as `veza-proxy validate` reads it. */
function configOf({ files, results }: RenderedRole): ProxyConfig {
  const text = files.get('config.yml');
  const said = results.flatMap(({ message }) => message ?? []).join('\n');
  if (text === undefined) throw new Error(`no configuration was rendered: ${said}`);
  const read = readConfig(text, 'config.yml');
  if (!read.ok) throw new Error(`${read.diagnostics.map(({ message }) => message).join('\n')}\n${text}`);
  expect(read.diagnostics).toEqual([]);
  return read.config;
}

function serversOf(config: ProxyConfig, pool: string): readonly string[] {
  const backend = config.backends.find(({ name }) => name === pool);
  return (backend?.servers ?? []).map(({ name, address, port }) => `${name} ${address} ${port}`);
}

describe('the configuration of the balancer', () => {
  it('is this one for the lab', async () => {
    const rendered = await role('inventory/lab.yml');
    configOf(rendered);
    expectGolden(golden('lab-config.yml'), rendered.files.get('config.yml') ?? '');
  });

  it('lets only those change things who may open its unix socket', async () => {
    const sockets = configOf(await role(alone + backends + streams)).stats.sockets;
    expect(sockets.map(({ id, level }) => [id, level])).toEqual([
      ['unix:/run/veza-proxy/admin.sock', 'admin'],
      ['127.0.0.1:9100', 'operator'],
    ]);
  });

  it('has the defaults of the reference for its pools', async () => {
    const config = configOf(await role(alone + backends + streams));
    const api = config.backends.find(({ name }) => name === 'api_pool');
    expect(api).toMatchObject({
      balance: 'roundrobin',
      cookie: { name: 'SERVERID' },
      slowstartMs: 30_000,
      shutdownSessionsOnDown: true,
    });
    for (const server of api?.servers ?? []) {
      expect(server.check).toMatchObject({
        type: 'http',
        method: 'GET',
        path: '/api/v1/health',
        interMs: 5000,
        timeoutMs: 2000,
        fall: 3,
        rise: 2,
      });
    }
    expect(config.backends.find(({ name }) => name === 'stream_pool')).toMatchObject({
      balance: 'hash',
      hash: { key: 'path-segment', index: 2 },
      slowstartMs: 30_000,
    });
    expect(config.stats.sockets.map(({ id }) => id)).toEqual(['unix:/run/veza-proxy/admin.sock', '127.0.0.1:9100']);
  });

  it('has the hosts of the groups, each with the address and port of its inventory', async () => {
    const config = configOf(await role(alone + backends + streams, fallback));
    expect(serversOf(config, 'api_pool')).toEqual([
      'api-1 192.0.2.21 8080',
      'api-2.example api-2.example 8080',
      'api-3 192.0.2.23 9090',
    ]);
    expect(serversOf(config, 'stream_pool')).toEqual(['stream-1 2001:db8::31 8080']);
  });

  it('has the fallback lists where the inventory lacks the groups', async () => {
    const config = configOf(await role(alone, fallback));
    expect(serversOf(config, 'api_pool')).toEqual(['spare-1 198.51.100.1 8081', 'spare-2 198.51.100.2 8080']);
    expect(serversOf(config, 'stream_pool')).toEqual(['spare-3 198.51.100.3 8083']);
  });

  it('decides for each pool on its own, and takes an empty group for none', async () => {
    const empty = '    stream_server_instances:\n      hosts: {}\n';
    const config = configOf(await role(alone + backends + empty, fallback));
    expect(serversOf(config, 'api_pool')).toHaveLength(3);
    expect(serversOf(config, 'stream_pool')).toEqual(['spare-3 198.51.100.3 8083']);
  });

  it('has no stream pool when there is no path for it', async () => {
    const config = configOf(await role(alone + backends, { haproxy_stream_path_prefix: '' }));
    expect(config.backends.map(({ name }) => name)).toEqual(['api_pool']);
  });

  it.each([
    ['api_pool', alone + streams, ['backend_api_instances', 'haproxy_backend_api_fallback']],
    [
      'stream_pool',
      alone + backends,
      ['stream_server_instances', 'haproxy_stream_fallback', 'haproxy_stream_path_prefix'],
    ],
  ])(
    'is refused before anything is written when %s has no server, with the names of what to fill',
    async (pool, inventory, names) => {
      const { results } = await role(inventory);
      const failed = results.filter(({ status }) => status === 'failed');
      const said = failed.map(({ message }) => message).join('\n');
      for (const name of [pool, ...names]) expect(said).toContain(name);
      expect(results.filter(({ status }) => status === 'changed')).toEqual([]);
    },
  );

  it('has HTTPS beside HTTP where there is a certificate, and not without', async () => {
    const secure = await role(alone, { ...fallback, haproxy_tls_cert_path: '/etc/ssl/site.pem' });
    const [frontend] = configOf(secure).frontends;
    expect(frontend?.binds.map(({ id }) => id)).toEqual(['[::]:80', '[::]:443']);
    expect(frontend?.tls).toMatchObject({
      binds: ['[::]:443'],
      certificates: ['/etc/ssl/site.pem'],
      minVersion: 'TLSv1.2',
    });
    expect(secure.files.get('veza-proxy.socket')).toMatch(/^ListenStream=80\nListenStream=443$/m);
    const plain = await role(alone, fallback);
    expect(configOf(plain).frontends[0]?.tls).toBeUndefined();
    expect(plain.files.get('veza-proxy.socket')).not.toContain('443');
  });

  it('is refused when a server of a fallback list lacks its address', async () => {
    const { results } = await role(alone, { ...fallback, haproxy_backend_api_fallback: [{ name: 'spare-1' }] });
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({
      status: 'failed',
      message: 'role "haproxy": "address" is missing in haproxy_backend_api_fallback.0',
    });
  });
});
