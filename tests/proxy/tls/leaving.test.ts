// Clients that go away before a request could come: nothing of them stays, however much time they would have had.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { freePort } from '../../support/ports.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { type RunningProxy, startProxy, until } from '../support/proxy.ts';

let folder: CertificateFolder;
let ca: Authority;
let proxy: RunningProxy;
let port: number;

beforeAll(async () => {
  folder = new CertificateFolder();
  ca = await Authority.create();
  const { cert, key } = await ca.issue({ names: ['a.test'] });
  const certificates = [folder.write('a.pem', cert + key)];
  port = await freePort();
  proxy = await startProxy((_clear, control) => ({
    workers: 2,
    stats: { socket: [`127.0.0.1:${control}`] },
    timeouts: { httpRequest: '120s' },
    frontends: [
      {
        name: 'strict',
        tls: { bind: [`127.0.0.1:${port}`], certificates, strictSni: true, handshake: '120s', profile: 'modern' },
        rules: [{ respond: { status: 200 } }],
      },
    ],
    backends: [],
  }));
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe('a client that leaves before it asks for anything', () => {
  it.each([
    ['before the handshake', (socket: Socket) => socket.destroy()],
    ['within the handshake', (socket: Socket) => socket.end(Buffer.from('160301', 'hex'))],
    [
      'at the end of the handshake',
      (socket: Socket) => {
        const secure = tls.connect({ socket, ca: ca.pem, servername: 'a.test' });
        secure.on('secureConnect', () => secure.destroy()).on('error', () => undefined);
      },
    ],
  ])('%s is gone at once', async (_when, leave) => {
    const connections = async (kind: 'CumConns' | 'CurrConns'): Promise<number> =>
      Number(new RegExp(`^${kind}: (\\d+)$`, 'm').exec(await proxy.command('show info'))?.[1]);
    const before = await connections('CumConns');
    for (let client = 0; client < 10; client += 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      leave(socket);
    }
    await until(async () => (await connections('CumConns')) >= before + 10, 30_000);
    await until(async () => (await connections('CurrConns')) === 0, 30_000);
  });
});
