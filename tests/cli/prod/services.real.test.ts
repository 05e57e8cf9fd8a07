// `prod services` as a program: data services on a host, from nothing to gone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { privateHostMissing, startPrivateHost } from './private-host.ts';
import { openProd } from './support.ts';

const home = mkdtempSync(join(tmpdir(), 'veza-home-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const unit = '/etc/systemd/system/veza-service-main.service';
const long = { timeout: 240_000 };

describe.skipIf(privateHostMissing !== null)('prod services', () => {
  it('are planned, made, kept, changed, stopped, started and removed', long, async () => {
    await using host = await startPrivateHost();
    const services = 'services:\n  main: { type: postgresql, host: solo, username: app, database_name: shop }\n';
    await using at = await openProd(`hosts:\n${host.line}${services}`);
    const prod = (words: string) => at.prod(words, { HOME: home });

    const plan = await prod('services plan');
    expect([plan.exitCode, plan.stdout]).toEqual([2, expect.stringContaining(`+ file:${unit}`)]);
    expect([host.read(unit), host.calls()]).toEqual([null, []]);

    const first = await prod('services apply');
    expect([first.exitCode, first.stdout]).toEqual([0, expect.stringContaining('changed=')]);
    const secret = host.read('/etc/veza-services/main.secret') ?? '';
    expect(secret).toMatch(/^POSTGRES_PASSWORD=[0-9a-f]{48}\n$/);
    expect(host.mode('/etc/veza-services/main.secret')).toBe('600');
    expect(host.mode('/etc/veza-services/main.env')).toBe('600');
    const runs = host.calls().filter((call) => call.startsWith('docker run'));
    expect(runs).toEqual([
      'docker run --rm --name veza-main --env-file /etc/veza-services/main.secret --env-file /etc/veza-services/main.env --publish 127.0.0.1:5432:5432 --volume veza-main-data:/var/lib/postgresql/data postgres:17',
    ]);
    const password = secret.trim().split('=')[1] ?? '';
    for (const said of [at.everythingSaid(), host.everyCall()]) expect(said).not.toContain(password);

    host.forgetCalls();
    const again = await prod('services apply');
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringContaining('changed=0')]);
    expect(host.calls()).toEqual([]);
    expect((await prod('services plan')).exitCode).toBe(0);
    expect((await prod('services status')).stdout).toContain('unit active');
    expect((await prod('services logs main --lines 5')).stdout).toContain('ready to accept connections');
    expect(host.everyCall()).toContain('--lines=5');

    at.write(`hosts:\n${host.line}${services.replace('shop', 'store')}`);
    expect((await prod('services apply')).exitCode).toBe(0);
    expect(host.read('/etc/veza-services/main.env')).toBe('POSTGRES_USER=app\nPOSTGRES_DB=store\n');
    expect(host.calls().filter((call) => call.startsWith('systemctl restart'))).toHaveLength(1);
    expect(host.read('/etc/veza-services/main.secret')).toBe(secret);

    expect((await prod('services stop main')).exitCode).toBe(0);
    expect(await prod('services status')).toMatchObject({
      exitCode: 3,
      stdout: expect.stringContaining('unit inactive') as string,
    });
    expect((await prod('services start main')).exitCode).toBe(0);
    expect((await prod('services rm main --dry-run')).exitCode).toBe(2);
    expect((await prod('services rm main')).exitCode).toBe(0);
    expect([host.read(unit), host.read('/etc/veza-services/main.secret')]).toEqual([null, secret]);
    expect(host.calls().some((call) => call.startsWith('docker volume rm'))).toBe(false);
    expect((await prod('services apply')).exitCode).toBe(0);
    expect((await prod('services rm main --allow-destroy')).exitCode).toBe(0);
    expect(host.read('/etc/veza-services/main.secret')).toBeNull();
    expect(host.calls()).toContain('docker volume rm veza-main-data');
  });

  it('a password of the file is in its place and nowhere else', long, async () => {
    await using host = await startPrivateHost();
    const password = 'hush-{{ 1 }}-of-the-test';
    await using at = await openProd(
      `hosts:\n${host.line}services:\n  main: { type: mysql, host: solo, password: '${password}' }\n`,
    );
    expect((await at.prod('services apply', { HOME: home })).exitCode).toBe(0);
    expect(host.read('/etc/veza-services/main.secret')).toBe(`MYSQL_ROOT_PASSWORD=${password}\n`);
    await at.prod('services apply --json', { HOME: home });
    await at.prod('services show', { HOME: home });
    for (const said of [at.everythingSaid(), host.everyCall()]) expect(said).not.toContain('hush-');
  });

  it('without docker it is planned, and nothing is made', long, async () => {
    await using host = await startPrivateHost();
    host.withoutDocker();
    await using at = await openProd(`hosts:\n${host.line}services:\n  main: { type: redis, host: solo }\n`);
    const plan = await at.prod('services plan', { HOME: home });
    expect([plan.exitCode, plan.stdout]).toEqual([2, expect.stringContaining('docker is not on this host')]);
    const { exitCode, stdout } = await at.prod('services apply', { HOME: home });
    expect([exitCode, stdout]).toEqual([3, expect.stringContaining('docker is not on this host: install it first')]);
    expect([host.read(unit), host.read('/etc/veza-services/main.env')]).toEqual([null, null]);
  });
});

describe('prod services: mistakes', () => {
  it('names that are not there, values that are wrong', async () => {
    await using at = await openProd(
      'hosts: { a: { ip: 192.0.2.1, type: hrobot } }\nservices:\n  main: { type: postgres, host: b, volumes: [{ name: x, container_path: data }] }\n',
    );
    const { exitCode, stderr } = await at.prod('services plan');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Did you mean "postgresql"?');
    expect(stderr).toContain('A path begins with "/".');
    at.write('hosts: { a: { ip: 192.0.2.1, type: hrobot } }\nservices:\n  main: { type: redis, host: b }\n');
    expect((await at.prod('services plan')).stderr).toContain('there is no host "b"');
    at.write('hosts: { a: { ip: 192.0.2.1, type: hrobot } }\nservices:\n  main: { type: redis, host: a }\n');
    expect((await at.prod('services stop mian')).stderr).toContain('Did you mean "main"?');
    expect((await at.prod('services logs main --lines many')).stderr).toContain(
      '--lines must be a whole number above 0',
    );
  });
});
