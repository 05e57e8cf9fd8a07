// What outlives a connection: certificates that are replaced while clients talk, and sessions that are resumed in every
// worker and after reloads. And who may come in where clients need certificates.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import type { Server } from 'node:http';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder, type Issued } from '../support/certificates.ts';
import { request, type RunningProxy, sleep, startProxy, until } from '../support/proxy.ts';
import { countsOf } from '../support/stats.ts';
import { curl, echoBackend, get } from '../support/tls-client.ts';

let folder: CertificateFolder;
let ca: Authority;
let clients: Authority;
let backend: { port: number; server: Server };
let proxy: RunningProxy;
let port: number;
let certFile: string;
let mutual: { required: number; optional: number };
let good: Issued;
let revoked: Issued;
let foreign: Issued;

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  clients = await Authority.create('Clients');
  good = await clients.issue({ names: [], subject: 'CN=Zoë \\+ Co,O=Example', use: 'client' });
  revoked = await clients.issue({ names: [], subject: 'CN=gone', use: 'client' });
  foreign = await (await Authority.create('Foreign')).issue({ names: [], subject: 'CN=forged', use: 'client' });
  const clientCa = folder.write('clients.crt', clients.pem);
  const crl = folder.write('clients.crl', await clients.revoke([revoked.serial]));
  backend = await echoBackend();
  const leaf = await ca.issue({ names: ['a.test'] });
  certFile = folder.write('a.pem', leaf.cert + leaf.key);
  port = await freePort();
  mutual = { required: await freePort(), optional: await freePort() };
  const guarded = (mode: 'required' | 'optional'): object => ({
    name: mode,
    tls: { bind: [`127.0.0.1:${mutual[mode]}`], certificates: [certFile], clientAuth: { ca: clientCa, mode, crl } },
    requestHeaders: {
      set: {
        'X-Client': '${tls_client_subject}',
        'X-Hash': '${tls_client_fingerprint}',
        'X-Ok': '${tls_client_verified}',
      },
    },
    defaultBackend: 'api',
  });
  proxy = await startProxy((clear, control) => ({
    workers: 2,
    stats: { socket: [`127.0.0.1:${control}`] },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${clear}`],
        tls: { bind: [`127.0.0.1:${port}`], certificates: [certFile] },
        defaultBackend: 'api',
      },
      guarded('required'),
      guarded('optional'),
    ],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: backend.port }] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.server.close();
  folder[Symbol.dispose]();
});

/** Connects, takes a session, and says whether the one it came with was resumed. */
async function visit(version: 'TLSv1.2' | 'TLSv1.3', session?: Buffer): Promise<{ reused: boolean; session: Buffer }> {
  let given: Buffer | undefined;
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ca: ca.pem,
    servername: 'a.test',
    minVersion: version,
    maxVersion: version,
    ...(session && { session }),
  });
  socket.on('session', (bytes) => (given = bytes));
  await once(socket, 'secureConnect');
  const reused = socket.isSessionReused();
  socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
  const next = given ?? session;
  if (!next) throw new Error('no session');
  return { reused, session: next };
}

describe('sessions', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of %s are resumed by all workers, after a reload and by new workers',
    async (version) => {
      let { session } = await visit(version);
      for (let round = 0; round < 12; round += 1) {
        if (round === 6) expect(await request(proxy.controlPort, 'reload\n', 60_000)).toContain('Success=1');
        if (round === 9) expect(await request(proxy.controlPort, 'upgrade\n', 60_000)).toContain('Success=1');
        const next = await visit(version, session);
        expect(next.reused).toBe(true);
        session = next.session;
      }
    },
  );

  it('and handshakes are counted', async () => {
    const counted = () => countsOf(proxy, 'web,FRONTEND', 'ssl_sess', 'ssl_reused_sess');
    const [all = 0, reused = 0] = await counted();
    const { session } = await visit('TLSv1.3');
    await visit('TLSv1.3', session);
    expect(await counted()).toEqual([all + 2, reused + 1]);
  });
});

describe('certificates', () => {
  it('are replaced while clients talk, and nothing is lost', async () => {
    const agent = new Agent({ keepAlive: true, ca: ca.pem, servername: 'a.test', maxSockets: 20 });
    const fresh = new Agent({
      keepAlive: false,
      ca: ca.pem,
      servername: 'a.test',
      maxSockets: 4,
      maxCachedSessions: 0,
    });
    const serials = new Set<string>();
    let done = 0;
    let failed = 0;
    let stop = false;
    const load = async (own: Agent): Promise<void> => {
      while (!stop) {
        await new Promise<void>((resolve) => {
          const outgoing = httpsRequest({ host: '127.0.0.1', port, agent: own }, (response) => {
            const { socket } = response;
            if (own === fresh && socket instanceof tls.TLSSocket) serials.add(socket.getPeerCertificate().serialNumber);
            response.resume();
            response.on('end', () => {
              if (response.statusCode === 200) done += 1;
              else failed += 1;
              resolve();
            });
            response.on('error', () => {
              failed += 1;
              resolve();
            });
          });
          outgoing.on('error', () => {
            failed += 1;
            resolve();
          });
          outgoing.end();
        });
      }
    };
    const loads = [...Array.from({ length: 10 }, () => load(agent)), ...Array.from({ length: 4 }, () => load(fresh))];
    for (let round = 0; round < 3; round += 1) {
      const next = await ca.issue({ names: ['a.test'] });
      writeFileSync(certFile, next.cert + next.key);
      expect(await proxy.command('reload')).toContain('Success=1');
      const serial = next.serial.toUpperCase();
      await until(() => serials.has(serial), 20_000);
      await sleep(100);
    }
    stop = true;
    await Promise.all(loads);
    agent.destroy();
    fresh.destroy();
    expect(failed).toBe(0);
    expect(done).toBeGreaterThan(50);
    expect(serials.size).toBeGreaterThanOrEqual(3);
  });

  it('that do not fit refuse a reload, and the old ones stay', async () => {
    const [one, other] = [await ca.issue({ names: ['a.test'] }), await ca.issue({ names: ['a.test'] })];
    writeFileSync(certFile, one.cert + other.key);
    expect(await proxy.command('reload')).toMatch(/the key in .*a\.pem is not that of the certificate/);
    expect((await get({ port, ca: ca.pem, servername: 'a.test' })).text).toMatch(/^HTTP\/1\.1 200/);
    writeFileSync(certFile, one.cert + one.key);
    expect(await proxy.command('reload')).toContain('Success=1');
  });

  it('that expired are replaced all the same: the rest must go on', async () => {
    const old = await ca.issue({ names: ['a.test'], from: -20, until: -10 });
    writeFileSync(certFile, old.cert + old.key);
    expect(await proxy.command('reload')).toContain('Success=1');
    expect(proxy.log()).toMatch(/warn: .*the certificate in .* expired on/);
    const { error } = await curl([
      '--cacert',
      folder.write('ca.crt', ca.pem),
      '--resolve',
      `a.test:${port}:127.0.0.1`,
      `https://a.test:${port}/`,
    ]);
    expect(error).toMatch(/expired/);
    const next = await ca.issue({ names: ['a.test'] });
    writeFileSync(certFile, next.cert + next.key);
    expect(await proxy.command('reload')).toContain('Success=1');
  });
});

