// The whole way of the cloud part on the fakes: from an empty account to a load balancer and DNS, and again, and changed.
import { describe, expect, it } from 'vitest';
import { isUnknown } from '../../src/core/unknown.ts';
import { isJsonObject } from '../../src/lib/json.ts';
import { shown } from '../../src/infra/desired/attributes.ts';
import type { Call } from '../../src/infra/resource.ts';
import { changesIn, fixture, openAccount, setUp, statusesOf } from './support/account.ts';

/** A call as the fake's log has it; what is not known yet is left open. */
function told({ method, path, body, api }: Call): RegExp {
  const open = 'OPEN';
  const text = api === 'hcloud' ? jsonText(body, open) : formText(body, open);
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(open, '.+');
  return new RegExp(`^${method} ${path.replaceAll('.', '\\.')} ${escaped}$`);
}

function jsonText(body: Call['body'], open: string): string {
  if (body === null) return '';
  const closed = (_key: string, value: unknown): unknown => (isUnknown(value) ? open : value);
  return JSON.stringify(body, closed).replaceAll(`"${open}"`, open);
}

function formText(body: Call['body'], open: string): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body ?? {})) form.set(name, typeof value === 'string' ? value : open);
  return form.toString();
}

describe('setting up the cloud', () => {
  it('goes from an empty account to a load balancer whose address is published, as the dry run foretold', async () => {
    await using at = await openAccount();
    const foretold = await setUp(at, { dryRun: true });
    expect(new Set(foretold.map(({ status }) => status))).toEqual(new Set(['changed']));
    expect(changesIn(at)).toEqual([]);
    const results = await setUp(at);
    expect(results.filter(({ status }) => status !== 'changed')).toEqual([]);
    const made = [...changesIn(at)];
    for (const call of foretold.flatMap(({ calls }) => calls)) {
      const index = made.findIndex((one) => told(call).test(one));
      expect(index, `${told(call).source} is among\n${made.join('\n')}`).not.toBe(-1);
      made.splice(index, 1);
    }
    expect(made).toEqual([]);
    const [balancer] = at.hcloud.state.objects.load_balancers.values();
    const net = balancer?.['public_net'];
    const zone = [...(at.cloudns.zones.get('example.com')?.values() ?? [])];
    const apex = zone.find(({ host, type }) => host === '' && type === 'A');
    expect(apex?.record).toBe(isJsonObject(net) && isJsonObject(net['ipv4']) ? net['ipv4']['ip'] : 'no address');
  });

  it('says what is known only after it was applied', async () => {
    await using at = await openAccount();
    const foretold = await setUp(at, { dryRun: true });
    const apex = foretold.find(({ key }) => key === 'dns:example.com/@/A');
    expect(shown(apex?.diff.attributes)).toContainEqual({
      name: 'values',
      before: undefined,
      after: ['(known after apply)'],
    });
  });

  it('changes nothing the second time', async () => {
    await using at = await openAccount();
    await setUp(at);
    const before = changesIn(at);
    const again = await setUp(at);
    expect(again.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(changesIn(at)).toEqual(before);
  });

  it('converges a balancer that drifted: services, targets, algorithm, health check, type', async () => {
    await using at = await openAccount();
    await setUp(at);
    const text = fixture
      .replace('algorithm: round_robin', 'algorithm: least_connections')
      .replace('type: lb11', 'type: lb21')
      .replace('path: /health, interval: 15', 'path: /ready, interval: 5')
      .replace('    - { host: de2, port: 80 }\n', '    - { host: noc, port: 80 }\n')
      .replace('listeners:\n', 'listeners:\n    - { frontend: 80, backend: 80, protocol: http }\n');
    const results = await setUp(at, { text });
    expect(statusesOf(results)['hcloud_load_balancer:hermes']).toBe('changed');
    const [balancer] = at.hcloud.state.objects.load_balancers.values();
    expect(balancer?.['algorithm']).toEqual({ type: 'least_connections' });
    expect(balancer?.['load_balancer_type']).toMatchObject({ name: 'lb21' });
    const shownTargets = JSON.stringify(balancer?.['targets']);
    expect(shownTargets).toContain('192.0.2.21');
    expect(shownTargets).not.toContain('192.0.2.22');
    expect(shownTargets).toContain('"type":"server"');
    expect(JSON.stringify(balancer?.['services'])).toContain('"path":"/ready"');
    expect((await setUp(at, { text })).filter(({ status }) => status !== 'ok')).toEqual([]);
  });

  it('removes what the file has no more only if that is allowed', async () => {
    await using at = await openAccount();
    await setUp(at);
    const text = fixture.replace(/.*name: noc, type: A.*\n/, '');
    expect(statusesOf(await setUp(at, { text }))['dns:example.com/noc/A']).toBe('held');
    const hosts = () => [...(at.cloudns.zones.get('example.com')?.values() ?? [])].map(({ host }) => host);
    expect(hosts()).toContain('noc');
    await setUp(at, { text, allowDestroy: true });
    expect(hosts().filter((host) => host.endsWith('noc'))).toEqual([]);
  });

  it('never touches what others made', async () => {
    await using at = await openAccount();
    const planted = at.cloudns.plant('example.com', { type: 'A', host: 'noc', record: '198.51.100.77', ttl: '3600' });
    const other = at.cloudns.plant('example.com', {
      type: 'MX',
      host: '',
      record: 'mail.example.net',
      ttl: '3600',
      priority: '10',
    });
    const results = await setUp(at);
    const refused = results.find(({ key }) => key === 'dns:example.com/noc/A');
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'foreign-resource' } });
    expect(results.filter(({ status }) => status === 'failed')).toHaveLength(1);
    expect(at.cloudns.zones.get('example.com')?.get(planted.id)).toEqual(planted);
    await setUp(at, { allowDestroy: true });
    expect(at.cloudns.zones.get('example.com')?.get(other.id)).toEqual(other);
    const adopted = await setUp(at, { adopt: true });
    expect(statusesOf(adopted)['dns:example.com/noc/A']).toBe('changed');
    expect(at.cloudns.zones.get('example.com')?.get(planted.id)).toMatchObject({ record: '203.0.113.10', ttl: '300' });
  });

  it('refuses a balancer of that name that others made', async () => {
    await using at = await openAccount();
    await setUp(at);
    const [id, balancer] = [...at.hcloud.state.objects.load_balancers][0] ?? [];
    if (id === undefined || !balancer) throw new Error('there is no balancer');
    at.hcloud.state.objects.load_balancers.set(id, {
      ...balancer,
      labels: {},
      algorithm: { type: 'least_connections' },
    });
    const results = await setUp(at);
    expect(results.find(({ key }) => key === 'hcloud_load_balancer:hermes')).toMatchObject({
      status: 'failed',
      error: { code: 'foreign-resource' },
    });
    // What needs its address waits; the rest goes on.
    expect(statusesOf(results)).toMatchObject({ 'dns:example.com/@/A': 'skipped', 'dns:example.com/noc/A': 'ok' });
  });
});
