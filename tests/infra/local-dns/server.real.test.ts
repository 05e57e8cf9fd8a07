// The local DNS server, asked over UDP and TCP by clients that are not ours.
import { Packet, TCPClient, UDPClient } from 'dns2';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemAcmeClock } from '../../../src/acme/clock.ts';
import { ClouDns } from '../../../src/infra/cloudns/client.ts';
import type { NewRecord } from '../../../src/infra/cloudns/records.ts';
import { startFakeClouDns } from '../../../src/infra/fakes/cloudns.ts';
import { startLocalDns, type DnsProblem, type LocalDnsOptions } from '../../../src/infra/local-dns/server.ts';
import { clouDnsZones, memoryZones } from '../../../src/infra/local-dns/zones.ts';
import { createRedactor } from '../../../src/lib/redact.ts';

const zone = 'example.com';
let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const records: readonly NewRecord[] = [
  { host: '', type: 'A', value: '192.0.2.1', ttl: 300 },
  { host: '', type: 'MX', value: 'mail.example.com', priority: 10, ttl: 300 },
  { host: '', type: 'CAA', value: 'letsencrypt.org', flag: 0, tag: 'issue', ttl: 300 },
  { host: 'www', type: 'CNAME', value: 'example.com', ttl: 300 },
  { host: 'out', type: 'CNAME', value: 'elsewhere.example.net', ttl: 300 },
  { host: 'round', type: 'CNAME', value: 'round.example.com', ttl: 300 },
  { host: '_http._tcp', type: 'SRV', value: 'one.example.com', priority: 1, weight: 2, port: 8080, ttl: 60 },
  { host: '_http._tcp', type: 'SRV', value: 'two.example.com', priority: 1, weight: 2, port: 8081, ttl: 60 },
  { host: '*.apps', type: 'A', value: '192.0.2.2', ttl: 60 },
  { host: 'deep.under', type: 'A', value: '192.0.2.3', ttl: 60 },
  { host: 'long', type: 'TXT', value: 'ä'.repeat(200) + 'x'.repeat(300), ttl: 60 },
  ...Array.from({ length: 60 }, (_none, at) => ({ host: 'many', type: 'TXT', value: `value ${at}`, ttl: 60 })),
];

