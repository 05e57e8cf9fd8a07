// Playbooks that ask services for things: what a dry run foretells is what a run sends, a second run sends nothing, and what the
// services refuse is told with its reason and without secrets.
import { describe, expect, it } from 'vitest';
import { password, token } from './support/account.ts';
import { callsIn, startServices, type Services } from './support/playbooks.ts';

/** Dry run, run, run again: the calls foretold are those made, and the second run makes none. */
async function converges(at: Services, tasks: string, names: readonly string[]): Promise<readonly string[]> {
  const foretold = await at.run(tasks, { check: true });
  expect(foretold.statuses()).toEqual(names.map((name) => `${name}: changed`));
  expect(at.changes()).toEqual([]);
  const run = await at.run(tasks);
  expect(run.statuses()).toEqual(names.map((name) => `${name}: changed`));
  const made = at.changes();
  expect(names.flatMap((name) => callsIn(foretold.result(name).values))).toEqual(made);
  expect(names.flatMap((name) => callsIn(run.result(name).values))).toEqual(made);
  const diffs = (of: typeof run) => of.results.map(({ changes }) => changes);
  expect(diffs(foretold)).toEqual(diffs(run));
  for (const check of [true, false]) {
    const again = await at.run(tasks, { check });
    expect(again.statuses()).toEqual(names.map((name) => `${name}: ok`));
  }
  expect(at.changes()).toEqual([]);
  return made;
}

const server = `
- name: Server
  hcloud_server:
    name: web1
    server_type: cx22
    image: debian-12
    location: nbg1
    ssh_keys: [admin]
    labels: { role: web, tier: 1 }
    user_data: "#cloud-config\\npassword: sesame-open\\n"
    state: started
`;

describe('hcloud_server', () => {
  it('is made as the dry run foretold, once', async () => {
    await using at = await startServices();
    // What user data hold is in the request and nowhere else.
    const foretold = await at.run(server, { check: true });
    expect(foretold.json).not.toContain('sesame-open');
    const calls = callsIn(foretold.result('Server').values);
    const run = await at.run(server);
    expect(run.json).not.toContain('sesame-open');
    const [made = ''] = at.changes();
    expect(made).toContain('sesame-open');
    expect(calls).toEqual([made.replace(/"user_data":"[^"]*"/, '"user_data":"(hidden)"')]);
    expect((await at.run(server)).statuses()).toEqual(['Server: ok']);
    expect(at.changes()).toEqual([]);
    expect([...at.hcloud.state.objects.servers.values()].at(-1)).toMatchObject({
      name: 'web1',
      status: 'running',
      labels: { role: 'web', tier: '1', 'managed-by': 'veza-run' },
      location: { name: 'nbg1' },
    });
  });

  it('is stopped, resized, started and put into networks as it is asked, in the order that the service allows', async () => {
    await using at = await startServices();
    at.hcloud.state.objects.networks.set(5, {
      id: 5,
      name: 'internal',
      ip_range: '10.0.0.0/16',
      subnets: [],
      labels: {},
    });
    await at.run(server);
    at.changes();
    const bigger = server.replace('cx22', 'cx32');
    const refused = (await at.run(bigger)).result('Server');
    expect(refused).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('only change while it is off') as string,
    });
    expect(at.changes()).toEqual([]);
    const made = await converges(
      at,
      bigger.replace('state: started', 'state: started\n    force: true\n    private_networks: [internal]'),
      ['Server'],
    );
    expect(made.map((call) => call.replace(/\d{4}/, 'ID').split(' ').slice(0, 2).join(' '))).toEqual([
      'POST /servers/ID/actions/poweroff',
      'POST /servers/ID/actions/change_type',
      'POST /servers/ID/actions/attach_to_network',
      'POST /servers/ID/actions/poweron',
    ]);
    const stopped = await converges(at, '\n- name: Stop\n  hcloud_server: { name: web1, state: stopped }\n', ['Stop']);
    expect(stopped).toEqual([expect.stringMatching(/actions\/shutdown$/)]);
  });

  it('is removed if it is ours; what others made only by force', async () => {
    await using at = await startServices();
    await at.run(server);
    at.changes();
    const absent = (name: string, more = '') =>
      `\n- name: Gone\n  hcloud_server: { name: ${name}, state: absent${more} }\n`;
    expect(await converges(at, absent('web1'), ['Gone'])).toEqual([expect.stringMatching(/^DELETE \/servers\/\d+$/)]);
    for (const check of [true, false]) {
      const refused = (await at.run(absent('noc'), { check })).result('Gone');
      expect(refused).toMatchObject({ status: 'failed', hint: expect.stringContaining('force: true') as string });
    }
    expect(at.changes()).toEqual([]);
    expect(await converges(at, absent('noc', ', force: true'), ['Gone'])).toHaveLength(1);
  });

  it('has its place only once, and says what is needed to make it', async () => {
    await using at = await startServices();
    const moved = await at.run('\n- name: Moved\n  hcloud_server: { name: noc, location: hel1 }\n');
    expect(moved.result('Moved').message).toContain('is in fsn1, and cannot move to hel1');
    const bare = await at.run('\n- name: Bare\n  hcloud_server: { name: new }\n', { check: true });
    expect(bare.result('Bare')).toMatchObject({ status: 'failed', hint: expect.stringContaining('cx22') as string });
  });

  it('is made once where several hosts ask for it at the same time', async () => {
    await using at = await startServices();
    const hosts = ['h1', 'h2', 'h3'];
    const foretold = await at.run(server, { hosts, check: true });
    const run = await at.run(server, { hosts });
    for (const one of [foretold, run])
      expect(one.results.map(({ status }) => status).toSorted()).toEqual(['changed', 'ok', 'ok']);
    expect(at.changes()).toHaveLength(1);
  });

  it('is made once though the answer was lost', async () => {
    await using at = await startServices();
    at.hcloud.fail({ matches: ({ method }) => method === 'POST', times: 1, how: 'cut-after' });
    const lost = await at.run(server);
    expect(lost.statuses()).toEqual(['Server: changed']);
    expect(at.changes()).toHaveLength(1);
    expect([...at.hcloud.state.objects.servers.values()].filter(({ name }) => name === 'web1')).toHaveLength(1);
  });
});

