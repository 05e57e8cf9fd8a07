// The known weaknesses of the tool that came before (W0-01 to W0-16), one by one: each test fails where the weakness is back.
import { describe, expect, it } from 'vitest';
import { clouDnsRecord } from './support/records.ts';
import { ClouDns } from '../../src/infra/cloudns/client.ts';
import { sectionNames } from '../../src/infra/config/model.ts';
import { readInfra } from '../../src/infra/config/read.ts';
import type { FakeRecord } from '../../src/infra/fakes/cloudns.ts';
import { startFakeGitHub } from '../../src/infra/fakes/github.ts';
import { startFakeRobot } from '../../src/infra/fakes/robot.ts';
import { valueIn } from '../../src/infra/fakes/hcloud-state.ts';
import { retryAfterMs } from '../../src/infra/http/policy.ts';
import { GitHub } from '../../src/infra/monitor/github.ts';
import { Robot } from '../../src/infra/robot/client.ts';
import { evaluateAlerts } from '../../src/infra/status/alerts.ts';
import { unreachableStatus } from '../../src/infra/status/read.ts';
import { addressOfHost } from '../../src/cli/prod/host.ts';
import { sshWords } from '../../src/cli/commands/prod-ssh.ts';
import { prodSetup } from '../../src/cli/commands/prod-setup.ts';
import { exitCodeOf } from '../../src/cli/prod/present.ts';
import { sectionUse } from '../../src/cli/prod/sections.ts';
import { isGood } from '../../src/cli/prod/look.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { changesIn, fastClock, fixture, infraOf, openAccount, password, setUp, statusesOf } from './support/account.ts';

