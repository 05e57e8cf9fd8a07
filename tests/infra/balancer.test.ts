// What infra.yaml may say of its load balancer beside the real file: stickiness, redirects, selectors, where TLS ends.
import { describe, expect, it } from 'vitest';
import { isHealthy } from '../../src/cli/prod/look.ts';
import { fixture, openAccount, setUp, statusesOf, type TestAccount } from './support/account.ts';

const listener = '{ frontend: 443, backend: 80, protocol: https, proxy_protocol: true }';
const backends = '    - { host: de, port: 80 }\n    - { host: de2, port: 80 }\n';

/** Runs it, once more with nothing to do; what the service has then. */
async function settled(at: TestAccount, text: string) {
  expect(
    Object.values(statusesOf(await setUp(at, { text }))).filter((one) => one !== 'changed' && one !== 'ok'),
  ).toEqual([]);
  expect((await setUp(at, { text })).filter(({ status }) => status !== 'ok')).toEqual([]);
  return at.cloud.loadBalancer('hermes');
}

describe('the load balancer of infra.yaml', () => {
  it('redirects and keeps clients where the listener says so, and stops when it does not any more', async () => {
    await using at = await openAccount();
    const sticky = fixture.replace(
      listener,
      listener.replace(' }', ', redirect_http: true, sticky_sessions: true, cookie_name: STAY, cookie_lifetime: 900 }'),
    );
    expect((await settled(at, sticky))?.services[0]?.http).toMatchObject({
      redirect_http: true,
      sticky_sessions: true,
      cookie_name: 'STAY',
      cookie_lifetime: 900,
    });
    expect((await settled(at, fixture))?.services[0]?.http).toMatchObject({
      redirect_http: false,
      sticky_sessions: false,
    });
  });

  it('sends to all servers with a label, and is as well as they are', async () => {
    const servers = [
      { name: 'web1', ip: '203.0.113.10', labels: { role: 'web' } },
      { name: 'web2', ip: '203.0.113.11', labels: { role: 'web' } },
    ];
    await using at = await openAccount({ servers });
    const found = await settled(at, fixture.replace(backends, '    - { label_selector: role=web, port: 80 }\n'));
    expect(found?.targets).toMatchObject([
      {
        type: 'label_selector',
        label_selector: { selector: 'role=web' },
        targets: [{ type: 'server' }, { type: 'server' }],
      },
    ]);
    expect(found && isHealthy(found)).toBe(true);
    const sick = { type: 'server', health_status: [{ listen_port: 443, status: 'unhealthy' }] } as const;
    const [target] = found?.targets ?? [];
    expect(found && target && isHealthy({ ...found, targets: [{ ...target, targets: [sick] }] })).toBe(false);
    expect(found && isHealthy({ ...found, targets: [] })).toBe(false);
  });

  it('uses private addresses only of servers that are in its own network', async () => {
    await using at = await openAccount();
    const text = fixture.replace(backends, '    - { host: noc, port: 80 }\n');
    // The server is in another network: the true service refuses a private target then.
    expect((await settled(at, text))?.targets[0]?.use_private_ip ?? false).toBe(false);
    const network = await at.cloud.network('internal');
    const [id, noc] = [...at.hcloud.state.objects.servers].find(([, { name }]) => name === 'noc') ?? [];
    at.hcloud.state.objects.servers.set(id ?? 0, {
      ...noc,
      private_net: [{ network: network?.id ?? 0, ip: '10.0.0.9', alias_ips: [], mac_address: '86:00:00:00:00:03' }],
    });
    expect((await settled(at, text))?.targets[0]?.use_private_ip).toBe(true);
  });

  it('has the wildcard certificate beside its own where TLS ends at it, as soon as there is one', async () => {
    await using at = await openAccount();
    expect((await settled(at, fixture))?.services[0]?.http?.certificates).toHaveLength(1);
    const id = at.hcloud.state.nextId();
    at.hcloud.state.objects.certificates.set(id, {
      id,
      name: 'wildcard.example.com',
      type: 'uploaded',
      domain_names: ['*.example.com', 'example.com'],
      fingerprint: 'ab:cd',
      labels: {},
      used_by: [],
    });
    expect((await settled(at, fixture))?.services[0]?.http?.certificates).toContain(id);
    const hosts = fixture.replace('termination: load_balancer', 'termination: hosts');
    expect((await settled(at, hosts))?.services[0]?.http?.certificates).not.toContain(id);
  });
});
