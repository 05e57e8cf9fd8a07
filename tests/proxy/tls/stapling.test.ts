// Stapled answers: asked of the issuer's responder, OpenSSL's own here, and handed to clients by every worker.
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ocspRequest, readOcspAnswer } from '../../../src/proxy/server/ocsp.ts';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder, type Issued, type Leaf } from '../support/certificates.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';
import { sClient } from '../support/tls-client.ts';

let folder: CertificateFolder;
let ca: Authority;
let responder: ChildProcess;
let responderPort: number;
let url: string;
let proxy: RunningProxy;
const issued = new Map<string, Issued>();
const ports: Record<string, number> = {};

async function issue(name: string, leaf: Partial<Leaf>): Promise<string> {
  const found = await ca.issue({ names: [`${name}.test`], responder: url, ...leaf });
  issued.set(name, found);
  return folder.write(`${name}.pem`, found.cert + ca.pem + found.key);
}

function stamp(days: number): string {
  return new Date(Date.now() + days * 86_400_000)
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2);
}

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  responderPort = await freePort();
  url = `http://127.0.0.1:${responderPort}/`;
  const files = {
    staple: await issue('staple', { mustStaple: true }),
    plain: await issue('plain', {}),
    on: await issue('on', {}),
    off: await issue('off', { mustStaple: true }),
    revoked: await issue('revoked', { mustStaple: true }),
    unknown: await issue('unknown', { mustStaple: true }),
    nobody: await issue('nobody', { mustStaple: true, responder: 'http://127.0.0.1:1/' }),
    beside: await issue('beside', { responder: 'http://127.0.0.1:1/' }),
  };
  const beside = issued.get('beside');
  if (!beside) throw new Error('it was issued');
  // As HAProxy has them: without its issuer in the file, but both the issuer and an answer beside it.
  folder.write('beside.pem', beside.cert + beside.key);
  folder.write('beside.pem.issuer', ca.pem);
  const line = (name: string, state: string): string =>
    `${state}\t${stamp(80)}\t${state === 'R' ? stamp(-1) : ''}\t${(issued.get(name)?.serial ?? '').toUpperCase()}\tunknown\t/CN=${name}.test\n`;
  const index =
    ['staple', 'plain', 'on', 'off', 'beside'].map((name) => line(name, 'V')).join('') + line('revoked', 'R');
  const signer = await ca.issue({ names: [], subject: 'CN=Responder', use: 'ocsp' });
  const args = ['ocsp', '-port', String(responderPort), '-index', folder.write('index.txt', index), '-nmin', '60'];
  args.push('-rsigner', folder.write('ocsp.crt', signer.cert), '-rkey', folder.write('ocsp.key', signer.key));
  const started = spawn('openssl', [...args, '-CA', folder.write('ca.crt', ca.pem)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  responder = started;
  // Not by trying to connect: a connection without a question keeps it busy for ever.
  let said = '';
  started.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  started.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await until(() => said.includes('waiting for OCSP client'), 10_000);
  writeFileSync(join(folder.path, 'beside.pem.ocsp'), await ask(beside));
  for (const name of Object.keys(files)) ports[name] = await freePort();
  proxy = await startProxy((clear) => ({
    workers: 2,
    frontends: [
      { name: 'clear', bind: [`127.0.0.1:${clear}`] },
      ...Object.entries(files).map(([name, file]) => ({
        name,
        tls: {
          bind: [`127.0.0.1:${ports[name] ?? 0}`],
          certificates: [file],
          ...(name === 'on' || name === 'off' ? { ocsp: name } : {}),
        },
        rules: [{ respond: { status: 200, body: name } }],
      })),
    ],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: 1 }] }],
  }));
});

/** What the responder says of a certificate. */
async function ask({ cert }: Pick<Issued, 'cert'>): Promise<Buffer> {
  const response = await fetch(url, {
    method: 'POST',
    body: new Uint8Array(ocspRequest(new X509Certificate(cert), new X509Certificate(ca.pem))),
    headers: { 'Content-Type': 'application/ocsp-request' },
  });
  return Buffer.from(await response.arrayBuffer());
}

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  responder.kill('SIGKILL');
  folder[Symbol.dispose]();
});

function statusOf(name: string): Promise<string> {
  const caFile = folder.write('trust.crt', ca.pem);
  return sClient(ports[name] ?? 0, ['-servername', `${name}.test`, '-status', '-CAfile', caFile]);
}

describe('a stapled answer', () => {
  it.each(['staple', 'on', 'beside'])('comes with the certificate of %s, from every worker', async (name) => {
    for (let round = 0; round < 6; round += 1) {
      const text = await statusOf(name);
      expect(text).toMatch(/OCSP Response Status: successful/);
      expect(text).toMatch(/Cert Status: good/);
      expect(text).toMatch(/Verify return code: 0 \(ok\)/);
    }
  });

  it.each(['plain', 'off', 'revoked', 'unknown', 'nobody'])('does not come with that of %s', async (name) => {
    const text = await statusOf(name);
    expect(text).toMatch(/OCSP response: no response sent/);
    expect(text).toMatch(/Verify return code: 0 \(ok\)/);
  });

  it('that is missing is told, with the reason', () => {
    expect(proxy.log()).toMatch(/no stapled answer for .*revoked\.pem.*: the answer is that it was revoked on/);
    expect(proxy.log()).toMatch(
      /no stapled answer for .*unknown\.pem.*: the answer is that its issuer does not know it/,
    );
    expect(proxy.log()).toMatch(/no stapled answer for .*nobody\.pem.*ECONNREFUSED/);
    expect(proxy.log()).not.toMatch(/plain\.pem|off\.pem|beside\.pem/);
  });
});

describe('an answer', () => {
  let der: Buffer;
  let own: X509Certificate;
  let issuer: X509Certificate;

  beforeAll(async () => {
    own = new X509Certificate(issued.get('staple')?.cert ?? '');
    issuer = new X509Certificate(ca.pem);
    der = await ask({ cert: own.toString() });
  });

  it('is taken if it is signed for the issuer and in its time', () => {
    const answer = readOcspAnswer(der, own, issuer, Date.now());
    expect((answer.nextUpdateMs ?? 0) - answer.thisUpdateMs).toBe(3_600_000);
  });

  it('is not taken when it is late, early, about another, forged, or no answer', async () => {
    const hour = 3_600_000;
    expect(() => readOcspAnswer(der, own, issuer, Date.now() + 2 * hour)).toThrow(/out of date/);
    expect(() => readOcspAnswer(der, own, issuer, Date.now() - hour)).toThrow(/future|not signed/);
    const other = new X509Certificate(issued.get('plain')?.cert ?? '');
    expect(() => readOcspAnswer(der, other, issuer, Date.now())).toThrow(/not about/);
    const stranger = new X509Certificate((await Authority.create()).pem);
    expect(() => readOcspAnswer(der, own, stranger, Date.now())).toThrow(/not signed/);
    const forged = Buffer.from(der);
    const time = forged.indexOf(Buffer.from('Z', 'latin1'), 40);
    forged[time - 1] = 0x30 + (((forged[time - 1] ?? 0) + 1) % 10);
    expect(() => readOcspAnswer(forged, own, issuer, Date.now())).toThrow(/not signed|cannot be read/);
    for (const nothing of [Buffer.alloc(0), Buffer.from('<html>'), Buffer.from('30030a0106', 'hex')]) {
      expect(() => readOcspAnswer(nothing, own, issuer, Date.now())).toThrow(/the answer/);
    }
  });
});
