// What services refuse is told to a playbook with its reason and without secrets.
import { describe, expect, it } from 'vitest';
import { password, token } from '../support/account.ts';
import { startServices } from '../support/playbooks.ts';
import { balancer, server } from '../support/playbook-tasks.ts';

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
