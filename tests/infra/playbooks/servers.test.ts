// Playbooks that ask for servers and snapshots of them.
import { describe, expect, it } from 'vitest';
import { callsIn, startServices } from '../support/playbooks.ts';
import { converges, server } from '../support/playbook-tasks.ts';

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
