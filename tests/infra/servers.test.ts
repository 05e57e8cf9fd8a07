// Firewalls, reverse DNS and snapshots of infra.yaml: foretold, made once, and nothing of others touched.
import { describe, expect, it } from 'vitest';
import type { Unknown } from '../../src/core/unknown.ts';
import { readInfra } from '../../src/infra/config/read.ts';
import { converge } from '../../src/infra/converge.ts';
import { serverResources, snapshotResources } from '../../src/infra/desired/servers-from-infra.ts';
import { changesIn, infraOf, openAccount, type TestAccount } from './support/account.ts';

const text = `
hosts:
  noc: { ip: 203.0.113.10, type: hcloud, rdns: noc.example.org }
  build: { ip: 203.0.113.11, type: hcloud, rdns: Build.example.org. }
  de: { ip: 192.0.2.21, type: hrobot }
firewalls:
  front:
    hosts: [noc, build]
    inbound:
      - { protocol: tcp, port: 22, from: [198.51.100.7, 203.0.113.0/24], description: people }
      - { protocol: tcp, port: 8000-8080 }
      - { protocol: icmp }
backups:
  weekly:
    - { name: snapshots, type: hcloud-snapshot, hosts: [noc, build], keep: 2 }
`;

async function work(
  at: TestAccount,
  infraText: string,
  more: { dryRun?: boolean; adopt?: boolean; nowMs?: number } = {},
) {
  const infra = infraOf(infraText);
  const servers = await at.cloud.servers();
  const now = () => more.nowMs ?? Date.now();
  const resources = [
    ...serverResources(infra, at.cloud, servers, { adopt: more.adopt ?? false }),
    ...snapshotResources(infra, at.cloud, servers, now),
  ];
  return converge(resources, {
    dryRun: more.dryRun ?? false,
    allowDestroy: false,
    concurrency: 8,
    outputs: new Map<string, string | Unknown>(),
    clock: at.clock,
    onResult: () => undefined,
  });
}

const told = (results: Awaited<ReturnType<typeof work>>) =>
  results
    .flatMap(({ calls }) => calls)
    .map(({ method, path, body }) => `${method} ${path} ${body === null ? '' : JSON.stringify(body)}`)
    .toSorted();

