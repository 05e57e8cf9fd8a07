// Certificates of a real ACME authority: pebble, which asks our DNS server and our web server.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemAcmeClock } from '../../src/acme/clock.ts';
import { AcmeError } from '../../src/acme/errors.ts';
import { HttpTokens } from '../../src/acme/http-tokens.ts';
import { AcmeManager } from '../../src/acme/manager.ts';
import type { AcmeClock, AcmeEvent, AcmeOptions } from '../../src/acme/model.ts';
import { clouDnsChallenge } from '../../src/infra/cloudns/challenge.ts';
import { ClouDns } from '../../src/infra/cloudns/client.ts';
import { startFakeClouDns, type FakeClouDns } from '../../src/infra/fakes/cloudns.ts';
import { startLocalDns, type LocalDns } from '../../src/infra/local-dns/server.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { skipWithoutPebble, startPebble, type Pebble } from './support/pebble.ts';
import { zonesOf } from './support/zones.ts';

const zone = 'example.com';
const foreignValue = 'value-of-somebody-else';

let folder = '';
let cloudns: FakeClouDns;
let dnsServer: LocalDns;
let client: ClouDns;
let pebble: Pebble;
/** What was started, to be ended in the opposite order. */
const started = new AsyncDisposableStack();
const tokens = new HttpTokens();

beforeAll(async () => {
  if (skipWithoutPebble) return;
  folder = await mkdtemp(join(tmpdir(), 'veza-acme-'));
  started.defer(() => rm(folder, { recursive: true }));
  cloudns = started.use(
    await startFakeClouDns({ authId: '7', password: 'password', zones: [zone], requestsPerSecond: 1000 }),
  );
  for (const host of ['', 'app', 'www']) cloudns.plant(zone, { type: 'A', host, record: '127.0.0.1', ttl: '60' });
  cloudns.plant(zone, { type: 'TXT', host: '_acme-challenge', record: foreignValue, ttl: '60' });
  client = new ClouDns({
    auth: { id: '7', password: 'password' },
    clock: systemAcmeClock,
    redactor: createRedactor(),
    baseUrl: cloudns.url,
    requestsPerSecond: 1000,
  });
  dnsServer = started.use(await startLocalDns({ port: 0, zones: zonesOf(cloudns), upstream: null }));
  pebble = started.use(await startPebble({ resolver: `127.0.0.1:${dnsServer.port}` }));
  const webServer = await serveTokens(pebble.httpPort);
  started.defer(() => void webServer.close());
}, 60_000);

afterAll(() => started.disposeAsync());

