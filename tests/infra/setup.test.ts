// The whole way of the cloud part on the fakes: from an empty account to a load balancer and DNS, and again, and broken.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/lib/redact.ts';
import { ClouDns } from '../../src/infra/cloudns/client.ts';
import { readInfra } from '../../src/infra/config/read.ts';
import { converge, type CloudResult } from '../../src/infra/converge.ts';
import { balancerResources, dnsResources } from '../../src/infra/desired/from-infra.ts';
import { shown } from '../../src/infra/desired/attributes.ts';
import { startFakeClouDns } from '../../src/infra/fakes/cloudns.ts';
import { startFakeHcloud } from '../../src/infra/fakes/hcloud.ts';
import { HetznerCloud } from '../../src/infra/hetzner-cloud/client.ts';
import { usualTtls } from '../../src/infra/cloudns/records.ts';
import type { Unknown } from '../../src/core/unknown.ts';

const text = readFileSync(join(import.meta.dirname, 'fixture.yml'), 'utf8');

/** Sleeps a hundredth of what is asked. */
const clock = {
  now: () => Date.now(),
  sleep: (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds / 100)),
  random: () => 0.5,
};

async function account() {
  const hcloud = await startFakeHcloud({
    tokens: { 'token-of-the-test': 'read-write' },
    servers: [
      { name: 'noc', ip: '203.0.113.10' },
      { name: 'build', ip: '203.0.113.11' },
    ],
    robotAddresses: ['192.0.2.21', '192.0.2.22'],
  });
  const cloudns = await startFakeClouDns({
    authId: '7',
    password: 'password-of-the-test',
    zones: ['example.com'],
    requestsPerSecond: 1000,
  });
  const redactor = createRedactor();
  const cloud = new HetznerCloud({ token: 'token-of-the-test', clock, redactor, baseUrl: hcloud.url });
  const dns = new ClouDns({
    auth: { id: '7', password: 'password-of-the-test' },
    clock,
    redactor,
    baseUrl: cloudns.url,
    requestsPerSecond: 1000,
  });
  return { hcloud, cloudns, cloud, dns, close: () => Promise.all([hcloud.close(), cloudns.close()]) };
}

type Account = Awaited<ReturnType<typeof account>>;

async function setUp({ cloud, dns }: Account, dryRun: boolean): Promise<readonly CloudResult[]> {
  const { infra, diagnostics } = readInfra(text, 'infra.yaml');
  expect(diagnostics).toEqual([]);
  if (!infra) throw new Error('the fixture is not valid');
  const resources = [
    ...balancerResources(infra, cloud, await cloud.servers(), { adopt: false }),
    ...(await dnsResources(infra, dns, { adopt: false, allowedTtls: usualTtls })),
  ];
  const outputs = new Map<string, string | Unknown>();
  return converge(resources, {
    dryRun,
    allowDestroy: false,
    concurrency: 8,
    outputs,
    clock,
    onResult: () => undefined,
  });
}

function changesIn({ hcloud, cloudns }: Account): readonly string[] {
  const reads = /records\.json|list-zones|get-available/;
  return [
    ...hcloud.log.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`),
    ...cloudns.log.filter(({ path }) => !reads.test(path)).map(({ method, path }) => `${method} ${path}`),
  ].toSorted();
}

describe('setting up the cloud', () => {
  it('goes from an empty account to a load balancer and DNS, which the dry run foretold', async () => {
    const at = await account();
    const foretold = await setUp(at, true);
    expect(foretold.map(({ status }) => status)).not.toContain('failed');
    expect(changesIn(at)).toEqual([]);
    const told = foretold.flatMap(({ calls }) => calls.map(({ method, path }) => `${method} ${path}`)).toSorted();
    const results = await setUp(at, false);
    expect(results.filter(({ status }) => status !== 'changed')).toEqual([]);
    expect(changesIn(at)).toEqual(told);
    const [balancer] = at.hcloud.state.objects.load_balancers.values();
    const address = JSON.stringify(balancer?.['public_net']);
    const zone = [...(at.cloudns.zones.get('example.com')?.values() ?? [])];
    const apex = zone.find(({ host, type }) => host === '' && type === 'A');
    expect(address).toContain(`"ip":"${apex?.record ?? 'none'}"`);
    expect(shown(foretold.find(({ key }) => key === 'dns:example.com/@/A')?.diff.attributes ?? [])).toContainEqual({
      name: 'values',
      before: undefined,
      after: ['(known after apply)'],
    });
    await at.close();
  });

  it('changes nothing the second time', async () => {
    const at = await account();
    await setUp(at, false);
    const before = changesIn(at).length;
    const again = await setUp(at, false);
    expect(again.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(changesIn(at)).toHaveLength(before);
    await at.close();
  });
});