describe('servers of infra.yaml', () => {
  it('get firewalls, names and snapshots as the dry run foretold, once', async () => {
    await using at = await openAccount();
    const foretold = await work(at, text, { dryRun: true });
    expect(changesIn(at)).toEqual([]);
    expect(foretold.map(({ key, status }) => `${key}: ${status}`)).toEqual([
      'hcloud_firewall:front: changed',
      'hcloud_rdns:noc: changed',
      'hcloud_rdns:build: changed',
      'hcloud_snapshot:noc/weekly snapshots of noc: changed',
      'hcloud_snapshot:build/weekly snapshots of build: changed',
    ]);
    const results = await work(at, text);
    expect(results.filter(({ status }) => status !== 'changed')).toEqual([]);
    expect(changesIn(at)).toEqual(told(foretold));
    const again = await work(at, text);
    expect(again.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(changesIn(at)).toEqual(told(foretold));
    const [firewall] = at.hcloud.state.objects.firewalls.values();
    expect(firewall?.['rules']).toMatchObject([
      { protocol: 'tcp', port: '22', source_ips: ['198.51.100.7/32', '203.0.113.0/24'], description: 'people' },
      { protocol: 'tcp', port: '8000-8080', source_ips: ['0.0.0.0/0', '::/0'] },
      { protocol: 'icmp' },
    ]);
  });

  it('change with the file: rules as one call, servers as what comes and what goes', async () => {
    await using at = await openAccount();
    await work(at, text);
    const before = changesIn(at).length;
    const changed = text
      .replace('hosts: [noc, build]\n    inbound', 'hosts: [build]\n    inbound')
      .replace('8000-8080', '443');
    const results = await work(at, changed);
    expect(told(results).map((call) => call.split(' ')[1]?.replace(/\d+/, 'ID'))).toEqual([
      '/firewalls/ID/actions/remove_from_resources',
      '/firewalls/ID/actions/set_rules',
    ]);
    expect(changesIn(at)).toHaveLength(before + 2);
    expect((await work(at, changed)).filter(({ status }) => status !== 'ok')).toEqual([]);
  });

  it('leave a firewall alone that others made', async () => {
    await using at = await openAccount();
    at.hcloud.state.objects.firewalls.set(9, { id: 9, name: 'front', labels: {}, rules: [], applied_to: [] });
    const find = (results: Awaited<ReturnType<typeof work>>) =>
      results.find(({ key }) => key === 'hcloud_firewall:front');
    expect(find(await work(at, text))).toMatchObject({ status: 'failed', error: { code: 'foreign-resource' } });
    expect(at.hcloud.state.objects.firewalls.get(9)?.['rules']).toEqual([]);
    expect(find(await work(at, text, { adopt: true }))?.status).toBe('changed');
    expect(find(await work(at, text))?.status).toBe('ok');
  });

  it('get a snapshot a week, of which two stay, and those of others', async () => {
    await using at = await openAccount();
    const { images } = at.hcloud.state.objects;
    const day = 86_400_000;
    const names = () => [...images.values()].map((one) => JSON.stringify(one['labels']));
    images.set(7, {
      id: 7,
      type: 'snapshot',
      status: 'available',
      description: 'weekly snapshots of noc',
      created: '2020-01-01T00:00:00Z',
      created_from: { id: 1001, name: 'noc' },
      labels: { mine: 'yes' },
    });
    for (const week of [0, 1, 2, 3]) {
      // The fake takes the true time for a new one: what was taken before is moved back a week instead.
      for (const [id, image] of images) {
        if (id === 7) continue;
        images.set(id, {
          ...image,
          created: new Date(Date.parse(image['created'] as string) - 8 * day).toISOString(),
        });
      }
      const results = await work(at, text);
      expect(
        results.filter(({ status, key }) => status === 'changed' && key.startsWith('hcloud_snapshot')),
      ).toHaveLength(2);
      expect(names().filter((one) => one.includes('weekly'))).toHaveLength(2 * Math.min(week + 1, 2));
      expect((await work(at, text)).filter(({ status }) => status !== 'ok')).toEqual([]);
    }
    expect(images.has(7)).toBe(true);
  });

  it('are of the cloud, and mistakes are told with their places', () => {
    const wrong = text
      .replace('type: hrobot', 'type: hrobot, rdns: de.example.com')
      .replace('hosts: [noc, build], keep: 2', 'hosts: [de], keep: 2')
      .replace('port: 8000-8080', 'port: 8080-8000, from: [10.0.0.1/8]')
      .replace('{ protocol: icmp }', '{ protocol: icmp, port: 1 }')
      .replace('weekly:', 'daily:\n    - { name: tar, type: tar, keep: 3 }\n  weekly:');
    const { infra, diagnostics } = readInfra(wrong, 'infra.yaml');
    expect(infra).toBeNull();
    expect(diagnostics.map(({ code, where }) => `${code} ${where?.line ?? 0}`).toSorted()).toEqual(
      [
        'not-a-cloud-server 5',
        'bad-port 11',
        'bad-cidr 11',
        'not-for-this 12',
        'not-for-this 15',
        'not-a-cloud-server 17',
      ].toSorted(),
    );
  });

  it('cannot be locked without a word', () => {
    const { infra, diagnostics } = readInfra(text.replace('port: 22,', 'port: 2222,'), 'infra.yaml');
    expect(infra).not.toBeNull();
    expect(diagnostics).toMatchObject([
      { severity: 'warning', code: 'ssh-closed', message: expect.stringContaining('"noc": port 22') as string },
      { severity: 'warning', code: 'ssh-closed' },
    ]);
  });
});