async function serveTokens(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const body = tokens.answer(request.url ?? '');
    response.statusCode = body === null ? 404 : 200;
    response.end(body ?? 'nothing here');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A clock whose time can be moved; it sleeps really. */
function movableClock(): AcmeClock & { moveMs: number } {
  const clock = { ...systemAcmeClock, moveMs: 0, now: () => Date.now() + clock.moveMs };
  return clock;
}

function managerOf(more: Partial<AcmeOptions> = {}) {
  const events: AcmeEvent[] = [];
  const dns = clouDnsChallenge({
    dns: client,
    clock: systemAcmeClock,
    nameservers: [`127.0.0.1:${dnsServer.port}`],
  });
  const options: AcmeOptions = {
    directory: pebble.directory,
    folder: join(folder, 'acme'),
    email: 'admin@example.com',
    termsAgreed: true,
    allowedDomains: [zone, `*.${zone}`],
    http: tokens,
    dns,
    trust: pebble.trust,
    clock: systemAcmeClock,
    onEvent: (event) => events.push(event),
    ...more,
  };
  return { manager: new AcmeManager(options), events, options };
}

function textValues(): readonly string[] {
  const records = [...(cloudns.zones.get(zone)?.values() ?? [])];
  return records.filter(({ type, host }) => type === 'TXT' && host === '_acme-challenge').map(({ record }) => record);
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe.skipIf(skipWithoutPebble)('ACME with pebble', () => {
  it('gets a certificate by http-01, and keeps it for its owner only', async () => {
    const { manager, events } = managerOf();
    const wanted = { name: 'app.example.com', domains: ['app.example.com', 'www.example.com'] };
    expect(await manager.isDue(wanted)).toBe(true);
    const got = await manager.ensure(wanted);
    expect(got.domains.toSorted()).toEqual(['app.example.com', 'www.example.com']);
    expect(events.map(({ kind }) => kind)).toEqual(['ordering', 'issued']);
    expect(tokens.size).toBe(0);
    expect(await modeOf(got.keyFile)).toBe('600');
    expect(await modeOf(got.certificateFile)).toBe('600');
    for (const path of await readdir(join(folder, 'acme'), { recursive: true, withFileTypes: true })) {
      if (path.isDirectory()) expect(await modeOf(join(path.parentPath, path.name))).toBe('700');
    }
    const [leaf = '', issuer = ''] = got.certificate.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(new X509Certificate(leaf).verify(new X509Certificate(issuer).publicKey)).toBe(true);
  });

  it('asks nobody while the certificate is good, and two who ask at once are one order', async () => {
    const { manager, events } = managerOf();
    const wanted = { name: 'once.example.com', domains: ['www.example.com'] };
    const [one, other] = await Promise.all([manager.ensure(wanted), manager.ensure(wanted)]);
    expect(one.fingerprint).toBe(other.fingerprint);
    await manager.ensure(wanted);
    expect(events.map(({ kind }) => kind)).toEqual(['ordering', 'issued']);
  });

  it('is asked once by two processes that want the same', async () => {
    const wanted = { name: 'shared.example.com', domains: ['app.example.com'] };
    const [one, other] = [managerOf(), managerOf()];
    const [first, second] = await Promise.all([one.manager.ensure(wanted), other.manager.ensure(wanted)]);
    expect(first.fingerprint).toBe(second.fingerprint);
    const orders = [...one.events, ...other.events].filter(({ kind }) => kind === 'ordering');
    expect(orders).toHaveLength(1);
  });

  it('renews when a third of the life is left, in the same place, with the same account', async () => {
    const clock = movableClock();
    const { manager, events } = managerOf({ clock });
    const wanted = { name: 'renewed.example.com', domains: ['app.example.com'] };
    const first = await manager.ensure(wanted);
    clock.moveMs = (first.notAfterMs - first.notBeforeMs) * 0.6;
    expect(await manager.isDue(wanted)).toBe(false);
    clock.moveMs = (first.notAfterMs - first.notBeforeMs) * 0.7;
    const second = await manager.ensure(wanted);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(second.certificateFile).toBe(first.certificateFile);
    expect((await manager.current(wanted.name))?.fingerprint).toBe(second.fingerprint);
    expect(events.at(-1)).toMatchObject({ kind: 'issued', renewed: true });
    // Three orders of this file so far, one account.
    expect(pebble.log().match(/There are now \d+ accounts in memory/g)).toHaveLength(1);
  });

  it('gets a wildcard certificate by dns-01 through ClouDNS, and leaves the values of others alone', async () => {
    const { manager } = managerOf();
    const got = await manager.ensure({ name: '*.example.com', domains: ['*.example.com', 'example.com'] });
    expect(got.domains.toSorted()).toEqual(['*.example.com', 'example.com']);
    expect(textValues()).toEqual([foreignValue]);
    const added = cloudns.log.filter(({ path }) => path === '/dns/add-record.json');
    // Two names, one place: both values are there at the same time.
    expect(added).toHaveLength(2);
    for (const { text } of added) expect(new URLSearchParams(text).get('ttl')).toBe('60');
  });

  it('keeps the old certificate when a challenge is refused, and says what the authority found', async () => {
    const clock = movableClock();
    const { manager } = managerOf({ clock });
    const wanted = { name: 'kept.example.com', domains: ['app.example.com'] };
    const before = await manager.ensure(wanted);
    clock.moveMs = (before.notAfterMs - before.notBeforeMs) * 0.7;
    const lying = { present: () => undefined, remove: () => undefined };
    const failing = managerOf({ clock, http: lying });
    const error = await failing.manager.ensure(wanted).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AcmeError);
    expect(error).toMatchObject({ code: 'acme-challenge-failed', problem: { type: 'unauthorized' } });
    expect((error as AcmeError).message).toMatch(/^app\.example\.com: http-01 failed: .*404.*\(unauthorized\)/);
    expect((error as AcmeError).hint).toContain('A and AAAA');
    expect((await manager.current(wanted.name))?.fingerprint).toBe(before.fingerprint);
    const failed = failing.events.find((event) => event.kind === 'failed');
    expect(failed?.kept?.fingerprint).toBe(before.fingerprint);
    expect(failed?.nextAttemptMs).toBeGreaterThanOrEqual(clock.now() + 4 * 60_000);
  });

  it('clears its own values away when dns-01 fails', async () => {
    const { options } = managerOf();
    const deaf: AcmeOptions['dns'] = {
      present: async (name, value, signal) => options.dns?.present(name, `${value}-wrong`, signal),
      remove: async (name, value, signal) => options.dns?.remove(name, `${value}-wrong`, signal),
    };
    const { manager } = managerOf({ dns: deaf });
    await expect(manager.ensure({ name: 'deaf', domains: ['*.example.com'] })).rejects.toMatchObject({
      code: 'acme-challenge-failed',
    });
    expect(textValues()).toEqual([foreignValue]);
  });

  it('survives an authority that refuses three of four nonces', async () => {
    await using strict = await startPebble({
      resolver: `127.0.0.1:${dnsServer.port}`,
      environment: { PEBBLE_WFE_NONCEREJECT: '75' },
    });
    const { manager } = managerOf({
      directory: strict.directory,
      trust: strict.trust,
      folder: join(folder, 'nonces'),
    });
    const got = await manager.ensure({ name: 'nonces', domains: ['*.example.com'] });
    expect(got.domains).toEqual(['*.example.com']);
    // Every request has one nonce of its own; those beyond are for requests that were refused.
    const count = (what: RegExp) => strict.log().match(what)?.length ?? 0;
    expect(count(/ POST \//g)).toBeGreaterThan(count(/ HEAD \/nonce-plz/g));
  });

  it('asks no authority that it cannot trust', async () => {
    const { manager } = managerOf({ trust: undefined, folder: join(folder, 'untrusted') });
    await expect(manager.ensure({ name: 'app', domains: ['app.example.com'] })).rejects.toMatchObject({
      code: 'acme-unreachable',
      hint: 'If the authority is a private one, name its own certificate to be trusted.',
    });
  });
});
