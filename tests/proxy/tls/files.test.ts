// What is wrong with certificates is told before anything runs: what, in which file, and which key of the configuration.
import { chmodSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/proxy/core/config/read.ts';
import { readTlsFiles, type ReadMaterial } from '../../../src/proxy/server/tls-files.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';

let folder: CertificateFolder;
let ca: Authority;

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  const [one, other] = [await ca.issue({ names: ['a.test', '*.a.test'] }), await ca.issue({ names: ['b.test'] })];
  const old = await ca.issue({ names: ['old.test'], from: -20, until: -10 });
  folder.write('good.pem', one.cert + ca.pem + one.key);
  folder.write('mixed.pem', one.cert + other.key);
  folder.write('old.pem', old.cert + old.key);
  folder.write('keyless.pem', one.cert);
  folder.write('text.pem', 'nothing of the kind\n');
  mkdirSync(join(folder.path, 'many'));
  mkdirSync(join(folder.path, 'none'));
  folder.write('many/a.pem', one.cert + one.key);
  folder.write('many/b.crt', other.cert);
  folder.write('many/b.key', other.key);
  folder.write('many/.hidden.pem', 'x');
  folder.write('alone.crt', one.cert);
  folder.write('alone.key', one.key);
  const rsa = await ca.issue({ names: ['a.test'], kind: 'rsa' });
  folder.write('bundle.pem.rsa', rsa.cert + rsa.key);
  folder.write('bundle.pem.ecdsa', one.cert + one.key);
  mkdirSync(join(folder.path, 'sites'));
  folder.write('sites/b.test', other.cert + other.key);
  folder.write('sites/b.test.issuer', ca.pem);
  folder.write('sites/b.test.ocsp', 'an answer');
  folder.write('sites/b.test.bak', 'x');
});

afterAll(() => folder[Symbol.dispose]());

function read(tls: object): ReadMaterial {
  const text = JSON.stringify({
    frontends: [{ name: 'web', tls: { bind: ['*:443'], ...tls } }],
    backends: [{ name: 'b', servers: [{ name: 's', address: 'h', port: 1 }] }],
  });
  const result = readConfig(text, 'x.json');
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join());
  return readTlsFiles(result.config, result.where, Date.now());
}

