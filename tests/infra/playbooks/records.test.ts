// Playbooks that ask for records of a zone, or look at dedicated servers.
import { describe, expect, it } from 'vitest';
import { startServices, type Services } from '../support/playbooks.ts';
import { converges } from '../support/playbook-tasks.ts';

describe('cloudns_record', () => {
  const record = (args: string) => `\n- name: Record\n  cloudns_record: { domain: example.com, ${args} }\n`;
  const values = (at: Services, host: string) =>
    [...(at.cloudns.zones.get('example.com')?.values() ?? [])]
      .filter((one) => one.host === host)
      .map(({ type, record: value, ttl, priority }) => [type, priority, value, ttl].filter(Boolean).join(' '));

  it('is made, changed, and removed', async () => {
    await using at = await startServices();
    await converges(at, record('host: www, type: A, value: 203.0.113.1, ttl: 300'), ['Record']);
    expect(await converges(at, record('host: www, type: A, value: 203.0.113.2, ttl: 300'), ['Record'])).toEqual([
      expect.stringContaining('mod-record'),
    ]);
    await converges(at, record('host: www, type: A, value: 203.0.113.2, ttl: 301'), ['Record']);
    expect(values(at, 'www')).toEqual(['A 203.0.113.2 900']);
    await converges(at, record('host: www, type: A, state: absent'), ['Record']);
    expect(values(at, 'www')).toEqual([]);
  });

  it('of the zone itself, with a priority, as a whole set', async () => {
    await using at = await startServices();
    await converges(at, record('host: "@", type: MX, priority: 10, value: [mx1.example.net, mx2.example.net.]'), [
      'Record',
    ]);
    expect(values(at, '')).toEqual(['MX 10 mx1.example.net 3600', 'MX 10 mx2.example.net 3600']);
    await converges(at, record('type: MX, priority: 10, value: [mx2.example.net]'), ['Record']);
    expect(values(at, '')).toEqual(['MX 10 mx2.example.net 3600']);
  });

  it('does not guess which of several records is meant', async () => {
    await using at = await startServices();
    for (const one of ['one', 'two'])
      at.cloudns.plant('example.com', { type: 'TXT', host: '', record: one, ttl: '3600' });
    for (const args of ['type: TXT, value: three', 'type: TXT, state: absent']) {
      for (const check of [true, false]) {
        const { status, message = '' } = (await at.run(record(args), { check })).result('Record');
        expect([status, message]).toEqual(['failed', 'there are 2 TXT records of @ in example.com: one, two']);
      }
    }
    expect(at.changes()).toEqual([]);
    await converges(at, record('type: TXT, value: three, exclusive: false'), ['Record']);
    await converges(at, record('type: TXT, value: one, state: absent'), ['Record']);
    expect(values(at, '').toSorted()).toEqual(['TXT three 3600', 'TXT two 3600']);
  });

  it('leaves what infra.yaml manages alone', async () => {
    await using at = await startServices();
    at.cloudns.plant('example.com', { type: 'A', host: 'lb', record: '203.0.113.1', ttl: '300' });
    const marker = { type: 'TXT', host: '_veza-run.lb', record: 'heritage=veza-run type=A', ttl: '3600' };
    at.cloudns.plant('example.com', marker);
    const refused = (await at.run(record('host: lb, type: A, value: 203.0.113.9'))).result('Record');
    expect(refused).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('belongs to infra.yaml') as string,
    });
    expect(at.changes()).toEqual([]);
  });

  it('says what a type needs before anything is asked', async () => {
    await using at = await startServices();
    const failed = await at.run(record('type: SRV, host: _sip._tcp, value: sip.example.com, port: 5060'));
    expect(failed.result('Record').message).toBe('cloudns_record: a record of type SRV needs priority, weight');
    expect(at.cloudns.log).toEqual([]);
  });
});

describe('robot_server_info', () => {
  it('tells what there is, in a dry run too', async () => {
    await using at = await startServices();
    const tasks = '\n- name: Ask\n  robot_server_info: { server_ip: 192.0.2.21 }\n';
    for (const check of [true, false]) {
      const asked = (await at.run(tasks, { check })).result('Ask');
      expect(asked).toMatchObject({ status: 'ok', values: { servers: [{ server_name: 'de', product: 'AX41-NVMe' }] } });
    }
  });

  it('tries a wrong password once, whoever asks', async () => {
    await using at = await startServices();
    const tasks = '\n- name: Ask\n  robot_server_info: { hetzner_password: quite-wrong-one }\n';
    const run = await at.run(tasks, { hosts: ['h1', 'h2', 'h3', 'h4'] });
    expect(run.results.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed', 'failed']);
    expect(run.result('Ask').message).toContain('UNAUTHORIZED');
    expect(at.robot.wrongLogins()).toBe(1);
    expect(run.json).not.toContain('quite-wrong-one');
  });
});
