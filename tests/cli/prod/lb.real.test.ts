// `prod lb` as a program: status, create, apply, delete.
import { describe, expect, it } from 'vitest';
import { fixture } from '../../infra/support/account.ts';
import { changesOf, openProd } from './support.ts';

describe('prod lb', () => {
  it('is created once, shown, converged, and deleted only where that is allowed', async () => {
    await using at = await openProd();
    expect(await at.prod('lb status')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('there is no load balancer "hermes"') as string,
    });
    expect((await at.prod('lb create --dry-run')).exitCode).toBe(2);
    expect(changesOf(at)).toEqual([]);
    expect((await at.prod('lb create')).exitCode).toBe(0);
    const made = changesOf(at);
    expect((await at.prod('lb create')).stdout).toContain('is there already');
    expect((await at.prod('lb create --json')).stdout).toBe('[]\n');
    expect((await at.prod('lb apply')).stdout).toContain('3 as they should be');
    expect(changesOf(at)).toEqual(made);

    const status = await at.prod('lb status');
    expect(status.exitCode).toBe(0);
    expect(status.stdout).toMatch(/address +198\.51\.100\.\d+/);
    expect(status.stdout).toContain('https :443 -> :80  proxy_protocol=true');
    expect(status.stdout).toContain('ip 192.0.2.21  :443 healthy');

    at.write(fixture.replace('algorithm: round_robin', 'algorithm: least_connections'));
    const dry = await at.prod('lb apply --dry-run');
    expect([dry.exitCode, dry.stdout]).toEqual([
      2,
      expect.stringContaining('algorithm: round_robin -> least_connections'),
    ]);
    expect((await at.prod('lb apply')).exitCode).toBe(0);

    const kept = await at.prod('lb delete');
    expect([kept.exitCode, kept.stderr]).toEqual([1, expect.stringContaining('Add --allow-destroy to delete it')]);
    expect((await at.prod('lb delete --dry-run')).exitCode).toBe(2);
    expect(at.hcloud.state.objects.load_balancers.size).toBe(1);
    expect((await at.prod('lb delete --allow-destroy')).exitCode).toBe(0);
    expect(at.hcloud.state.objects.load_balancers.size).toBe(0);
    expect(await at.prod('lb delete --allow-destroy')).toMatchObject({
      exitCode: 0,
      stdout: 'there is no load balancer "hermes"\n',
    });
  });

  it('says which target is not well, with exit code 1', async () => {
    await using at = await openProd();
    await at.prod('lb create');
    const [id, balancer] = [...at.hcloud.state.objects.load_balancers][0] ?? [];
    const sick = { type: 'ip', ip: { ip: '192.0.2.22' }, health_status: [{ listen_port: 443, status: 'unhealthy' }] };
    at.hcloud.state.objects.load_balancers.set(id ?? 0, { ...balancer, targets: [sick] });
    const { exitCode, stdout } = await at.prod('lb status');
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('ip 192.0.2.22  :443 unhealthy')]);
  });

  it('leaves the balancer of others alone', async () => {
    await using at = await openProd();
    await at.prod('lb create');
    const [id, balancer] = [...at.hcloud.state.objects.load_balancers][0] ?? [];
    at.hcloud.state.objects.load_balancers.set(id ?? 0, { ...balancer, labels: {} });
    for (const words of ['lb delete --allow-destroy', 'lb apply']) {
      const { exitCode, stderr, stdout } = await at.prod(words);
      expect(exitCode).toBeGreaterThan(0);
      expect(stderr + stdout).toContain('was not made by veza-run');
    }
    expect(at.hcloud.state.objects.load_balancers.get(id ?? 0)?.['labels']).toEqual({});
  });

  it('needs a section to work on', async () => {
    await using at = await openProd('hosts: { a: { ip: 192.0.2.1, type: hrobot } }\n');
    expect(await at.prod('lb apply')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('has no load_balancer') as string,
    });
  });
});
