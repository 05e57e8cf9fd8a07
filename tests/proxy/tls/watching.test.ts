// With `--watch` certificates, keys and stapled answers that somebody replaces on disk are taken, and nothing else changes.
import { once } from 'node:events';
import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ocspRequest } from '../../../src/proxy/server/ocsp.ts';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder, type Issued } from '../support/certificates.ts';
import { request, type RunningProxy, startProxy, until } from '../support/proxy.ts';
import { run, sClient } from '../support/tls-client.ts';

const generousMs = 30_000;
const folder = new CertificateFolder();
let ca: Authority;
let proxy: RunningProxy;
const ports = { pair: 0, linked: 0 };

beforeAll(async () => {
  ca = await Authority.create();
  const first = await ca.issue({ names: ['a.test'] });
  const [cert, key] = [folder.write('a.crt', first.cert + ca.pem), folder.write('a.key', first.key)];
  const one = folder.write('one.pem', first.cert + first.key);
  const page = folder.write('page.html', 'the first page');
  const linked = join(folder.path, 'live.pem');
  symlinkSync(one, linked);
  ports.pair = await freePort();
  ports.linked = await freePort();
  const respond = [{ respond: { status: 200, body: 'ok' } }];
  proxy = await startProxy(
    (clear, control) => ({
      workers: 2,
      stats: { socket: [`127.0.0.1:${control}`] },
      frontends: [
        { name: 'clear', bind: [`127.0.0.1:${clear}`], errors: { '403': page }, deny: ['0.0.0.0/0'] },
        { name: 'pair', tls: { bind: [`127.0.0.1:${ports.pair}`], certificates: [{ cert, key }] }, rules: respond },
        { name: 'linked', tls: { bind: [`127.0.0.1:${ports.linked}`], certificates: [linked] }, rules: respond },
      ],
      backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: 1 }] }],
    }),
    ['--watch'],
  );
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function served(port: number): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: 'a.test', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber.toLowerCase();
}

const isServed = (port: number, { serial }: Issued) =>
  until(async () => (await served(port)) === serial.toLowerCase(), generousMs);

describe('a watching proxy', () => {
  it('takes a certificate and a key that are replaced one after the other, and keeps changes made at run time', async () => {
    await proxy.command('set server api/a weight 7');
    const next = await ca.issue({ names: ['a.test'] });
    folder.write('a.key', next.key);
    folder.write('a.crt', next.cert + ca.pem);
    await isServed(ports.pair, next);
    expect(await proxy.command('show servers state api')).toMatch(/ a 127\.0\.0\.1 \d+ \d+ 7 /);
    expect(proxy.log()).not.toContain('reloaded');
  });

  it('follows links, and goes on with the old one while a new one is no good', async () => {
    const before = await served(ports.linked);
    const next = await ca.issue({ names: ['a.test'] });
    const link = join(folder.path, 'next-link');
    symlinkSync(folder.write('two.pem', `${next.cert}no key`), link);
    renameSync(link, join(folder.path, 'live.pem'));
    await until(() => proxy.log().includes('the new certificates are not used'), generousMs);
    expect(proxy.log()).toMatch(/live\.pem holds no private key/);
    expect(await served(ports.linked)).toBe(before);
    folder.write('two.pem', next.cert + next.key);
    await isServed(ports.linked, next);
  });

  it('staples an answer that is put beside a certificate', async () => {
    const now = await ca.issue({ names: ['a.test'] });
    folder.write('a.key', now.key);
    const cert = folder.write('a.crt', now.cert + ca.pem);
    await isServed(ports.pair, now);
    expect(await sClient(ports.pair, ['-status'])).toContain('OCSP response: no response sent');
    const signer = await ca.issue({ names: [], subject: 'CN=Responder', use: 'ocsp' });
    const request = join(folder.path, 'request.der');
    writeFileSync(request, ocspRequest(new X509Certificate(now.cert), new X509Certificate(ca.pem)));
    const until2040 = '400101000000Z';
    const index = folder.write('index.txt', `V\t${until2040}\t\t${now.serial.toUpperCase()}\tunknown\t/CN=a.test\n`);
    const signed = ['-rsigner', folder.write('ocsp.crt', signer.cert), '-rkey', folder.write('ocsp.key', signer.key)];
    const from = ['-index', index, '-CA', folder.write('ca.crt', ca.pem), '-reqin', request];
    const made = await run('openssl', ['ocsp', ...from, ...signed, '-ndays', '1', '-respout', `${cert}.ocsp`]);
    expect(made.code, made.error).toBe(0);
    await until(async () => (await sClient(ports.pair, ['-status'])).includes('Cert Status: good'), generousMs);
  });

  it('takes a certificate by the stats socket as tools hand it to HAProxy, and says what is served', async () => {
    const file = join(folder.path, 'a.crt');
    const next = await ca.issue({ names: ['a.test'] });
    const stranger = await ca.issue({ names: ['a.test'] });
    const set = (pem: string): Promise<string> => proxy.command(`set ssl cert ${file} <<\n${pem.trimEnd()}\n`);
    expect(await proxy.command('show ssl cert')).toContain(`# filename\n${file}\n`);
    expect(await set(next.cert)).toMatch(/is not that of the certificate.*\nCan't load the payload\nCan't update/);
    expect(await set(stranger.cert + stranger.key)).toBe(`Transaction created for certificate ${file}!\n\n`);
    expect(await set(next.cert + next.key)).toBe(`Transaction updated for certificate ${file}!\n\n`);
    expect(await proxy.command('show ssl cert')).toMatch(/^# transaction\n\*\S+a\.crt\n# filename\n/);
    expect((await served(ports.pair)) === next.serial.toLowerCase()).toBe(false);
    expect(await proxy.command(`commit ssl cert ${file}`)).toBe(`Committing ${file}.\nSuccess!\n\n`);
    await isServed(ports.pair, next);
    const details = (await proxy.command(`show ssl cert ${file}`)).toLowerCase();
    expect(details).toContain(`status: used\nserial: ${next.serial.toLowerCase()}\n`);
    expect(details).toContain('subject alternative name: dns:a.test\n');
    expect(await proxy.command(`commit ssl cert ${file}`)).toContain('No ongoing transaction!');
  });

  it('reads the configuration again when a file that it names, such as a page for errors, is another', async () => {
    const shown = (): Promise<string> => request(proxy.port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(await shown()).toContain('the first page');
    folder.write('page.html', 'the second page');
    await until(async () => (await shown()).includes('the second page'), generousMs);
    expect(proxy.log()).toContain('reloaded');
  });
});