describe('certificates of clients', () => {
  /** Status and what the server heard, or undefined if there was no answer. */
  async function come(to: number, as?: Issued): Promise<Record<string, string> | undefined> {
    const own = as ? { cert: as.cert, key: as.key } : {};
    try {
      const { text } = await get({ port: to, ca: ca.pem, servername: 'a.test', ...own }, '/', 'X-Client: forged\r\n');
      if (!text.startsWith('HTTP/1.1 200')) return undefined;
      const body = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
      return (JSON.parse(body) as { headers: Record<string, string> }).headers;
    } catch {
      return undefined;
    }
  }

  it('let their owners in, and tell servers who they are', async () => {
    for (const to of [mutual.required, mutual.optional]) {
      const headers = await come(to, good);
      expect(headers).toMatchObject({ 'x-ok': 'yes', 'x-client': String.raw`O=Example,CN=Zo\C3\AB \+ Co` });
      expect(headers?.['x-hash']).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('may be missing where they are optional', async () => {
    const headers = await come(mutual.optional);
    expect(headers?.['x-client']).toBeUndefined();
    expect(headers?.['x-ok']).toBeUndefined();
    expect(headers?.['host']).toBe('a.test');
    expect(await come(mutual.required)).toBeUndefined();
  });

  it('of others, or that were revoked, open no door', async () => {
    for (const to of [mutual.required, mutual.optional]) {
      expect(await come(to, foreign)).toBeUndefined();
      expect(await come(to, revoked)).toBeUndefined();
    }
    expect(await come(mutual.required, good)).toBeDefined();
  });
});
