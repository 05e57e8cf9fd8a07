// `-i hcloud.yml`: the servers of a project, chosen and grouped as the file says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFakeHcloud, type FakeHcloud } from '../../src/infra/fakes/hcloud.ts';
import { isJsonObject } from '../../src/lib/json.ts';
import { vezaRun } from '../support/cli.ts';

const token = 'token-of-the-test';
const folder = mkdtempSync(join(tmpdir(), 'veza-hcloud-'));
const file = join(folder, 'prod.hcloud.yml');
let hcloud: FakeHcloud;

beforeAll(async () => {
  hcloud = await startFakeHcloud({
    tokens: { [token]: 'read' },
    servers: [
      { name: 'web1', ip: '203.0.113.1', labels: { role: 'web', env: 'prod' } },
      { name: 'web2', ip: '203.0.113.2', labels: { role: 'web', env: 'test' } },
      { name: 'db1', ip: '203.0.113.3', labels: { role: 'db', env: 'prod' } },
      // More than a page.
      ...Array.from({ length: 60 }, (_none, index) => ({ name: `old${index}`, ip: `198.51.100.${index}` })),
    ],
  });
  const { networks, servers } = hcloud.state.objects;
  networks.set(1, { id: 1, name: 'internal', ip_range: '10.0.0.0/16', subnets: [], labels: {} });
  const [id, db] = [...servers].find(([, { name }]) => name === 'db1') ?? [];
  if (id === undefined || !db) throw new Error('there is no db1');
  servers.set(id, { ...db, status: 'off', location: { id: 2, name: 'hel1' } });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await hcloud.close();
});

interface Listed {
  readonly groups: Record<string, readonly string[]>;
  readonly variables: Record<string, Record<string, unknown>>;
}

async function list(text: string, environment: Record<string, string> = {}): Promise<Listed> {
  writeFileSync(file, text);
  const result = await vezaRun(['inventory', '-i', file, '--list'], {
    HCLOUD_TOKEN: token,
    HCLOUD_ENDPOINT: hcloud.url,
    ...environment,
  });
  expect(result.stderr).toBe('');
  const { _meta: meta, ...rest } = JSON.parse(result.stdout) as { _meta: { hostvars: Listed['variables'] } };
  const groups = Object.entries(rest).map(([name, group]) => [name, hostsIn(group)] as const);
  return { groups: Object.fromEntries(groups), variables: meta.hostvars };
}

function hostsIn(group: unknown): readonly string[] {
  return isJsonObject(group) && Array.isArray(group['hosts']) ? group['hosts'].map(String) : [];
}

async function failure(text: string, environment: Record<string, string> = {}): Promise<string> {
  writeFileSync(file, text);
  const result = await vezaRun(['inventory', '-i', file, '--list'], {
    HCLOUD_TOKEN: token,
    HCLOUD_ENDPOINT: hcloud.url,
    ...environment,
  });
  expect(result.exitCode).not.toBe(0);
  return result.stdout + result.stderr;
}

describe('an inventory of Hetzner Cloud', () => {
  afterEach(() => expect(hcloud.log.every(({ method }) => method === 'GET')).toBe(true));

  it('has all servers in one group, with what is known of them', async () => {
    const { groups, variables } = await list('plugin: hetzner.hcloud.hcloud\n');
    expect(groups['hcloud']).toHaveLength(63);
    expect(variables['web1']).toMatchObject({
      ansible_host: '203.0.113.1',
      hcloud_name: 'web1',
      hcloud_status: 'running',
      hcloud_server_type: 'cx22',
      hcloud_location: 'fsn1',
      hcloud_image_name: 'debian-12',
      hcloud_labels: { role: 'web', env: 'prod' },
      hcloud_private_ipv4: '10.0.0.2',
    });
  });

  it('chooses by labels, and by what servers are', async () => {
    const { groups } = await list('plugin: hcloud\nlabel_selector: env=prod\nstatus: [running]\ngroup: mine\n');
    expect(groups['mine']).toEqual(['web1']);
    const selectors = hcloud.log.map(({ query }) => query.get('label_selector'));
    expect(selectors).toContain('env=prod');
    expect((await list('plugin: hcloud\nlocations: [hel1]\n')).groups['hcloud']).toEqual(['db1']);
  });

  it('groups by labels, location, type and conditions, and composes variables', async () => {
    const { groups, variables } = await list(`plugin: hcloud
selector: role
keyed_groups:
  - { key: labels }
  - { key: location, prefix: location, parent_group: everywhere }
  - { key: hcloud_server_type, prefix: type }
groups:
  productive: labels.env == 'prod'
  never: nowhere.to.be == 'found'
compose:
  shown: name ~ ' in ' ~ location
`);
    expect(groups).toMatchObject({
      role_web: ['web1', 'web2'],
      role_db: ['db1'],
      env_prod: ['web1', 'db1'],
      location_fsn1: ['web1', 'web2'],
      location_hel1: ['db1'],
      type_cx22: ['web1', 'web2', 'db1'],
      productive: ['web1', 'db1'],
    });
    expect(groups).not.toHaveProperty('never');
    expect(variables['db1']).toMatchObject({ shown: 'db1 in hel1' });
  });

  it('reaches servers by their private addresses', async () => {
    const { variables } = await list(
      'plugin: hcloud\nselector: role=db\nconnect_with: private_ipv4\nnetwork: internal\n',
    );
    expect(variables['db1']).toMatchObject({ ansible_host: '10.0.0.4' });
    expect(await failure('plugin: hcloud\nnetwork: elsewhere\n')).toContain('the project has no network "elsewhere"');
  });

  it('tells every mistake of the file with its place, before anything is asked', async () => {
    const asked = hcloud.log.length;
    const said = await failure('plugin: hcloud\nlabel_selecter: role=web\nconnect_with: public\n');
    expect(said).toContain('prod.hcloud.yml:2:1: error: the file has no key "label_selecter"');
    expect(said).toContain('Did you mean "label_selector"?');
    expect(said).toContain('prod.hcloud.yml:3:15: error: "connect_with" must be');
    expect(hcloud.log).toHaveLength(asked);
  });

  it('tells why the service refuses, and no token', async () => {
    const said = await failure('plugin: hcloud\n', { HCLOUD_TOKEN: 'a-revoked-token' });
    expect(said).toContain('hcloud API: HTTP 401: unauthorized: unable to authenticate');
    expect(said).not.toContain('a-revoked-token');
    expect(await failure('plugin: hcloud\ntoken_env: OTHER_TOKEN\n', { OTHER_TOKEN: '' })).toContain('OTHER_TOKEN');
  });

  it('may be a plain file of hosts all the same', async () => {
    expect((await list('web: { hosts: { a: {}, b: {} } }\n')).groups['web']).toEqual(['a', 'b']);
  });
});
