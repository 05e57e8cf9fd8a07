// Certificates that run out are told: to the log, to a webhook, by mail.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { startMailServer } from '../../acme/support/mail-server.ts';
import { freePort, portOf } from '../../support/ports.ts';
import { Authority, CertificateFolder } from '../support/certificates.ts';
import { startProxy, until } from '../support/proxy.ts';

it('tells of a certificate that runs out: the log, a webhook and a mailbox', async () => {
  using folder = new CertificateFolder();
  const ca = await Authority.create();
  const told: string[] = [];
  const hook = createServer((incoming, outgoing) => {
    void text(incoming).then((alert) => {
      told.push(alert);
      outgoing.end();
    });
  }).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const port = portOf(hook);
  const [soon, late] = [
    await ca.issue({ names: ['soon.test'], until: 5 }),
    await ca.issue({ names: ['late.test'], until: 60 }),
  ];
  const certificates = [folder.write('soon.pem', soon.cert + soon.key), folder.write('late.pem', late.cert + late.key)];
  const secure = await freePort();
  using mailServer = await startMailServer();
  const mail = {
    host: '127.0.0.1',
    port: mailServer.port,
    security: 'none',
    from: 'lb@a.test',
    to: ['ops@a.test'],
  };
  await using proxy = await startProxy((_port, control) => ({
    workers: 1,
    stats: { socket: [`127.0.0.1:${control}`] },
    expiryAlerts: { webhook: `http://127.0.0.1:${port}/secret`, mail },
    frontends: [{ name: 'web', tls: { bind: [`127.0.0.1:${secure}`], certificates }, defaultBackend: 'api' }],
    backends: [{ name: 'api', servers: [{ name: 'a', address: '127.0.0.1', port: 9 }] }],
  }));
  await until(() => told.length > 0 && mailServer.said.includes('plain .'), 45_000);
  hook.close();
  expect(mailServer.said).toContain('plain RCPT TO:<ops@a.test>');
  expect(mailServer.said.join('\n')).toContain(Buffer.from('the certificate soon.test runs').toString('base64'));
  const { event, certificates: listed } = JSON.parse(told[0] ?? '') as {
    event: string;
    certificates: readonly { name: string; days_left: number; state: string }[];
  };
  expect(event).toBe('certificate_expiry');
  expect(listed).toMatchObject([{ name: 'soon.test', days_left: 4, state: 'expiring' }]);
  expect(proxy.log()).toMatch(/warn: the certificate soon\.test runs out on .*, in 4 days/);
  expect(proxy.log()).not.toContain('late.test');
});
