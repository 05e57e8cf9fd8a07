// Machines that share stick tables over TLS: HAProxy beside veza-proxy with the same haproxy.cfg, and who has no certificate of
// their authority is turned away.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { ask, type Balancer, haproxyIsThere, startBalancers } from '../support/balancers.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { readAll, until } from '../support/proxy.ts';

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
    running.push(...(await startBalancers([name], file, { ...environment, LOCAL: local })));
});

afterAll(async () => {
  for (const balancer of running) await balancer[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function machine(at: number): Balancer {
  const found = running[at];
  if (!found) throw new Error('it does not run');
  return found;
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
    ['without a certificate', (): Promise<object> => Promise.resolve({})],
    [
      'with one of somebody else',
      async (): Promise<object> => (await Authority.create('Others')).issue({ names: ['peer'], use: 'peer' }),
    ],
  ])('turn away a caller %s', async (_what, shown) => {
    const port = Number(environment['RIGHT']);
    const { cert, key } = (await shown()) as { cert?: string; key?: string };
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...(cert && { cert, key }) });
    socket.on('error', () => undefined);
    socket.write('HAProxyS 2.1\nright\nleft 1 0\n');
    let heard = '';
    socket.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    await once(socket, 'close');
    expect(heard).toBe('');
    expect(await ask(machine(1), 'show peers')).toContain('id=left(remote,active)');
  });

  it('turn away a caller that speaks no TLS', async () => {
    const socket = connect(Number(environment['RIGHT']), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('HAProxyS 2.1\nright\nleft 1 0\n');
    expect(await readAll(socket, 10_000)).not.toContain('200');
  });
});
