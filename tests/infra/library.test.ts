// The clients of the clouds as programs import them, against the fakes of the services.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeClouDns, startFakeClouDns } from '../../src/infra/fakes/cloudns.ts';
import { type FakeHcloud, startFakeHcloud } from '../../src/infra/fakes/hcloud.ts';
import { startFakeRobot } from '../../src/infra/fakes/robot.ts';
import { ApiError, CloudNS, HCloud, Robot } from '../../src/infra/library/index.ts';

const started = new AsyncDisposableStack();
let fakeDns: FakeClouDns;
let fakeCloud: FakeHcloud;
let dns: CloudNS;
let cloud: HCloud;

beforeAll(async () => {
  const password = 'p4ssword';
  fakeDns = started.use(
    await startFakeClouDns({ authId: '7', password, zones: ['example.org'], requestsPerSecond: 1000 }),
  );
  fakeCloud = started.use(
    await startFakeHcloud({
      tokens: { secret: 'read-write' },
      servers: [
        { name: 'one', ip: '192.0.2.1', labels: { role: 'web' } },
        { name: 'two', ip: '192.0.2.2' },
      ],
    }),
  );
  dns = new CloudNS({ auth: { id: '7', password }, baseUrl: fakeDns.url });
  cloud = new HCloud({ token: 'secret', baseUrl: fakeCloud.url });
});

afterAll(() => started.disposeAsync());

describe('CloudNS', () => {
  it('lists, adds, changes and removes records', async () => {
    expect((await dns.listZones()).map(({ name }) => name)).toEqual(['example.org']);
    const mail = { host: '@', type: 'MX', value: 'mail.example.org', priority: 10, ttl: 300 };
    const id = await dns.createRecord('example.org', mail);
    expect(await dns.listRecords('example.org')).toMatchObject([{ id, host: '', type: 'MX', priority: 10, ttl: 300 }]);
    await dns.updateRecord('example.org', id, { ...mail, priority: 20 });
    expect(await dns.listRecords('example.org')).toMatchObject([{ id, priority: 20 }]);
    await dns.deleteRecord('example.org', id);
    expect(await dns.listRecords('example.org')).toEqual([]);
  });

  it('ensures what is there, and says whether that changed anything', async () => {
    const record = { host: 'www', type: 'A', value: '192.0.2.1', ttl: 300 };
    expect(await dns.ensureRecord('example.org', record)).toBe(true);
    expect(await dns.ensureRecord('example.org', record)).toBe(false);
    expect(await dns.ensureRecord('example.org', { ...record, ttl: 3600 })).toBe(true);
    const both = [{ value: '192.0.2.1' }, { value: '192.0.2.2' }];
    expect(await dns.ensureRecords('example.org', record, both)).toBe(true);
    expect((await dns.listRecords('example.org')).map(({ value, ttl }) => [value, ttl])).toEqual([
      ['192.0.2.1', 300],
      ['192.0.2.2', 300],
    ]);
    expect(await dns.ensureRecords('example.org', record, [])).toBe(true);
    expect(await dns.listRecords('example.org')).toEqual([]);
  });

  it('adds a value for dns-01 beside another', async () => {
    const ids = [await dns.setACMEChallenge('example.org', 'a'), await dns.setACMEChallenge('example.org', 'b')];
    const records = await dns.listRecords('example.org');
    expect(records.map(({ id, host, value }) => [id, host, value])).toEqual([
      [ids[0], '_acme-challenge', 'a'],
      [ids[1], '_acme-challenge', 'b'],
    ]);
  });

  it('shows no password in what goes wrong', async () => {
    const wrong = new CloudNS({ auth: { id: '7', password: 'wr0ng-secret' }, baseUrl: fakeDns.url });
    const error: unknown = await wrong.listZones().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'api-unauthorized' });
    expect(error).toBeInstanceOf(ApiError);
    expect(String(error)).not.toContain('wr0ng-secret');
  });
});

describe('HCloud', () => {
  it('finds servers by label and by name', async () => {
    expect((await cloud.listServers()).map(({ name }) => name)).toEqual(['one', 'two']);
    expect((await cloud.listServers('role=web')).map(({ name }) => name)).toEqual(['one']);
    expect([(await cloud.getServer('two'))?.name, await cloud.getServer('three')]).toEqual(['two', null]);
  });

  it('makes load balancers and snapshots, and waits until they are there', async () => {
    const wanted = { name: 'front', load_balancer_type: 'lb11', location: 'fsn1' };
    const { id, name } = await cloud.createLoadBalancer(wanted);
    expect([name, (await cloud.getLoadBalancer(id))?.name]).toEqual(['front', 'front']);
    await cloud.deleteLoadBalancer(id);
    await cloud.deleteLoadBalancer(id);
    expect([await cloud.listLoadBalancers(), await cloud.getLoadBalancer(id)]).toEqual([[], null]);
    const server = await cloud.getServer('one');
    await cloud.createSnapshot(server?.id ?? 0, 'before the update');
    await expect(cloud.createSnapshot(4711, 'of nobody')).rejects.toMatchObject({ code: 'api-not-found' });
  });
});

describe('Robot', () => {
  it('lists servers and finds one by address', async () => {
    const own = { server_ip: '192.0.2.9', server_number: 9, server_name: 'metal', product: 'AX41', dc: 'FSN1-DC1' };
    const servers = [{ ...own, status: 'ready', cancelled: false, paid_until: '2026-12-01' }];
    const fake = started.use(await startFakeRobot({ user: 'u', password: 'p', servers }));
    const robot = new Robot({ user: 'u', password: 'p', baseUrl: fake.url });
    expect((await robot.listServers()).map(({ server_name }) => server_name)).toEqual(['metal']);
    expect((await robot.getServer('192.0.2.9')).product).toBe('AX41');
    await expect(robot.getServer('192.0.2.10')).rejects.toMatchObject({ code: 'api-not-found' });
  });
});
