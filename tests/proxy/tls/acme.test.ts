// Certificates that the proxy gets itself, from a real authority (pebble): the first one, renewals under traffic, and
// what comes of an authority that does not answer.
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorityFolder } from '../../../src/acme/session.ts';
import { CertificateStore } from '../../../src/acme/store.ts';
import { type LocalDns, startLocalDns } from '../../../src/infra/local-dns/server.ts';
import { memoryZones } from '../../../src/infra/local-dns/zones.ts';
import { freePort } from '../../support/ports.ts';
import { type Pebble, skipWithoutPebble, startPebble } from '../../acme/support/pebble.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { request, type RunningProxy, startProxy, statusOf, until } from '../support/proxy.ts';
import { echoBackend, run } from '../support/tls-client.ts';
import { proxyMain } from '../support/program.ts';

const domains = ['app.example.com', 'www.example.com'];
const patienceMs = 45_000;

let folder: CertificateFolder;
let ca: Authority;
let dns: LocalDns;
let pebble: Pebble;
let trust: string;
let backend: { port: number; server: Server };

interface Given {
  readonly clear: number;
  readonly control: number;
  readonly secure: number;
  readonly storage: string;
  readonly directory?: string;
  readonly more?: object;
  readonly admin?: object;
}

/** A proxy that turns clients of clear HTTP away: what the authority asks must come before that. */
function configured(given: Given): object {
  const { clear, control, secure, storage, directory = pebble.directory, more = {}, admin } = given;
  return {
    ...(admin && { admin }),
    workers: 2,
    stats: { socket: [`127.0.0.1:${control}`] },
    acme: { directory, trust, storage, hosts: ['*.example.com'], agreeTerms: true },
    frontends: [
      {
        name: 'web',
        bind: [`127.0.0.1:${clear}`],
        tls: { bind: [`127.0.0.1:${secure}`], certificates: [{ acme: domains }] },
        rules: [{ scheme: 'http', respond: { status: 403 } }],
        defaultBackend: 'api',
        ...more,
      },
    ],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: backend.port }] }],
  };
}

/** Resolves when the proxy serves what it got. */
async function newCertificate(proxy: RunningProxy): Promise<void> {
  await until(() => /new certificates are|no certificate for/.test(proxy.log()), patienceMs);
  expect(proxy.log()).toContain('the new certificates are in use');
}

/** The certificate that clients get. */
async function served(port: number): Promise<tls.PeerCertificate> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: 'app.example.com', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

function storeOf(storage: string): CertificateStore {
  return new CertificateStore(authorityFolder({ directory: pebble.directory, folder: storage }));
}

async function getClear(port: number, path: string): Promise<string> {
  const outgoing = httpRequest({ host: '127.0.0.1', port, path, agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer>];
  return textOf(response);
}

async function getHttp2(port: number, path: string): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  try {
    return await textOf(session.request({ ':path': path }).end());
  } finally {
    session.close();
  }
}

