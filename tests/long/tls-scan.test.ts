// testssl.sh looks at a TLS frontend from all sides, on loopback only: nothing that it calls worse than "low".
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/ports.ts';
import { Authority, CertificateFolder } from '../proxy/support/certificates.ts';
import { type RunningProxy, startProxy } from '../proxy/support/proxy.ts';
import { echoBackend } from '../proxy/support/tls-client.ts';
import { say } from './support/summary.ts';

interface Finding {
  readonly id: string;
  /** Name and address. Empty but for a slash: it speaks of the machine that it runs on. */
  readonly ip: string;
  readonly severity: string;
  readonly finding: string;
}

const available = spawnSync('testssl', ['--version']).status === 0;
const name = 'a.test';
/** Its words for what is no reason to act. WARN: a check could not be made. */
const harmless = new Set(['OK', 'INFO', 'LOW', 'DEBUG']);
const minutes = 25;

/**
 * It wants the session of a client that leaves at once, and in TLS 1.3 that session comes after the handshake: it loses
 * this race against HAProxy as often. Resumption has tests of its own (tests/proxy/tls).
 */
function lostRace({ id, severity }: Finding): boolean {
  return id === 'sessionresumption_ticket' && severity === 'WARN';
}

let folder: CertificateFolder;
let backend: { port: number; server: Server };
let proxy: RunningProxy;
let ports: Record<string, number>;

beforeAll(async () => {
  folder = new CertificateFolder();
  const ca = await Authority.create();
  folder.write('ca.crt', ca.pem);
  backend = await echoBackend();
  // Nobody is asked there: without --phone-out it only looks whether certificates name a place.
  const responder = 'http://ocsp.test/';
  const [ec, rsa] = [
    await ca.issue({ names: [name], responder }),
    await ca.issue({ names: [name], kind: 'rsa', responder }),
  ];
  const certificates = [folder.write('ec.pem', ec.cert + ec.key), folder.write('rsa.pem', rsa.cert + rsa.key)];
  ports = { intermediate: await freePort(), modern: await freePort() };
  proxy = await startProxy((clear) => ({
    workers: 2,
    frontends: Object.entries(ports).map(([profile, port]) => ({
      name: profile,
      bind: profile === 'modern' ? [] : [`127.0.0.1:${clear}`],
      tls: { bind: [`127.0.0.1:${port}`], certificates, profile },
      securityHeaders: { hsts: { maxAge: '730d' } },
      defaultBackend: 'api',
    })),
    backends: [{ name: 'api', servers: [{ name: 's', address: '127.0.0.1', port: backend.port }] }],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  backend.server.close();
  folder[Symbol.dispose]();
});

/** All that it has to say of the frontend. */
async function scan(port: number): Promise<readonly Finding[]> {
  const file = join(folder.path, `${port}.json`);
  const local = ['--nodns', 'none', '--ip', '127.0.0.1', '--add-ca', join(folder.path, 'ca.crt')];
  const quiet = ['--quiet', '--color', '0', '--warnings', 'off', '--jsonfile', file];
  const { stdout, stderr } = await promisify(execFile)('testssl', [...local, ...quiet, `https://${name}:${port}/`], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, PHONE_OUT: 'false', TERM: 'dumb' },
    timeout: minutes * 60_000,
    maxBuffer: 1 << 26,
    // Its exit code is the number of what it could not find out, and more.
  }).catch((error: unknown) => error as { stdout: string; stderr: string });
  try {
    const findings = JSON.parse(readFileSync(file, 'utf8')) as readonly Finding[];
    return findings.filter(({ ip }) => ip !== '/');
  } catch (cause) {
    throw new Error(`testssl wrote no findings:\n${stdout}\n${stderr}`, { cause });
  }
}

describe.skipIf(!available)('testssl.sh (needs testssl.sh)', () => {
  it.each(['intermediate', 'modern'])('finds nothing above "low" in profile %s', async (profile) => {
    const startedAt = performance.now();
    const findings = await scan(ports[profile] ?? 0);
    const worse = findings.filter((each) => !harmless.has(each.severity) && !lostRace(each));
    const counts = Map.groupBy(findings, ({ severity }) => severity);
    say(
      `testssl.sh, ${profile}: ${findings.length} findings (${[...counts].map(([word, all]) => `${all.length} ${word}`).join(', ')}) ` +
        `in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
    );
    for (const { id, severity, finding } of findings)
      if (severity !== 'OK' && severity !== 'INFO') say(`  ${severity} ${id}: ${finding}`);
    expect(worse).toEqual([]);
    // It did look: at protocols, certificates, ciphers and what has a name.
    const looked = new Set(findings.map(({ id }) => id.split(' ')[0]));
    for (const id of ['SSLv3', 'TLS1_3', 'cipherlist_NULL', 'cert_trust', 'heartbleed', 'ROBOT', 'secure_renego'])
      expect(looked).toContain(id);
  });
});