const balancer = `
- name: Balancer
  hcloud_load_balancer:
    name: front
    load_balancer_type: lb11
    location: fsn1
    algorithm: least_connections
    services:
      - { protocol: http, listen_port: 80, destination_port: 8080, health_check: { http: { path: /health } } }
    targets:
      - { type: label_selector, label_selector: role=web }
      - { type: server, server: noc }
      - { type: ip, ip: 192.0.2.21 }
  register: lb
`;

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

describe('hcloud_snapshot', () => {
  const snapshot = (description: string, more = '') =>
    `\n- name: Snapshot\n  hcloud_snapshot: { server: noc, description: "${description}"${more} }\n`;

  it('is taken once for a description', async () => {
    await using at = await startServices();
    expect(await converges(at, snapshot('before 2.0'), ['Snapshot'])).toEqual([
      expect.stringMatching(
        /^POST \/servers\/\d+\/actions\/create_image \{"type":"snapshot","description":"before 2.0"/,
      ),
    ]);
  });

  it('keeps so many of its series, and none of anybody else', async () => {
    await using at = await startServices();
    const { images, servers } = at.hcloud.state.objects;
    const [id] = [...servers.keys()];
    const add = (number: number, day: number, labels: Record<string, string>) =>
      images.set(number, {
        id: number,
        type: 'snapshot',
        status: 'available',
        description: `of day ${day}`,
        created: `2026-01-0${day}T00:00:00Z`,
        created_from: { id: id ?? 0, name: 'noc' },
        labels,
      });
    const ours = { 'managed-by': 'veza-run', series: 'weekly' };
    add(1, 1, ours);
    add(2, 2, ours);
    add(3, 3, { ...ours, keep: 'yes' });
    add(4, 4, { series: 'weekly' });
    add(5, 5, ours);
    const made = await converges(at, snapshot('new', ', labels: { series: weekly }, keep: 2'), ['Snapshot']);
    expect(made.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
      expect.stringContaining('create_image'),
      'DELETE /images/2',
      'DELETE /images/1',
    ]);
    expect([...images.keys()].slice(0, 3)).toEqual([3, 4, 5]);
  });

  it('is taken again when it is too old', async () => {
    await using at = await startServices();
    const weekly = snapshot('weekly', ', max_age: 604800');
    await at.run(weekly);
    expect(at.changes()).toHaveLength(1);
    const [image] = at.hcloud.state.objects.images;
    if (!image) throw new Error('there is no snapshot');
    at.hcloud.state.objects.images.set(image[0], { ...image[1], created: '2026-01-01T00:00:00Z' });
    expect(await converges(at, weekly, ['Snapshot'])).toHaveLength(1);
  });

  it('is removed if it is ours', async () => {
    await using at = await startServices();
    await at.run(snapshot('old'));
    at.changes();
    expect(await converges(at, snapshot('old', ', state: absent'), ['Snapshot'])).toHaveLength(1);
  });
});

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

