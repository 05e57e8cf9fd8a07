// Networks that break in the worst moment, services that are tired, credentials that are wrong.
import { describe, expect, it } from 'vitest';
import { ClouDns } from '../../src/infra/cloudns/client.ts';
import { HetznerCloud } from '../../src/infra/hetzner-cloud/client.ts';
import { Robot } from '../../src/infra/robot/client.ts';
import { startFakeRobot } from '../../src/infra/fakes/robot.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import {
  changesIn,
  fastClock,
  leapingClock,
  openAccount,
  password,
  setUp,
  statusesOf,
  token,
} from './support/account.ts';

describe('lost answers', () => {
  it('a balancer whose creation was not answered is not created twice', async () => {
    await using at = await openAccount();
    at.hcloud.fail({
      matches: ({ method, path }) => method === 'POST' && path === '/load_balancers',
      times: 1,
      how: 'cut-after',
    });
    const results = await setUp(at);
    expect(results.filter(({ status }) => status !== 'changed')).toEqual([]);
    expect(at.hcloud.state.objects.load_balancers.size).toBe(1);
    expect(changesIn(at).filter((call) => call.startsWith('POST /load_balancers '))).toHaveLength(1);
  });

  it('a record whose creation was not answered is not created twice', async () => {
    await using at = await openAccount();
    at.cloudns.fail({
      matches: ({ path, text }) => path.includes('add-record') && text.includes('record=192.0.2.21'),
      times: 1,
      how: 'cut-after',
    });
    const results = await setUp(at);
    expect(results.filter(({ status }) => status !== 'changed')).toEqual([]);
    const records = [...(at.cloudns.zones.get('example.com')?.values() ?? [])].filter(
      ({ host, type }) => host === 'de' && type === 'A',
    );
    expect(records).toHaveLength(1);
  });

  it.each(['cut', 'cut-after'] as const)('reading is repeated when the connection breaks (%s)', async (how) => {
    await using at = await openAccount();
    at.hcloud.fail({ matches: ({ method }) => method === 'GET', times: 3, how });
    expect(await at.cloud.servers()).toHaveLength(2);
  });

  it('gives up after four attempts, with the pauses of the policy', async () => {
    await using at = await openAccount();
    at.hcloud.fail({ matches: () => true, times: 100, how: { status: 503, body: 'maintenance' } });
    await expect(at.cloud.servers()).rejects.toMatchObject({
      code: 'api-failed',
      message: 'hcloud API: HTTP 503: maintenance',
    });
    expect(at.hcloud.log).toHaveLength(4);
    expect(at.clock.slept).toEqual([75, 150, 300]);
  });

  it('a change that fails for good is not repeated', async () => {
    await using at = await openAccount();
    at.hcloud.fail({
      matches: ({ method, path }) => method === 'POST' && path === '/networks',
      times: 1,
      how: { status: 422, body: { error: { code: 'invalid_input', message: 'no' } } },
    });
    const results = await setUp(at);
    expect(results.find(({ key }) => key === 'hcloud_network:internal')).toMatchObject({
      status: 'failed',
      error: { message: 'hcloud API: HTTP 422: invalid_input: no' },
    });
    expect(statusesOf(results)['hcloud_load_balancer:hermes']).toBe('skipped');
  });

  it('gives up on a service that never answers', async () => {
    await using at = await openAccount();
    const policy = { timeoutMs: 50, retries: 1 };
    const cloud = new HetznerCloud({
      token,
      clock: fastClock(),
      redactor: createRedactor(),
      baseUrl: at.hcloud.url,
      policy,
    });
    at.hcloud.fail({ matches: () => true, times: 10, how: 'hang' });
    await expect(cloud.servers()).rejects.toMatchObject({ code: 'api-timeout' });
  });

  it('says that nobody listens', async () => {
    const gone = await startFakeRobot({ user: 'u', password, servers: [] });
    await gone.close();
    const cloud = new HetznerCloud({ token, clock: fastClock(), redactor: createRedactor(), baseUrl: gone.url });
    const message = expect.stringContaining(`cannot connect to ${new URL(gone.url).host}`) as string;
    await expect(cloud.servers()).rejects.toMatchObject({ code: 'api-unreachable', message });
  });
});

