// Certificates with wildcards: a real authority (pebble) asks a DNS server of ours, whose records a service (a fake of ClouDNS)
// or a module of the user's own publishes. Nobody comes by port 80.
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeClouDns, startFakeClouDns } from '../../../src/infra/fakes/cloudns.ts';
import { startLocalDns } from '../../../src/infra/local-dns/server.ts';
import { memoryZones, type ZoneSource } from '../../../src/infra/local-dns/zones.ts';
import type { NewRecord } from '../../../src/infra/cloudns/records.ts';
import { type Pebble, skipWithoutPebble, startPebble } from '../../acme/support/pebble.ts';
import { zonesOf } from '../../acme/support/zones.ts';
import { freePort, portOf } from '../../support/ports.ts';
import { CertificateFolder } from '../support/certificates.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';

const zone = 'example.com';
const domains = [`*.${zone}`, zone];
const patienceMs = 45_000;
const password = 'p4ssw0rd-of-the-account';
const started = new AsyncDisposableStack();
const folder = new CertificateFolder();

afterAll(async () => {
  await started.disposeAsync();
  folder[Symbol.dispose]();
});

/** An authority that asks a DNS server with these records. */
async function authorityWith(zones: ZoneSource): Promise<{ pebble: Pebble; dns: string }> {
  const server = started.use(await startLocalDns({ port: 0, zones, upstream: null }));
  const dns = `127.0.0.1:${server.port}`;
  return { pebble: started.use(await startPebble({ resolver: dns })), dns };
}

async function proxyWith(pebble: Pebble, dns: object, secure: number): Promise<RunningProxy> {
  const trust = folder.write('trust.pem', pebble.trust);
  return startProxy((_port, control) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    acme: {
      directory: pebble.directory,
      trust,
      storage: join(folder.path, `storage-${secure}`),
      hosts: domains,
      agreeTerms: true,
      challenge: 'dns-01',
      dns,
    },
    frontends: [
      { name: 'web', tls: { bind: [`127.0.0.1:${secure}`], certificates: [{ acme: domains }] }, defaultBackend: 'api' },
    ],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: 9 }] }],
  }));
}

function secretFile(name: string, text: string): string {
  const file = folder.write(name, text);
  chmodSync(file, 0o600);
  return file;
}

async function namesServed(port: number): Promise<string | undefined> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: 'any.example.com', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subjectaltname } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

async function settled(proxy: RunningProxy): Promise<void> {
  await until(() => /new certificates are|no certificate for/.test(proxy.log()), patienceMs);
}

describe.skipIf(skipWithoutPebble)('a certificate with a wildcard', { timeout: 120_000 }, () => {
  let cloudns: FakeClouDns;
  let pebble: Pebble;
  let dns: string;

  beforeAll(async () => {
    cloudns = started.use(await startFakeClouDns({ authId: '7', password, zones: [zone], requestsPerSecond: 1000 }));
    ({ pebble, dns } = await authorityWith(zonesOf(cloudns)));
  }, 60_000);

  it('is got through ClouDNS with credentials from a file, which show up nowhere, and leaves no record', async () => {
    const text = `CLOUDNS_AUTH_ID=7\nCLOUDNS_AUTH_PASSWORD=${password}\nCLOUDNS_URL=${cloudns.url}\n`;
    const credentials = secretFile('cloudns.env', text);
    const secure = await freePort();
    await using proxy = await proxyWith(pebble, { provider: 'cloudns', credentials, nameservers: [dns] }, secure);
    await settled(proxy);
    expect(proxy.log()).toContain('the new certificates are in use');
    expect(await namesServed(secure)).toBe('DNS:*.example.com, DNS:example.com');
    expect([...(cloudns.zones.get(zone)?.values() ?? [])].filter(({ type }) => type === 'TXT')).toEqual([]);
    expect(proxy.log()).not.toContain(password);
  });

  it('is told to be missing where credentials are wrong, without showing them', async () => {
    const text = `CLOUDNS_AUTH_ID=7\nCLOUDNS_AUTH_PASSWORD=wr0ng-one\nCLOUDNS_URL=${cloudns.url}\n`;
    const credentials = secretFile('wrong.env', text);
    await using proxy = await proxyWith(pebble, { provider: 'cloudns', credentials }, await freePort());
    await settled(proxy);
    expect(proxy.log()).toMatch(/no certificate for \*\.example\.com: .*Invalid authentication.*; tried again at 20/);
    expect(proxy.log()).not.toContain('wr0ng-one');
  });
});

describe.skipIf(skipWithoutPebble)('a module of the user', { timeout: 120_000 }, () => {
  it('publishes the records, with options of its own', async () => {
    const records: NewRecord[] = [];
    const told: string[] = [];
    const service: Server = createServer((incoming, outgoing) => {
      const url = new URL(incoming.url ?? '', 'http://service');
      const [name = '', value = ''] = ['name', 'value'].map((key) => url.searchParams.get(key) ?? '');
      told.push(`${url.pathname} ${name}`);
      const host = name.slice(0, -zone.length - 1);
      if (url.pathname === '/add') records.push({ host, type: 'TXT', value, ttl: 60 });
      else
        records.splice(
          records.findIndex((record) => record.value === value),
          1,
        );
      outgoing.end();
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    started.defer(() => void service.close());
    const { pebble, dns } = await authorityWith(memoryZones(new Map([[zone, records]])));
    const module = folder.write(
      'dns.mjs',
      `const ask = (path, { name, value, options }) => fetch(\`\${options.service}/\${path}?\${new URLSearchParams({ name, value })}\`);
       export const present = (call) => ask('add', call);
       export const cleanup = (call) => ask('remove', call);`,
    );
    const options = { service: `http://127.0.0.1:${portOf(service)}` };
    const secure = await freePort();
    await using proxy = await proxyWith(pebble, { provider: 'module', module, options, nameservers: [dns] }, secure);
    await settled(proxy);
    expect(proxy.log()).toContain('the new certificates are in use');
    expect(await namesServed(secure)).toBe('DNS:*.example.com, DNS:example.com');
    const name = `_acme-challenge.${zone}`;
    expect(told.toSorted()).toEqual([`/add ${name}`, `/add ${name}`, `/remove ${name}`, `/remove ${name}`]);
    expect(records).toEqual([]);
  });
});