describe('what the services refuse', () => {
  it.each([
    ['a revoked token', { HCLOUD_TOKEN: 'revoked-token-1234' }, 'unable to authenticate', 'HCLOUD_TOKEN'],
    ['a token that may only read', { HCLOUD_TOKEN: 'read-only-token' }, 'only allowed to perform GET', 'Read & Write'],
    ['no token', { HCLOUD_TOKEN: '' }, 'neither `api_token` is given nor HCLOUD_TOKEN set', 'HCLOUD_TOKEN'],
  ])('%s', async (_what, environment, message, hint) => {
    await using at = await startServices();
    const run = await at.run(server, { environment });
    expect(run.result('Server')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining(hint) as string,
    });
    expect(run.json).not.toContain('revoked-token-1234');
    expect(run.json).not.toContain('read-only-token');
  });

  it('a dry run needs a token that may read, and no more', async () => {
    await using at = await startServices();
    const foretold = await at.run(server + balancer, { check: true, environment: { HCLOUD_TOKEN: 'read-only-token' } });
    expect(foretold.statuses()).toEqual(['Server: changed', 'Balancer: changed']);
  });

  it('a wrong password of ClouDNS, which answers with HTTP 200', async () => {
    await using at = await startServices();
    const task =
      '\n- name: Record\n  cloudns_record: { domain: example.com, type: TXT, value: x, auth_password: not-this-one }\n';
    const run = await at.run(task);
    expect(run.result('Record').message).toBe(
      'cloudns API: Invalid authentication, incorrect auth-id or auth-password.',
    );
    expect(run.json).not.toContain('not-this-one');
    expect(at.cloudns.log.every(({ query }) => query.size === 0)).toBe(true);
  });

  it('the service itself, with its own words', async () => {
    await using at = await startServices();
    const wrong = await at.run(server.replace('debian-12', 'debian-1'));
    expect(wrong.result('Server').message).toBe('hcloud API: HTTP 422: not_found: image not found');
    expect(wrong.json).not.toContain(token);
    expect(wrong.json).not.toContain(password);
  });

  it('credentials may come from the task: as arguments, or from its environment', async () => {
    await using at = await startServices();
    const bare = { environment: { HCLOUD_TOKEN: '' } };
    const told = (more: string) =>
      at.run(`\n- name: Stop\n  hcloud_server: { name: noc${more}\n`, { ...bare, check: true });
    expect((await told(`, api_token: "${token}" }`)).statuses()).toEqual(['Stop: ok']);
    expect((await told(` }\n  environment: { HCLOUD_TOKEN: "${token}" }`)).statuses()).toEqual(['Stop: ok']);
  });

  it('check mode of a task foretells, and is taken for nothing done', async () => {
    await using at = await startServices();
    const looked = server.replace('- name: Server', '- name: Look').replace(/$/, '  check_mode: true\n') + server;
    const run = await at.run(looked);
    expect(run.statuses()).toEqual(['Look: changed', 'Server: changed']);
    expect(at.changes()).toHaveLength(1);
  });

  it('a change that a plan does not say is not made', async () => {
    await using at = await startServices();
    const seen: string[] = [];
    await at.run(server, {
      check: true,
      attach: (engine) => ({ ...engine, observe: ({ want }) => seen.push(want.resource.key(want.id)) }),
    });
    expect(seen).toEqual(['hcloud_server:web1']);
  });
});