describe('rate limits', () => {
  it.each([
    ['seconds', { 'retry-after': '3' }, 3000],
    ['nothing of use', { 'retry-after': '-1' }, 1000],
  ])('waits as long as Retry-After says (%s)', async (_name, headers, wait) => {
    await using at = await openAccount({}, leapingClock());
    at.hcloud.fail({
      matches: () => true,
      times: 1,
      how: { status: 429, headers: { ...headers, 'ratelimit-reset': '0' }, body: {} },
    });
    await at.cloud.servers();
    const slept = at.clock.slept[0] ?? 0;
    expect(slept).toBeGreaterThan(wait - 100);
    expect(slept).toBeLessThanOrEqual(wait);
  });

  it('understands a date', async () => {
    await using at = await openAccount({}, leapingClock());
    const date = new Date(Date.now() + 5000).toUTCString();
    at.hcloud.fail({ matches: () => true, times: 1, how: { status: 429, headers: { 'retry-after': date }, body: {} } });
    await at.cloud.servers();
    expect(at.clock.slept[0]).toBeGreaterThan(3000);
    expect(at.clock.slept[0]).toBeLessThanOrEqual(5000);
  });

  it('two hundred records and a hundred servers converge, and no call is refused for good', async () => {
    const servers = Array.from({ length: 100 }, (_, index) => ({ name: `web-${index}`, ip: `198.51.100.${index}` }));
    await using at = await openAccount({
      servers,
      requestsPerSecond: 400,
      rateLimit: { requests: 40, windowMs: 200 },
      latencyMs: 5,
    });
    const hosts = servers.map(({ name, ip }) => `  ${name}: { ip: ${ip}, type: hcloud }`).join('\n');
    const names = Array.from({ length: 100 }, (_, index) => [`web-${index}`, `alias-${index}`]).flat();
    const records = names
      .map((name, index) => `        - { name: ${name}, type: A, value: 198.51.100.${Math.floor(index / 2)} }`)
      .join('\n');
    const backends = servers.map(({ name }) => `    - { host: ${name}, port: 80 }`).join('\n');
    const text = `hosts:\n${hosts}\nload_balancer:\n  name: big\n  type: lb31\n  location: fsn1\n  backends:\n${backends}\n  listeners:\n    - { frontend: 80, backend: 80, protocol: http }\ndns:\n  zones:\n    example.com:\n      records:\n${records}\n`;
    const results = await setUp(at, { text });
    expect(results.filter(({ status }) => status !== 'changed')).toEqual([]);
    expect(results).toHaveLength(201);
    expect((await at.cloud.loadBalancer('big'))?.targets).toHaveLength(100);
    expect((await setUp(at, { text })).filter(({ status }) => status !== 'ok')).toEqual([]);
    // Side by side, but never more than eight at once; and the limit was met.
    expect(at.cloudns.mostAtOnce()).toBeGreaterThan(1);
    expect(at.cloudns.mostAtOnce()).toBeLessThanOrEqual(8);
    expect(at.clock.slept.length).toBeGreaterThan(0);
  });

  it('Robot: a 403 is told with its numbers and not repeated', async () => {
    const fake = await startFakeRobot({ user: 'u', password, servers: [], requestsPerHour: 1 });
    const robot = new Robot({ user: 'u', password, clock: fastClock(), redactor: createRedactor(), baseUrl: fake.url });
    await robot.servers();
    await expect(robot.servers()).rejects.toMatchObject({
      code: 'api-rate-limited',
      message: expect.stringContaining('1 requests in 3600 s') as string,
    });
    expect(fake.log).toHaveLength(2);
    await fake.close();
  });
});