describe('files of certificates', () => {
  it('are read: single ones, pairs and folders', () => {
    const pair = { cert: join(folder.path, 'many/b.crt'), key: join(folder.path, 'many/b.key') };
    const { material, diagnostics } = read({
      certificates: [join(folder.path, 'good.pem'), pair, join(folder.path, 'many')],
    });
    expect(diagnostics).toEqual([]);
    const found = material.frontends['web']?.certificates ?? [];
    expect(found.map(({ names }) => names)).toEqual([
      ['a.test', '*.a.test'],
      ['b.test'],
      ['a.test', '*.a.test'],
      ['b.test'],
    ]);
    expect(found[0]?.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('are read as HAProxy has them: keys beside, names without an ending, one file for each kind of key', () => {
    const files = ['alone.crt', 'bundle.pem', 'sites'].map((name) => join(folder.path, name));
    const { material, diagnostics } = read({ certificates: files });
    expect(diagnostics).toEqual([]);
    const found = material.frontends['web']?.certificates ?? [];
    expect(found.map(({ file }) => basename(file))).toEqual([
      'alone.crt',
      'bundle.pem.rsa',
      'bundle.pem.ecdsa',
      'b.test',
    ]);
    expect(found[3]).toMatchObject({ issuer: ca.pem, answer: Buffer.from('an answer').toString('base64') });
  });

  it('are for the names that the configuration says, if it does', () => {
    const [cert, key] = [join(folder.path, 'many/b.crt'), join(folder.path, 'many/b.key')];
    const certificates = [
      { cert: join(folder.path, 'good.pem'), names: ['C.test'] },
      { cert, key, names: ['*.d.test'] },
      { cert: join(folder.path, 'many'), names: ['e.test'] },
    ];
    const { material, diagnostics } = read({ certificates });
    expect(diagnostics).toEqual([]);
    const found = material.frontends['web']?.certificates ?? [];
    expect(found.map(({ names }) => names)).toEqual([['c.test'], ['*.d.test'], ['e.test'], ['e.test']]);
  });

  it.each([
    ['missing.pem', 'cannot-read'],
    ['mixed.pem', 'mismatched-key'],
    ['old.pem', 'expired-certificate'],
    ['keyless.pem', 'bad-key'],
    ['text.pem', 'bad-certificate'],
    ['none', 'no-certificate'],
  ])('%s is told as %s, with its place', (name, code) => {
    const { diagnostics } = read({ certificates: [join(folder.path, 'good.pem'), join(folder.path, name)] });
    expect(diagnostics).toMatchObject([{ severity: 'error', code, where: { file: 'x.json', line: 1 } }]);
    expect(diagnostics[0]?.message).toContain(name);
    expect(JSON.stringify(diagnostics)).not.toContain('PRIVATE');
  });

  it('of authorities are judged too', () => {
    const certificates = [join(folder.path, 'good.pem')];
    const { diagnostics } = read({ certificates, clientAuth: { ca: join(folder.path, 'text.pem') } });
    expect(diagnostics).toMatchObject([{ code: 'bad-certificate' }]);
  });
});

describe('alerts by mail', () => {
  const told = (mail: object): readonly string[] => {
    const text = JSON.stringify({
      expiryAlerts: { mail: { host: 'mail.test', from: 'a@a.test', to: ['b@a.test'], ...mail } },
      frontends: [{ name: 'web', bind: ['*:80'] }],
      backends: [{ name: 'b', servers: [{ name: 's', address: 'h', port: 1 }] }],
    });
    const result = readConfig(text, 'x.json');
    const found = result.ok ? readTlsFiles(result.config, result.where, Date.now()).diagnostics : result.diagnostics;
    return found.map(({ code }) => code);
  };

  it('have a password that nobody else can read, and never send it in the clear', () => {
    const passwordFile = folder.write('mail-password', 'secret');
    chmodSync(passwordFile, 0o600);
    expect(told({})).toEqual([]);
    expect(told({ user: 'me', passwordFile })).toEqual([]);
    expect(told({ user: 'me' })).toEqual(['missing-key']);
    expect(told({ user: 'me', passwordFile, security: 'none' })).toEqual(['bad-value']);
    chmodSync(passwordFile, 0o644);
    expect(told({ user: 'me', passwordFile })).toEqual(['open-secret']);
  });
});

describe('certificates that the proxy gets itself', () => {
  const told = (acme: object | undefined, ...names: readonly string[]): readonly string[] => {
    const text = JSON.stringify({
      acme,
      frontends: [{ name: 'web', tls: { bind: ['*:443'], certificates: [{ acme: names }] } }],
      backends: [{ name: 'b', servers: [{ name: 's', address: 'h', port: 1 }] }],
    });
    const result = readConfig(text, 'x.json');
    const found = result.ok ? readTlsFiles(result.config, result.where, Date.now()).diagnostics : result.diagnostics;
    return found.map(({ severity, code }) => `${severity} ${code}`);
  };

  it('are for hosts that are listed only, and for whoever agreed to the terms', () => {
    const acme = { storage: join(folder.path, 'acme'), hosts: ['a.test', '*.b.test'], agreeTerms: true };
    expect(told(acme, 'A.test', 'www.b.test')).toEqual([]);
    expect(told(acme, 'a.test', 'x.a.test')).toEqual(['error acme-host-not-allowed']);
    expect(told(acme, 'x.www.b.test')).toEqual(['error acme-host-not-allowed']);
    expect(told(acme, '*.b.test')).toEqual(['error acme-wildcard']);
    expect(told({ ...acme, agreeTerms: false }, 'a.test')).toEqual(['error acme-terms']);
    expect(told(undefined, 'a.test')).toEqual(['error missing-key']);
    const dns = { provider: 'cloudns', credentials: join(folder.path, 'text.pem') };
    chmodSync(dns.credentials, 0o600);
    expect(told({ ...acme, dns }, '*.b.test')).toEqual([]);
    chmodSync(dns.credentials, 0o644);
    expect(told({ ...acme, dns }, 'a.test')).toEqual(['error open-secret']);
    expect(told({ ...acme, dns: { provider: 'cloudns', credentials: '/nowhere' } }, 'a.test')).toEqual([
      'error cannot-read',
    ]);
    expect(told({ ...acme, dns: { provider: 'cloudns', options: {} } }, 'a.test')).toEqual(['error bad-value']);
    expect(told({ ...acme, dns: { provider: 'module' } }, 'a.test')).toEqual(['error missing-key']);
    expect(told({ ...acme, challenge: 'dns-01' }, 'a.test')).toEqual(['error missing-key']);
    expect(told({ ...acme, trust: join(folder.path, 'text.pem') }, 'a.test')).toEqual(['error bad-certificate']);
  });
});
