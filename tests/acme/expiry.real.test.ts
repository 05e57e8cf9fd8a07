// Alerts of certificates that run out: to a log, to a web server, and by mail to a server that speaks SMTP.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemAcmeClock } from '../../src/acme/clock.ts';
import {
  expiring,
  logChannel,
  lookForExpiry,
  watchExpiry,
  webhookChannel,
  type AlertChannel,
} from '../../src/acme/expiry.ts';
import { LocalAuthority } from '../../src/acme/local-authority.ts';
import { sendMail, smtpChannel } from '../../src/acme/smtp.ts';
import { portOf } from '../support/ports.ts';
import { startMailServer } from './support/mail-server.ts';

const dayMs = 86_400_000;
const now = Date.UTC(2030, 0, 1);
const clock = { ...systemAcmeClock, now: () => now };
const of = (name: string, days: number) => ({ name, domains: [name], notAfterMs: now + days * dayMs });
const watched = [of('late.test', 29), of('good.test', 31), of('gone.test', -2), of('edge.test', 30)];

describe('certificates that run out', () => {
  it('are those with less than the threshold left, the most urgent first', () => {
    expect(expiring(watched, now, 30).map(({ name, state, daysLeft }) => [name, state, daysLeft])).toEqual([
      ['gone.test', 'expired', -2],
      ['late.test', 'expiring', 29],
    ]);
  });

  it('are told in a log, and other ways are not stopped by one that fails', async () => {
    const lines: string[] = [];
    const problems: string[] = [];
    const broken: AlertChannel = { name: 'a broken way', send: () => Promise.reject(new Error('no')) };
    const onProblem = (problem: string) => problems.push(problem);
    const certificates = () => Promise.resolve(watched);
    const channels = [broken, logChannel((line) => lines.push(line))];
    await lookForExpiry({ certificates, channels, clock, onProblem });
    expect(lines).toEqual([
      'the certificate gone.test ran out on 2029-12-30',
      'the certificate late.test runs out on 2030-01-30, in 29 days',
    ]);
    expect(problems).toEqual(['a broken way could not be told that certificates run out: no']);
  });

  it('are looked for every 24 hours', async () => {
    const stop = new AbortController();
    const looks: number[] = [];
    const sleeping = { ...clock, nowMs: 0, now: () => sleeping.nowMs };
    sleeping.sleep = (milliseconds) => {
      sleeping.nowMs += milliseconds;
      if (looks.length === 3) stop.abort();
      return Promise.resolve();
    };
    const certificates = () => {
      looks.push(sleeping.nowMs / dayMs);
      return Promise.resolve([]);
    };
    await watchExpiry({ certificates, channels: [], clock: sleeping, onProblem: () => undefined }, stop.signal);
    expect(looks).toEqual([0, 1, 2]);
  });

  it('are posted to a webhook, whose path is told to nobody', async () => {
    const bodies: unknown[] = [];
    let status = 200;
    const server = createServer((request, response) => {
      void textOf(request).then((body) => {
        bodies.push(JSON.parse(body));
        response.writeHead(status).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const channel = webhookChannel(`http://127.0.0.1:${portOf(server)}/secret-path`);
    await channel.send({ certificates: expiring(watched, now, 30) });
    expect(bodies).toMatchObject([
      { event: 'certificate_expiry', certificates: [{ name: 'gone.test', state: 'expired' }, { days_left: 29 }] },
    ]);
    status = 500;
    await expect(channel.send({ certificates: [] })).rejects.toThrow('HTTP 500');
    expect(channel.name).not.toContain('secret');
    server.closeAllConnections();
    server.close();
  });
});

describe('mail', () => {
  const folder = mkdtemp(join(tmpdir(), 'veza-mail-'));
  let authority: LocalAuthority;
  let tls: { readonly cert: string; readonly key: string };
  beforeAll(async () => {
    authority = new LocalAuthority({ folder: await folder, clock: Date });
    const { certificate: cert, privateKey: key } = await authority.ensure('mail', ['localhost']);
    tls = { cert, key };
  });
  afterAll(async () => rm(await folder, { recursive: true }));

  async function startMail(security: 'tls' | 'starttls' | 'none', refuses?: string) {
    const server = await startMailServer({
      tls,
      secure: security === 'tls',
      ...(refuses !== undefined && { refuses }),
    });
    const options = {
      host: 'localhost',
      port: server.port,
      security,
      from: 'veza@example.com',
      to: ['ops@example.com', 'more@example.com'],
      trust: (await authority.certificate()).pem,
    };
    return { said: server.said, options, [Symbol.dispose]: () => server[Symbol.dispose]() };
  }

  it.each(['tls', 'starttls'] as const)('goes over %s with a password', async (security) => {
    using server = await startMail(security);
    const channel = smtpChannel({ ...server.options, user: 'me', password: 'pässword' }, () => now);
    await channel.send({ certificates: expiring([{ ...of('gone.test', -2), domains: ['ä.test'] }], now, 30) });
    const login = Buffer.from('\0me\0pässword').toString('base64');
    expect(server.said).toEqual(
      expect.arrayContaining([
        `tls AUTH PLAIN ${login}`,
        'tls MAIL FROM:<veza@example.com>',
        'tls RCPT TO:<more@example.com>',
        'tls Content-Transfer-Encoding: base64',
      ]),
    );
    expect(server.said.filter((line) => line.startsWith('plain')).join()).not.toContain(login);
    const at = server.said.lastIndexOf('tls ');
    const body = server.said.slice(at + 1, server.said.indexOf('tls .')).map((line) => line.slice(4));
    expect(Buffer.from(body.join(''), 'base64').toString()).toBe(
      'the certificate gone.test (ä.test) ran out on 2029-12-30',
    );
  });

  it('says what the server said where it is refused', async () => {
    using server = await startMail('none', 'RCPT');
    const mail = { subject: 'x', text: 'y', date: new Date(now) };
    await expect(sendMail(server.options, mail)).rejects.toThrow(/550 not\nfrom you/);
  });

  it('gives no password away without TLS, and trusts no unknown server', async () => {
    const mail = { subject: 'x', text: 'y', date: new Date(now) };
    using plain = await startMail('none');
    await expect(sendMail({ ...plain.options, user: 'me', password: 'secret' }, mail)).rejects.toThrow('without TLS');
    expect(plain.said.join()).not.toContain('AUTH');
    using strange = await startMail('tls');
    const { trust: _trust, ...untrusting } = strange.options;
    await expect(sendMail(untrusting, mail)).rejects.toThrow(/self-signed|unable to/);
    expect(strange.said).toEqual([]);
  });

  it('takes no address that would be a command', async () => {
    using server = await startMail('none');
    const mail = { subject: 'x', text: 'y', date: new Date(now) };
    const to = ['a@example.com>\r\nRCPT TO:<b@example.com'];
    await expect(sendMail({ ...server.options, to }, mail)).rejects.toThrow('is no mail address');
    expect(server.said).toEqual([]);
  });
});