async function start(more: Partial<LocalDnsOptions> = {}) {
  const problems: DnsProblem[] = [];
  const zones = memoryZones(new Map([[zone, records]]));
  const server = open.use(
    await startLocalDns({ port: 0, zones, upstream: null, onProblem: (problem) => problems.push(problem), ...more }),
  );
  const at = { dns: '127.0.0.1', port: server.port };
  const ask = { udp: UDPClient({ ...at, timeout: 15_000 }), tcp: TCPClient(at) };
  const resolver = new Resolver({ timeout: 15_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.port}`]);
  return { server, problems, ask, resolver };
}

const transports = ['udp', 'tcp'] as const;

describe.each(transports)('over %s', (transport) => {
  it.each(['localhost', 'app.localhost', 'shop.test', 'printer.local', 'Shop.TEST', 'mine.example.org'])(
    '%s leads to this machine for five seconds',
    async (name) => {
      const { ask } = await start({ localNames: ['mine.example.org'] });
      const four = await ask[transport](name, 'A');
      expect(four.answers).toMatchObject([{ name, address: '127.0.0.1', ttl: 5 }]);
      const six = await ask[transport](name, 'AAAA');
      expect(six.answers).toMatchObject([{ ttl: 5 }]);
      expect(six.answers[0]?.address?.replaceAll(/\b0:/g, '').replace(/^:*/, '')).toMatch(/^1$/);
      const mail = await ask[transport](name, 'MX');
      expect([mail.header.rcode, mail.answers.length]).toEqual([0, 0]);
    },
  );

  it('asks an upstream for everything else, and gives its answer as it is', async () => {
    const upstreamRecords: readonly NewRecord[] = [{ host: 'far', type: 'A', value: '198.51.100.7', ttl: 77 }];
    const upstream = await start({ zones: memoryZones(new Map([['example.net', upstreamRecords]])) });
    const { ask } = await start({ upstream: { host: '127.0.0.1', port: upstream.server.port } });
    const answer = await ask[transport]('far.example.net', 'A');
    expect(answer.answers).toMatchObject([{ name: 'far.example.net', address: '198.51.100.7', ttl: 77 }]);
    expect((await ask[transport]('none.example.net', 'A')).header.rcode).toBe(Packet.RCODE.NXDOMAIN);
  });

  it('says SERVFAIL, and why, where the upstream does not answer', async () => {
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    open.defer(() => void silent.close());
    const upstream = { host: '127.0.0.1', port: silent.address().port };
    const { ask, problems } = await start({ upstream, timeoutMs: 50 });
    const answer = await ask[transport]('example.net', 'A');
    expect(answer.header.rcode).toBe(Packet.RCODE.SERVFAIL);
    const why = transport === 'udp' ? 'no answer within 50 ms' : 'ECONNREFUSED';
    expect(problems).toMatchObject([
      { name: 'example.net', type: 'A', reason: expect.stringContaining(why) as string },
    ]);
  });

  it('refuses what it does not know without an upstream', async () => {
    const { ask } = await start();
    expect((await ask[transport]('example.net', 'A')).header.rcode).toBe(Packet.RCODE.REFUSED);
  });
});

describe('zones', () => {
  it('answers all types of records as other resolvers read them', async () => {
    const { resolver } = await start();
    expect(await resolver.resolve4('example.com')).toEqual(['192.0.2.1']);
    expect(await resolver.resolveMx('example.com')).toMatchObject([{ exchange: 'mail.example.com', priority: 10 }]);
    const services = await resolver.resolveSrv('_http._tcp.example.com');
    expect(services.toSorted((one, other) => one.port - other.port)).toMatchObject([
      { name: 'one.example.com', priority: 1, weight: 2, port: 8080 },
      { name: 'two.example.com', priority: 1, weight: 2, port: 8081 },
    ]);
    expect(await resolver.resolveCaa('example.com')).toMatchObject([{ critical: 0, issue: 'letsencrypt.org' }]);
    // Node.js reads the bytes of texts one by one.
    const long = (await resolver.resolveTxt('long.example.com')).flat().join('');
    expect(Buffer.from(long, 'latin1').toString('utf8')).toBe('ä'.repeat(200) + 'x'.repeat(300));
  });

  it('follows aliases within the zone and out of it, and ends those that lead in a circle', async () => {
    const elsewhere: readonly NewRecord[] = [{ host: 'elsewhere', type: 'A', value: '198.51.100.9', ttl: 9 }];
    const upstream = await start({ zones: memoryZones(new Map([['example.net', elsewhere]])) });
    const { ask, problems } = await start({ upstream: { host: '127.0.0.1', port: upstream.server.port } });
    const inside = await ask.udp('www.example.com', 'A');
    expect(inside.answers).toMatchObject([
      { name: 'www.example.com', domain: 'example.com' },
      { name: 'example.com', address: '192.0.2.1' },
    ]);
    expect((await ask.udp('out.example.com', 'A')).answers.at(-1)).toMatchObject({ address: '198.51.100.9' });
    expect((await ask.udp('round.example.com', 'A')).header.rcode).toBe(Packet.RCODE.SERVFAIL);
    expect(problems.at(-1)?.reason).toContain('without end');
  });

  it('lets a wildcard stand for names that are not there, and not reach over those that are', async () => {
    const { ask } = await start();
    expect((await ask.udp('any.apps.example.com', 'A')).answers).toMatchObject([{ address: '192.0.2.2' }]);
    expect((await ask.udp('a.b.apps.example.com', 'A')).answers).toMatchObject([{ address: '192.0.2.2' }]);
    // It has something below it, so it is there.
    const between = await ask.udp('under.example.com', 'A');
    expect([between.header.rcode, between.answers.length]).toEqual([0, 0]);
    expect((await ask.udp('none.example.com', 'A')).header.rcode).toBe(Packet.RCODE.NXDOMAIN);
  });

  it('tells a UDP client that an answer is too long for it, and gives it whole over TCP', async () => {
    const { server, ask } = await start();
    const short = UDPClient({ dns: '127.0.0.1', port: server.port, retryOverTCP: false });
    const cut = await short('many.example.com', 'TXT');
    expect([cut.header.tc, cut.answers.length]).toEqual([1, 0]);
    expect((await ask.tcp('many.example.com', 'TXT')).answers).toHaveLength(60);
  });
});

describe('zones of a ClouDNS account', () => {
  it('are answered as they are there, and remembered for a second; failures are not', async () => {
    const auth = { id: '7', password: 'password' };
    const cloudns = open.use(
      await startFakeClouDns({ authId: auth.id, password: auth.password, zones: [zone], requestsPerSecond: 1000 }),
    );
    const { url: baseUrl, log } = cloudns;
    const client = new ClouDns({ auth, clock: systemAcmeClock, redactor: createRedactor(), baseUrl });
    let now = 0;
    const { ask, problems } = await start({ zones: clouDnsZones(client, { now: () => now }) });
    const refused = { status: 200, body: { status: 'Failed', statusDescription: 'not now' } };
    cloudns.fail({ matches: () => true, times: 1, how: refused });
    expect((await ask.udp('www.example.com', 'A')).header.rcode).toBe(Packet.RCODE.SERVFAIL);
    expect(problems.at(-1)?.reason).toContain('not now');
    const count = async () => (await ask.udp('www.example.com', 'A')).answers.length;
    cloudns.plant(zone, { type: 'A', host: 'www', record: '192.0.2.7', ttl: '60' });
    expect(await Promise.all([count(), count(), count()])).toEqual([1, 1, 1]);
    cloudns.plant(zone, { type: 'A', host: 'www', record: '192.0.2.8', ttl: '60' });
    now = 999;
    expect(await count()).toBe(1);
    const paths = ['/dns/list-zones.json', '/dns/list-zones.json', '/dns/records.json'];
    expect(log.map(({ path }) => path)).toEqual(paths);
    now = 1000;
    expect(await count()).toBe(2);
  });
});

describe('bad input', () => {
  it('answers neither noise nor answers, and goes on', async () => {
    const { server, ask, problems } = await start();
    const socket = createSocket('udp4');
    open.defer(() => void socket.close());
    const answers: Buffer[] = [];
    socket.on('message', (message) => answers.push(message));
    const echo = new Packet();
    echo.header.qr = 1;
    echo.questions.push(new Packet.Question('localhost', Packet.TYPE.A, Packet.CLASS.IN));
    for (const noise of [Buffer.from('x'), Buffer.alloc(0), echo.toBuffer()])
      socket.send(noise, server.port, '127.0.0.1');
    // Datagrams of one socket on loopback arrive in order: when this one is answered, the others have been read.
    const real = new Packet();
    real.header.id = 77;
    real.questions.push(new Packet.Question('localhost', Packet.TYPE.A, Packet.CLASS.IN));
    socket.send(real.toBuffer(), server.port, '127.0.0.1');
    await expect.poll(() => answers.length, { timeout: 15_000 }).toBeGreaterThan(0);
    expect(answers.map((answer) => answer.readUInt16BE(0))).toEqual([77]);
    expect(problems.length).toBeGreaterThan(0);
    expect((await ask.udp('localhost', 'A')).answers).toHaveLength(1);
  });

  it('refuses other operations and several questions at once', async () => {
    const { server } = await start();
    const exchange = async (packet: Packet): Promise<Packet> => {
      const socket = createSocket('udp4');
      const answered = once(socket, 'message') as Promise<[Buffer]>;
      socket.send(packet.toBuffer(), server.port, '127.0.0.1');
      const [answer] = await answered;
      socket.close();
      return Packet.parse(answer);
    };
    const update = new Packet();
    update.header.opcode = 5;
    update.questions.push(new Packet.Question('example.com', Packet.TYPE.SOA, Packet.CLASS.IN));
    expect((await exchange(update)).header.rcode).toBe(Packet.RCODE.NOTIMP);
    const two = new Packet();
    for (const name of ['a.test', 'b.test']) two.questions.push(new Packet.Question(name, Packet.TYPE.A, 1));
    expect((await exchange(two)).header.rcode).toBe(Packet.RCODE.FORMERR);
  });

  it('says who has the port where it cannot have it', async () => {
    const { server } = await start();
    await expect(startLocalDns({ port: server.port, upstream: null })).rejects.toMatchObject({
      code: 'dns-listen',
      hint: expect.stringContaining('Another server has it') as string,
    });
  });
});

describe('stop', () => {
  it('ends connections that are open and frees the port for UDP and TCP', async () => {
    const { server } = await start();
    const idle = connect({ host: '127.0.0.1', port: server.port });
    await once(idle, 'connect');
    const ended = once(idle, 'close');
    await server.stop();
    await ended;
    const again = await startLocalDns({ port: server.port, upstream: null });
    await again.stop();
    await again.stop();
  });
});

describe.skipIf(spawnSync('dig', ['-v']).error !== undefined)('dig', () => {
  it.each([[], ['+tcp']])('reads the answers %s', async (...options) => {
    const { server } = await start();
    const args = ['@127.0.0.1', '-p', String(server.port), ...options, 'www.example.com', 'A', '+short'];
    const { spawn } = await import('node:child_process');
    const dig = spawn('dig', args);
    let text = '';
    dig.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(dig, 'close');
    expect(text).toBe('example.com.\n192.0.2.1\n');
  });
});