describe('weaknesses that are gone', () => {
  it('W0-01: the address of the load balancer is published, in the run that makes it and in one after it', async () => {
    await using at = await openAccount();
    await setUp(at);
    const [balancer] = at.hcloud.state.objects.load_balancers.values();
    const address = valueIn(valueIn(balancer?.['public_net'], 'ipv4'), 'ip');
    expect(clouDnsRecord(at, '', 'A')?.record).toBe(address);
    for (const zone of at.cloudns.zones.values()) zone.clear();
    await setUp(at);
    expect(clouDnsRecord(at, 'hermes.lb', 'A')?.record).toBe(address);
  });

  it('W0-02: status codes are lists, sent and read', async () => {
    await using at = await openAccount();
    await setUp(at);
    const creation = at.hcloud.log.find(({ method, path }) => method === 'POST' && path === '/load_balancers');
    expect(creation?.text).toContain('"status_codes":["2??"]');
    const found = await at.cloud.loadBalancer('hermes');
    expect(found?.services[0]?.health_check.http?.status_codes).toEqual(['2??']);
  });

  it('W0-03: cloud servers are targets by id, dedicated ones by address', async () => {
    await using at = await openAccount();
    const text = fixture.replace('{ host: de2, port: 80 }', '{ host: noc, port: 80 }');
    expect((await setUp(at, { text })).filter(({ status }) => status === 'failed')).toEqual([]);
    const targets = (await at.cloud.loadBalancer('hermes'))?.targets.map(({ type, ip, server }) => [
      type,
      ip?.ip ?? server?.id,
    ]);
    const noc = (await at.cloud.servers()).find(({ name }) => name === 'noc');
    expect(targets).toEqual([
      ['ip', '192.0.2.21'],
      ['server', noc?.id],
    ]);
  });

  it('W0-04: an https listener has its certificate, and the network is made and attached', async () => {
    await using at = await openAccount();
    await setUp(at);
    const found = await at.cloud.loadBalancer('hermes');
    const certificate = await at.cloud.certificate('hermes');
    expect(certificate?.domain_names).toEqual(['hermes.lb.example.com', 'example.com', 'www.example.com']);
    expect(found?.services[0]?.http?.certificates).toEqual([certificate?.id]);
    expect(found?.private_net[0]?.network).toBe((await at.cloud.network('internal'))?.id);
  });

  it('W0-05: a create whose answer was lost is looked up, not sent again; what is sent again has its body', async () => {
    await using at = await openAccount();
    at.hcloud.fail({
      matches: ({ method, path }) => method === 'POST' && path === '/load_balancers',
      times: 1,
      how: 'cut-after',
    });
    const busy = { status: 429, headers: { 'retry-after': '1', 'ratelimit-reset': '0' }, body: {} };
    at.hcloud.fail({ matches: ({ method, path }) => method === 'POST' && path === '/networks', times: 1, how: busy });
    await setUp(at);
    expect(at.hcloud.state.objects.load_balancers.size).toBe(1);
    const networks = at.hcloud.log.filter(({ method, path }) => method === 'POST' && path === '/networks');
    expect(networks).toHaveLength(2);
    expect(networks[1]?.text).toBe(networks[0]?.text);
    expect(networks[1]?.text).toContain('10.0.0.0/16');
  });

  it('W0-06: a wrong password is not an account without zones or records', async () => {
    await using at = await openAccount();
    const auth = { id: '7', password: 'wrong-password' };
    const dns = new ClouDns({ auth, clock: fastClock(), redactor: createRedactor(), baseUrl: at.cloudns.url });
    for (const asked of [dns.zones(), dns.records('example.com')])
      await expect(asked).rejects.toThrow('Invalid authentication, incorrect auth-id or auth-password.');
  });

  it('W0-07: the zone itself is written "@" and sent as the empty host, once', async () => {
    await using at = await openAccount();
    await setUp(at);
    await setUp(at);
    const added = at.cloudns.log.filter(
      ({ path, text }) => path.includes('add-record') && new URLSearchParams(text).get('host') === '',
    );
    expect(added).toHaveLength(1);
    expect(at.cloudns.log.some(({ text }) => text.includes('host=%40'))).toBe(false);
  });

  it('W0-08: records of one host and type are a set with its TTL; priority, port and CAA parts are sent', async () => {
    await using at = await openAccount();
    const records = [
      '{ name: www, type: A, value: 192.0.2.1, ttl: 300 }',
      '{ name: www, type: A, value: 192.0.2.2, ttl: 300 }',
      "{ name: '@', type: MX, value: mail.example.net, priority: 10 }",
      '{ name: _sip._tcp, type: SRV, value: sip.example.net, priority: 1, weight: 2, port: 5060 }',
      "{ name: '@', type: CAA, value: letsencrypt.org, flag: 0, tag: issue }",
    ];
    const file = (lines: readonly string[]) =>
      `hosts: { a: { ip: 192.0.2.1, type: hrobot } }\ndns:\n  zones:\n    example.com:\n      records:\n${lines.map((line) => `        - ${line}\n`).join('')}`;
    await setUp(at, { text: file(records) });
    const mark = ({ type, record }: FakeRecord) => `${type} ${record}`;
    const all = () =>
      [...(at.cloudns.zones.get('example.com')?.values() ?? [])]
        .filter(({ type }) => type !== 'TXT')
        .toSorted((one, other) => mark(one).localeCompare(mark(other), 'en'));
    expect(all()).toMatchObject([
      { host: 'www', record: '192.0.2.1' },
      { host: 'www', record: '192.0.2.2' },
      { type: 'CAA', caa_flag: '0', caa_type: 'issue', caa_value: 'letsencrypt.org' },
      { type: 'MX', priority: '10' },
      { type: 'SRV', priority: '1', weight: '2', port: '5060' },
    ]);
    // Only the TTL differs, then only one of two values.
    await setUp(at, { text: file(records.map((line) => line.replace('ttl: 300', 'ttl: 3600'))) });
    expect(
      all()
        .filter(({ host }) => host === 'www')
        .map(({ ttl }) => ttl),
    ).toEqual(['3600', '3600']);
    const before = all().find(({ record }) => record === '192.0.2.1');
    await setUp(at, {
      text: file(records.map((line) => line.replace('ttl: 300', 'ttl: 3600').replace('192.0.2.2', '192.0.2.3'))),
    });
    expect(all().find(({ record }) => record === '192.0.2.1')).toEqual(before);
    expect(
      all()
        .filter(({ host }) => host === 'www')
        .map(({ record }) => record),
    ).toEqual(['192.0.2.1', '192.0.2.3']);
  });

  it('W0-09: every page of every list is read', async () => {
    const servers = Array.from({ length: 120 }, (_, index) => ({ name: `web-${index}`, ip: `198.51.100.${index}` }));
    const zones = Array.from({ length: 250 }, (_, index) => `zone-${index}.example`);
    await using at = await openAccount({ servers, zones });
    for (let index = 0; index < 230; index += 1)
      at.cloudns.plant('zone-0.example', { type: 'A', host: `h${index}`, record: '192.0.2.1', ttl: '300' });
    expect(await at.cloud.servers()).toHaveLength(120);
    expect(await at.dns.zones()).toHaveLength(250);
    expect(await at.dns.records('zone-0.example')).toHaveLength(230);
  });

  it('W0-10: a load balancer that drifted is made right again', async () => {
    await using at = await openAccount();
    await setUp(at);
    const [id, balancer] = [...at.hcloud.state.objects.load_balancers][0] ?? [];
    at.hcloud.state.objects.load_balancers.set(id ?? 0, {
      ...balancer,
      services: [],
      targets: [],
      algorithm: { type: 'least_connections' },
    });
    expect(statusesOf(await setUp(at))['hcloud_load_balancer:hermes']).toBe('changed');
    const found = await at.cloud.loadBalancer('hermes');
    expect([found?.services.length, found?.targets.length, found?.algorithm.type]).toEqual([1, 2, 'round_robin']);
  });

  it('W0-11: a dry run tells differences only, services included, and needs no right to write', async () => {
    await using at = await openAccount({ tokens: { reader: 'read', 'token-of-the-test': 'read' } });
    const foretold = await setUp(at, { dryRun: true });
    expect(foretold.filter(({ status }) => status !== 'changed')).toEqual([]);
    const balancer = foretold.find(({ key }) => key.startsWith('hcloud_load_balancer'));
    expect(balancer?.diff.attributes.map(({ name }) => name)).toContain('service 443.destination_port');
    expect(changesIn(at)).toEqual([]);
    await using there = await openAccount();
    await setUp(there);
    expect((await setUp(there, { dryRun: true })).flatMap(({ calls }) => calls)).toEqual([]);
  });

  it('W0-12: unknown steps, failed records and hosts that are down are failures', async () => {
    await expect(prodSetup({ step: 'typo' })).rejects.toMatchObject({ code: 'unknown-step' });
    await using at = await openAccount();
    const how = { status: 200, body: { status: 'Failed', statusDescription: 'no' } };
    at.cloudns.fail({
      matches: ({ path, text }) => path.includes('add-record') && text.includes('host=noc'),
      times: 1,
      how,
    });
    expect(exitCodeOf(await setUp(at), false)).toBe(3);
    const seen = { endpoints: [], alerts: [], balancer: { skipped: '' }, leftOut: null };
    expect(isGood({ ...seen, hosts: [unreachableStatus('any-name', 'down')] })).toBe(false);
    expect(isGood({ ...seen, hosts: [] })).toBe(true);
  });

  it('W0-13: every section is used or said not to be, and setup ends with a look whether all is well', async () => {
    expect(Object.keys(sectionUse)).toEqual(expect.arrayContaining([...sectionNames]));
    await expect(prodSetup({ step: 'verif' })).rejects.toMatchObject({
      hint: expect.stringContaining('verify') as string,
    });
    expect(
      evaluateAlerts(new Map([['galera_cluster_size', 2]]), { hosts: [], endpoints: [], healthyTargets: null }),
    ).toMatchObject([{ good: false }]);
  });

  it('W0-14: a host without a body is a message with its place, unknown keys too; no empty -i, no secret in a URL', async () => {
    const { infra, diagnostics } = readInfra(
      'hosts:\n  de:\n  b: { ip: 192.0.2.2, type: hcloud, adress: x }\n',
      'infra.yaml',
    );
    expect(infra).toBeNull();
    expect(diagnostics).toMatchObject([
      { code: 'wrong-value', where: { line: 2 } },
      { code: 'unknown-key', where: { line: 3 } },
    ]);
    const build = infraOf(fixture).hosts.get('build');
    expect(build && sshWords(build, [])).not.toContain('-i');
    expect(build && addressOfHost(build)).not.toHaveProperty('privateKeyFile');
    await using at = await openAccount();
    await setUp(at);
    for (const { path, query } of [...at.hcloud.log, ...at.cloudns.log])
      expect(`${path}?${query.toString()}`).not.toMatch(/of-the-test|auth-/);
  });

  it('W0-15: every page of alerts, severity for security, a wrong name is an error, at the same time', async () => {
    const alert = { state: 'open', rule: { id: 'r', severity: 'note', security_severity_level: 'critical' } };
    const alerts = {
      'code-scanning': Array.from({ length: 130 }, () => alert),
      dependabot: null,
      'secret-scanning': [],
    };
    await using fake = await startFakeGitHub({ token: password, repositories: { 'acme/web': { alerts } } });
    const gitHub = new GitHub({ token: password, clock: fastClock(), redactor: createRedactor(), baseUrl: fake.url });
    const answer = await gitHub.alerts('acme/web', 'code-scanning');
    expect('findings' in answer && answer.findings.length).toBe(130);
    expect('findings' in answer && answer.findings[0]?.severity).toBe('critical');
    expect(await gitHub.alerts('acme/web', 'dependabot')).toHaveProperty('disabled');
    expect(await gitHub.alerts('acme/wbe', 'dependabot')).toHaveProperty('error');
    await expect(gitHub.repository('acme/wbe')).rejects.toMatchObject({ code: 'api-not-found' });
  });

  it("W0-16: Robot's 403 and its lock are understood, dates in Retry-After too, and records have one order", async () => {
    await using fake = await startFakeRobot({ user: 'u', password, servers: [], requestsPerHour: 1 });
    const robot = new Robot({ user: 'u', password, clock: fastClock(), redactor: createRedactor(), baseUrl: fake.url });
    await robot.servers();
    await expect(robot.servers()).rejects.toMatchObject({ code: 'api-rate-limited' });
    expect(fake.log).toHaveLength(2);
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:09 GMT', now)).toBe(9000);
    await using at = await openAccount();
    for (const host of ['b', 'a', 'c'])
      at.cloudns.plant('example.com', { type: 'A', host, record: '192.0.2.1', ttl: '300' });
    expect((await at.dns.records('example.com')).map(({ host }) => host)).toEqual(['a', 'b', 'c']);
  });
});
