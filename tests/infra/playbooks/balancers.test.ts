// Playbooks that ask for a load balancer.
import { describe, expect, it } from 'vitest';
import { callsIn, startServices } from '../support/playbooks.ts';
import { balancer, converges, server } from '../support/playbook-tasks.ts';

describe('hcloud_load_balancer', () => {
  it('is made as the dry run foretold, and what it got is registered', async () => {
    await using at = await startServices();
    expect(await converges(at, balancer, ['Balancer'])).toHaveLength(1);
    const told = await at.run(
      `${balancer}- name: Address\n  debug: { msg: "{{ lb.hcloud_load_balancer.ipv4_address }}" }\n`,
    );
    expect(told.result('Address').shown).toMatch(/^198\.51\.100\.\d+$/);
  });

  it('is changed where it differs, and left alone where nothing is said', async () => {
    await using at = await startServices();
    await at.run(balancer);
    at.changes();
    const changed = balancer
      .replace('least_connections', 'round_robin')
      .replace('/health', '/ready')
      .replace('      - { type: server, server: noc }\n', '');
    const made = await converges(at, changed, ['Balancer']);
    expect(made.map((call) => /actions\/(\w+)/.exec(call)?.[1])).toEqual([
      'change_algorithm',
      'remove_target',
      'update_service',
    ]);
    const bare = await at.run('\n- name: Bare\n  hcloud_load_balancer: { name: front }\n');
    expect(bare.statuses()).toEqual(['Bare: ok']);
  });

  it('may have targets that an earlier task of the same dry run would make', async () => {
    await using at = await startServices();
    const both = server + balancer.replace('server: noc', 'server: web1');
    const foretold = await at.run(both, { check: true });
    expect(foretold.statuses()).toEqual(['Server: changed', 'Balancer: changed']);
    const [call = ''] = callsIn(foretold.result('Balancer').values);
    const run = await at.run(both);
    expect(run.statuses()).toEqual(['Server: changed', 'Balancer: changed']);
    expect(at.changes()[1]?.replace(/"server":\{"id":\d+\}/, '"server":{"id":"(known after apply)"}')).toBe(call);
    // Its address is not known before it is there, and the dry run says so instead of guessing.
    const record = `${balancer}- name: Record\n  cloudns_record: { domain: example.com, host: new, type: A, value: "{{ lb.hcloud_load_balancer.ipv4_address }}" }\n`;
    const early = await at.run(record.replaceAll('front', 'other'), { check: true });
    expect(early.result('Record')).toMatchObject({
      status: 'unknown',
      message: expect.stringContaining('hcloud_load_balancer:other is not there yet') as string,
    });
    expect((await at.run(record)).result('Record').status).toBe('changed');
  });

  it('names what is not there, with what is meant', async () => {
    await using at = await startServices();
    const failed = async (text: string) => (await at.run(text, { check: true })).result('Balancer');
    expect(await failed(balancer.replace('server: noc', 'server: nco'))).toMatchObject({
      status: 'failed',
      message: 'the project has no server "nco"',
      hint: "did you mean 'noc'?",
    });
    const tls = balancer.replace('protocol: http, listen_port: 80', 'protocol: https, listen_port: 443');
    expect((await failed(tls)).message).toContain('the https service on port 443 needs http.certificates');
    const certificate = tls.replace('health_check', 'http: { certificates: [example.com] }, health_check');
    expect((await failed(certificate)).message).toBe('the project has no certificate "example.com"');
  });

  it('is removed if it is ours', async () => {
    await using at = await startServices();
    await at.run(balancer);
    at.changes();
    const absent = '\n- name: Gone\n  hcloud_load_balancer: { name: front, state: absent }\n';
    expect(await converges(at, absent, ['Gone'])).toHaveLength(1);
  });
});