describe.skipIf(skipWithoutPebble)('certificates of an authority', { timeout: 200_000 }, () => {
  beforeAll(async () => {
    folder = new CertificateFolder();
    ca = await Authority.create();
    backend = await echoBackend();
    const records = domains.map((name) => ({
      host: name.slice(0, name.indexOf('.')),
      type: 'A',
      value: '127.0.0.1',
      ttl: 60,
    }));
    dns = await startLocalDns({ port: 0, zones: memoryZones(new Map([['example.com', records]])), upstream: null });
    pebble = await startPebble({ resolver: `127.0.0.1:${dns.port}` });
    trust = folder.write('trust.pem', pebble.trust);
  }, 60_000);

  afterAll(async () => {
    backend.server.close();
    await pebble[Symbol.asyncDispose]();
    await dns.stop();
    folder[Symbol.dispose]();
  });

  it('are got by the proxy itself, kept for its owner, and served from then on', async () => {
    const storage = join(folder.path, 'first');
    const [secure, adminPort] = [await freePort(), await freePort()];
    const tokenFile = join(folder.path, 'tokens.json');
    const { out: token } = await run(process.execPath, [
      proxyMain,
      'ctl',
      'token',
      'create',
      'eyes',
      '--file',
      tokenFile,
    ]);
    const admin = { listen: [`127.0.0.1:${adminPort}`], tokenFile };
    await using proxy = await startProxy((_port, control) =>
      configured({ clear: pebble.httpPort, control, secure, storage, admin }),
    );
    await newCertificate(proxy);
    const headers = { Authorization: `Bearer ${token.trim()}` };
    const events = await (await fetch(`http://127.0.0.1:${adminPort}/api/events?follow=0`, { headers })).text();
    const actions = [...events.matchAll(/"type":"cert_action","action":"([a-z ]+)","names":(\[.*\])/g)];
    expect(actions.map(([, action, names]) => [action, JSON.parse(names ?? '') as unknown])).toEqual([
      ['requested', domains],
      ['issued', domains],
      ['in use', domains],
    ]);
    const stored = await storeOf(storage).read('app.example.com');
    const { fingerprint256, subjectaltname } = await served(secure);
    expect(fingerprint256.replaceAll(':', '').toLowerCase()).toBe(stored?.fingerprint);
    expect(subjectaltname).toBe('DNS:app.example.com, DNS:www.example.com');
    expect(((await stat(stored?.keyFile ?? '')).mode & 0o777).toString(8)).toBe('600');
    // What the authority asked is answered no more.
    expect(
      statusOf(await request(pebble.httpPort, 'GET /.well-known/acme-challenge/x HTTP/1.1\r\nHost: a\r\n\r\n')),
    ).toBe(403);
    // The next start has it at once, and asks nobody.
    proxy.process.kill('SIGTERM');
    await once(proxy.process, 'exit');
    await using again = await startProxy((clear, control) => configured({ clear, control, secure, storage }));
    expect((await served(secure)).fingerprint256).toBe(fingerprint256);
    expect(again.log()).not.toContain('asking for a certificate');
  });

  it('are asked for by every worker alike, over HTTP/1 and HTTP/2', async () => {
    const storage = join(folder.path, 'relayed');
    const [secure, clear] = [await freePort(), await freePort()];
    const answers: string[] = [];
    // The authority asks us, and we ask the proxy, again and again.
    const relay = createServer((incoming, outgoing) => {
      const path = incoming.url ?? '';
      const asked = Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? getClear(clear, path) : getHttp2(clear, path),
      );
      void Promise.all(asked).then((texts) => {
        answers.push(...texts);
        outgoing.end(texts[0]);
      });
    }).listen(pebble.httpPort, '127.0.0.1');
    await once(relay, 'listening');
    try {
      await using proxy = await startProxy((_port, control) =>
        configured({ clear, control, secure, storage, more: { http2: { clear: true } } }),
      );
      await newCertificate(proxy);
    } finally {
      relay.close();
    }
    expect(answers.length).toBeGreaterThanOrEqual(40);
    // One token for each domain, and never anything else.
    expect(new Set(answers).size).toBe(2);
    for (const answer of answers) expect(answer).toMatch(/^[\w-]+\.[\w-]+$/);
  });

  it('are renewed while clients talk, and nothing is lost', async () => {
    const storage = join(folder.path, 'renewed');
    // Less than a third of its life is left.
    const old = await ca.issue({ names: domains, from: -80, until: 10 });
    await storeOf(storage).write('app.example.com', old.cert, old.key);
    const secure = await freePort();
    const serials = new Set<string>();
    const counts = { done: 0, failed: 0 };
    await using proxy = await startProxy((_port, control) =>
      configured({ clear: pebble.httpPort, control, secure, storage }),
    );
    const load = { stop: false };
    const clients = [true, false].map((keepAlive) => talk(secure, keepAlive, load, serials, counts));
    await newCertificate(proxy);
    const before = counts.done;
    await until(() => counts.done > before + 50 && serials.size > 1, patienceMs);
    load.stop = true;
    await Promise.all(clients);
    expect(counts.failed).toBe(0);
    const now = await storeOf(storage).read('app.example.com');
    expect([...serials].map((serial) => serial.toLowerCase())).toContain(now?.serialNumber.toLowerCase());
    expect(proxy.log()).toContain('the certificate app.example.com');
  });

  it('that cannot be had leave everything else as it is', async () => {
    const secure = await freePort();
    const directory = `https://127.0.0.1:${await freePort()}/dir`;
    await using proxy = await startProxy((clear, control) =>
      configured({ clear, control, secure, storage: join(folder.path, 'never'), directory }),
    );
    await until(() => proxy.log().includes('error: no certificate for app.example.com'), patienceMs);
    expect(proxy.log()).toMatch(/cannot reach 127\.0\.0\.1:\d+.*; tried again at 20/);
    expect(statusOf(await request(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'))).toBe(403);
    await expect(served(secure)).rejects.toThrow();
    await until(async () => (await proxy.command('reload')).includes('Success=1'), patienceMs);
  });
});

async function talk(
  port: number,
  keepAlive: boolean,
  load: { readonly stop: boolean },
  serials: Set<string>,
  counts: { done: number; failed: number },
): Promise<void> {
  const agent = new Agent({
    keepAlive,
    rejectUnauthorized: false,
    maxCachedSessions: 0,
    servername: 'app.example.com',
  });
  while (!load.stop) {
    try {
      const outgoing = httpsRequest({ host: '127.0.0.1', port, agent }).end();
      const [response] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer> & { statusCode: number }];
      const { socket } = outgoing;
      if (socket instanceof tls.TLSSocket) serials.add(socket.getPeerCertificate().serialNumber);
      await textOf(response);
      counts[response.statusCode === 200 ? 'done' : 'failed'] += 1;
    } catch {
      counts.failed += 1;
    }
  }
  agent.destroy();
}
