// Machines that share stick tables over TLS: HAProxy beside veza-proxy with the same haproxy.cfg, and who has no certificate of
// their authority is turned away.
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { ask, type Balancer, haproxyIsThere, startBalancer } from '../support/balancers.ts';
import { Authority, CertificateFolder, type Issued } from '../support/certificates.ts';
import { closed, until } from '../support/proxy.ts';

const file = join(import.meta.dirname, 'peers.cfg');
const folder = new CertificateFolder();
const environment: Record<string, string> = { CERTS: folder.path, WEB1: '9' };
const running: Balancer[] = [];
const available = haproxyIsThere();

beforeAll(async () => {
  if (!available) return;
  const authority = await Authority.create('Peers');
  const { cert, key } = await authority.issue({ names: ['peer'], use: 'peer' });
  folder.write('peer.pem', cert + key);
  folder.write('ca.pem', authority.pem);
  Object.assign(environment, { LEFT: String(await freePort()), RIGHT: String(await freePort()) });
  for (const [name, local] of [
    ['haproxy', 'left'],
    ['veza-proxy', 'right'],
  ] as const)
    running.push(await startBalancer(name, file, { ...environment, LOCAL: local }));
});

afterAll(async () => {
  for (const balancer of running) await balancer[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function machine(index: number): Balancer {
  const found = running[index];
  if (!found) throw new Error('it does not run');
  return found;
}

const at = () => ({ host: '127.0.0.1', port: Number(environment['RIGHT']) });

/** What a caller hears that greets like a member, until it is hung up on. */
async function saidTo(caller: Socket): Promise<string> {
  let heard = '';
  caller.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
  caller.write('HAProxyS 2.1\nright\nleft 1 0\n');
  await closed(caller);
  return heard;
}

describe.skipIf(!available)('peers over TLS', () => {
  it('share their tables both ways', async () => {
    for (const [one, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      expect(await ask(machine(one), `set table api key by-${one} data.gpc0 7`)).toBe('\n');
      await until(async () => (await ask(machine(other), 'show table api')).includes(`key=by-${one} `));
    }
    expect(await ask(machine(1), 'show peers')).toMatch(/id=left\(remote,active\)[\s\S]*xprt=SSL /);
  });

  it.each([
    ['without a certificate', () => Promise.resolve({})],
    [
      'with one of somebody else',
      async () => (await Authority.create('Others')).issue({ names: ['peer'], use: 'peer' }),
    ],
  ] as const)('turn away a caller %s', async (_what, shown) => {
    const { cert, key } = (await shown()) as Partial<Issued>;
    const own = cert === undefined ? {} : { cert, key };
    expect(await saidTo(connectTls({ ...at(), rejectUnauthorized: false, ...own }))).toBe('');
    expect(await ask(machine(1), 'show peers')).toContain('id=left(remote,active)');
  });

  it('turn away a caller that speaks no TLS', async () => {
    expect(await saidTo(connect(at()))).not.toContain('200');
  });
});
