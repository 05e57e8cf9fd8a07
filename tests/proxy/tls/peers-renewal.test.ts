// Certificates of machines that share stick tables are replaced while they run: what follows shows the new ones, and what shook
// hands with the old ones ends.
import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder, type Issued } from '../support/certificates.ts';
import { readAll, type RunningProxy, startProxy, until } from '../support/proxy.ts';

type Name = 'left' | 'right';

/** On a busy machine. */
const patienceMs = 60_000;
let folder: CertificateFolder;
let authority: Authority;
let ports: number[];

beforeEach(async () => {
  folder = new CertificateFolder();
  authority = await Authority.create('Peers');
  ports = [await freePort(), await freePort()];
});

afterEach(() => folder[Symbol.dispose]());

/** A new certificate in the files of a machine. */
async function renew(name: Name, issuer = authority): Promise<Issued> {
  const issued = await issuer.issue({ names: [name], use: 'peer' });
  folder.write(`${name}.pem`, issued.cert);
  folder.write(`${name}.key`, issued.key);
  return issued;
}

/** Who issues the certificates of the others, as this machine sees it. */
function trust(name: Name, ...issuers: readonly Authority[]): void {
  folder.write(`${name}-ca.pem`, issuers.map(({ pem }) => pem).join(''));
}

function start(local: Name, options: readonly string[] = []): Promise<RunningProxy> {
  const file = (name: string): string => `${folder.path}/${local}${name}`;
  return startProxy(
    (port, control) => ({
      workers: 1,
      grace: '1s',
      stats: { socket: [{ bind: `127.0.0.1:${control}`, level: 'admin' }] },
      peers: [
        {
          name: 'pair',
          local,
          members: ['left', 'right'].map((name, at) => ({ name, address: '127.0.0.1', port: ports[at] })),
          tls: { cert: file('.pem'), key: file('.key'), ca: file('-ca.pem') },
          timeouts: { connect: '20s', reconnect: '1s', silence: '30s' },
        },
      ],
      frontends: [{ name: 'http', bind: [`127.0.0.1:${port}`], defaultBackend: 'api' }],
      backends: [
        {
          name: 'api',
          stick: { on: [{ key: 'header', name: 'x-user' }], peers: 'pair', store: ['gpc0'] },
          servers: [{ name: 'one', address: '127.0.0.1', port: 9 }],
        },
      ],
    }),
    options,
  );
}

/** Serial number of the certificate that the machine `right` shows to who calls it. */
async function shownToCallers(caller: Issued): Promise<string> {
  const { cert, key } = caller;
  const socket = connectTls({ host: '127.0.0.1', port: ports[1], ca: authority.pem, cert, key, servername: 'right' });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber.toLowerCase();
}

/** The machine `left`, which only takes calls: serial numbers of the certificates that it was shown. */
async function listening(own: Issued, shown: string[]): Promise<Server> {
  const { cert, key } = own;
  const server = createServer({ cert, key, ca: authority.pem, requestCert: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    shown.push(socket.getPeerCertificate().serialNumber.toLowerCase());
    socket.write('200\n');
  });
  await once(server.listen(ports[0], '127.0.0.1'), 'listening');
  return server;
}

/** TLS whose last words wait until they are let go. */
function slowCaller(caller: Issued): { readonly socket: TLSSocket; readonly held: () => boolean; go(): void } {
  const raw = connect(Number(ports[1]), '127.0.0.1');
  const waiting: (() => void)[] = [];
  let flights = 0;
  let isFree = false;
  const duplex = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      const send = (): void => void raw.write(bytes, () => done());
      flights += 1;
      if (flights === 1 || isFree) send();
      else waiting.push(send);
    },
    final: (done) => void raw.end(() => done()),
  });
  raw.on('data', (bytes: Buffer) => duplex.push(bytes));
  raw.on('close', () => duplex.push(null));
  raw.on('error', () => duplex.destroy());
  const { cert, key } = caller;
  const socket = connectTls({ socket: duplex, ca: authority.pem, cert, key, servername: 'right' });
  socket.on('error', () => socket.destroy());
  const go = (): void => {
    isFree = true;
    for (const send of waiting) send();
  };
  return { socket, held: () => waiting.length > 0, go };
}

const hello = 'HAProxyS 2.1\nright\nleft 1 0\n';

describe('a certificate of peers that is replaced', { timeout: 4 * patienceMs }, () => {
  it.each([
    ['a reload', []],
    ['looking at the files', ['--watch']],
  ])('is shown from then on, whoever calls (%s)', async (_how, options) => {
    const caller = await renew('left');
    trust('right', authority);
    const first = await renew('right');
    const shown: string[] = [];
    const server = await listening(caller, shown);
    try {
      await using right = await start('right', options);
      await until(() => shown.length > 0, patienceMs);
      expect(await shownToCallers(caller)).toBe(first.serial);
      const second = await renew('right');
      if (options.length === 0) expect(await right.command('reload')).toBe('Success=1\n\n');
      await until(async () => (await shownToCallers(caller)) === second.serial, patienceMs);
      await until(() => shown.includes(second.serial), patienceMs);
      expect([...new Set(shown)]).toEqual([first.serial, second.serial]);
    } finally {
      server.close();
    }
  });

  it('and does not fit its key changes nothing', async () => {
    const caller = await renew('left');
    trust('right', authority);
    const first = await renew('right');
    await using right = await start('right');
    folder.write('right.key', caller.key);
    expect(await right.command('reload')).toMatch(/right\.key/);
    expect(await shownToCallers(caller)).toBe(first.serial);
  });

  it('with another authority, on one machine after the other, loses nothing', async () => {
    const next = await Authority.create('Others');
    const old = await renew('left');
    await renew('right');
    for (const name of ['left', 'right'] as const) trust(name, authority);
    await using left = await start('left');
    await using right = await start('right');
    const steps = [
      (name: Name): unknown => trust(name, authority, next),
      (name: Name): unknown => renew(name, next),
      (name: Name): unknown => trust(name, next),
    ];
    const machines = { left, right };
    for (const [at, step] of steps.entries())
      for (const name of ['left', 'right'] as const) {
        await step(name);
        expect(await machines[name].command('reload')).toBe('Success=1\n\n');
        for (const [one, other] of [
          [left, right],
          [right, left],
        ] as const) {
          const key = `step${at}-${name}-${one === left ? 'of-left' : 'of-right'}`;
          await one.command(`set table api key ${key} data.gpc0 1`);
          await until(async () => (await other.command('show table api')).includes(`key=${key} `), patienceMs);
        }
      }
    const socket = connectTls({ host: '127.0.0.1', port: ports[1], ...old, ca: next.pem, servername: 'right' });
    socket.on('error', () => undefined);
    socket.write(hello);
    expect(await readAll(socket, patienceMs)).toBe('');
  });

  it('ends calls that began before, too', async () => {
    const caller = await renew('left');
    trust('right', authority);
    await renew('right');
    await using right = await start('right');
    const kept = slowCaller(caller);
    kept.socket.write(hello);
    await until(kept.held, patienceMs);
    kept.go();
    const [answer] = (await once(kept.socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^200\n/);
    kept.socket.destroy();
    const late = slowCaller(caller);
    late.socket.write(hello);
    await until(late.held, patienceMs);
    trust('right', await Authority.create('Others'));
    expect(await right.command('reload')).toBe('Success=1\n\n');
    const said = readAll(late.socket, patienceMs);
    late.go();
    expect(await said).toBe('');
  });
});