describe('credentials', () => {
  it('Robot: a wrong password is tried once, for the third blocks the address', async () => {
    const fake = await startFakeRobot({ user: 'u', password, servers: [] });
    const robot = new Robot({
      user: 'u',
      password: 'another',
      clock: fastClock(),
      redactor: createRedactor(),
      baseUrl: fake.url,
    });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(robot.servers()).rejects.toMatchObject({
        code: 'api-unauthorized',
        hint: expect.stringContaining('HETZNER_ROBOT_PASS') as string,
      });
    }
    expect(fake.wrongLogins()).toBe(1);
    await fake.close();
  });

  it('Hetzner Cloud: a token that was revoked, and one that may only read', async () => {
    await using at = await openAccount({ tokens: { [token]: 'read' } });
    expect(await at.cloud.servers()).toHaveLength(2);
    const results = await setUp(at);
    expect(results.find(({ key }) => key === 'hcloud_network:internal')?.error).toMatchObject({
      code: 'api-forbidden',
      reason: 'token_readonly',
    });
    at.hcloud.revoke(token);
    await expect(at.cloud.servers()).rejects.toMatchObject({
      code: 'api-unauthorized',
      hint: expect.stringContaining('HCLOUD_TOKEN') as string,
    });
  });

  it('ClouDNS: a failure in an HTTP 200 is the true reason', async () => {
    await using at = await openAccount();
    const auth = { id: '7', password: 'wrong-password' };
    const dns = new ClouDns({ auth, clock: fastClock(), redactor: createRedactor(), baseUrl: at.cloudns.url });
    const message = 'cloudns API: Invalid authentication, incorrect auth-id or auth-password.';
    await expect(dns.zones()).rejects.toMatchObject({ code: 'api-unauthorized', message });
    await expect(at.dns.records('example.org')).rejects.toMatchObject({
      code: 'api-not-found',
      message: 'cloudns API: Missing domain-name',
    });
  });

  it('a set that was left half made is made whole by the next run, and is still ours', async () => {
    await using at = await openAccount();
    const record = (value: string) => `        - { name: www, type: A, value: ${value} }\n`;
    const text = `hosts: { a: { ip: 192.0.2.1, type: hrobot } }\ndns:\n  zones:\n    example.com:\n      records:\n${record('192.0.2.1')}${record('192.0.2.2')}`;
    const how = { status: 200, body: { status: 'Failed', statusDescription: 'no' } };
    const isSecond = ({ path, text: form }: { readonly path: string; readonly text: string }) =>
      path.includes('add-record') && form.includes('record=192.0.2.2');
    at.cloudns.fail({ matches: isSecond, times: 1, how });
    expect(Object.values(statusesOf(await setUp(at, { text })))).toEqual(['failed']);
    expect(Object.values(statusesOf(await setUp(at, { text })))).toEqual(['changed']);
    expect(Object.values(statusesOf(await setUp(at, { text })))).toEqual(['ok']);
    const records = [...(at.cloudns.zones.get('example.com')?.values() ?? [])];
    expect(records.map(({ type }) => type).toSorted()).toEqual(['A', 'A', 'TXT']);
  });

  it.each(['two\nlines-of-the-test', 'caf\u00e9-\u2192-of-the-test'])(
    'a token that cannot be one is told without itself',
    async (odd) => {
      await using at = await openAccount();
      const cloud = new HetznerCloud({
        token: odd,
        clock: fastClock(),
        redactor: createRedactor(),
        baseUrl: at.hcloud.url,
      });
      await expect(cloud.servers()).rejects.toMatchObject({
        code: 'api-unauthorized',
        message: 'hcloud API: the token holds characters that no token has',
      });
      expect(at.hcloud.log).toEqual([]);
    },
  );

  it('another place of a service must be an address', () => {
    const given = { token, clock: fastClock(), redactor: createRedactor() };
    for (const baseUrl of ['api.example', 'ftp://api.example', 'http://'])
      expect(() => new HetznerCloud({ ...given, baseUrl })).toThrow(`"${baseUrl}" is no address of a service`);
  });

  it('no secret is in a URL or a message', async () => {
    await using at = await openAccount();
    await setUp(at);
    for (const { path, query } of [...at.hcloud.log, ...at.cloudns.log]) {
      expect(`${path}?${query.toString()}`).not.toMatch(/of-the-test/);
    }
    at.cloudns.fail({ matches: () => true, times: 9, how: { status: 400, body: `echo ${password} ${token}` } });
    await expect(at.dns.zones()).rejects.toMatchObject({ message: 'cloudns API: HTTP 400: echo ******** ********' });
  });
});
