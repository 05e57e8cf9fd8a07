// `prod setup` as a program: from an empty account to a load balancer and DNS, foretold by a dry run, and nothing the second time.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../infra/support/account.ts';
import { changesOf, openProd, type ProdAccount } from './support.ts';

interface ToldCall {
  readonly api: 'hcloud' | 'cloudns';
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | null;
}

interface SetupOutput {
  readonly results: readonly { readonly key: string; readonly status: string; readonly calls: readonly ToldCall[] }[];
}

/** Runs the steps of the cloud; resolves to the calls that they tell. */
async function steps(at: ProdAccount): Promise<readonly ToldCall[]> {
  const calls: ToldCall[] = [];
  for (const step of ['lb', 'dns', 'snapshots']) {
    const { exitCode, stdout } = await at.prod(`setup --step ${step} --json`);
    expect(exitCode).toBe(0);
    calls.push(...(JSON.parse(stdout) as SetupOutput).results.flatMap((result) => result.calls));
  }
  return calls;
}

const unknownPart = '(known after apply)';

/** The call as the service's log has it; what was not known yet is left open. */
function pattern({ api, method, path, body }: ToldCall): RegExp {
  const open = 'OPEN';
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body ?? {})) form.set(name, value === unknownPart ? open : String(value));
  const json = body === null ? '' : JSON.stringify(body).replaceAll(`"${unknownPart}"`, open);
  const text = (api === 'hcloud' ? json : form.toString()).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${method} ${path.replaceAll('.', '\\.')} ${text.replaceAll(open, '.+')}$`);
}

describe('prod setup', () => {
  it(
    'goes from nothing to a published address as foretold, and changes nothing the second time',
    { timeout: 120_000 },
    async () => {
      await using at = await openProd();
      // DNS alone cannot be foretold before the balancer is there: all steps at once can.
      const { stdout, exitCode } = await at.prod('setup --dry-run --json');
      expect(exitCode).toBe(2);
      const foretold = (JSON.parse(stdout) as SetupOutput).results.flatMap(({ calls }) => calls);
      expect(changesOf(at)).toEqual([]);
      await steps(at);
      const made = [...changesOf(at)];
      expect(made.length).toBe(foretold.length);
      for (const call of foretold) {
        const index = made.findIndex((one) => pattern(call).test(one));
        expect(index, `${pattern(call).source} is among\n${made.join('\n')}`).not.toBe(-1);
        made.splice(index, 1);
      }
      const { stdout: status } = await at.prod('lb status --json');
      const address = (JSON.parse(status) as { public_net: { ipv4: { ip: string } } }).public_net.ipv4.ip;
      const apex = [...(at.cloudns.zones.get('example.com')?.values() ?? [])].find(
        ({ host, type }) => host === '' && type === 'A',
      );
      expect(apex?.record).toBe(address);
      const before = changesOf(at);
      expect(await steps(at)).toEqual([]);
      expect(changesOf(at)).toEqual(before);
      expect(at.everythingSaid()).not.toContain('of-the-test');
    },
  );

  it('discover tells what is there, and who is missing', async () => {
    await using at = await openProd();
    at.write('hosts:\n  gone: { ip: 192.0.2.77, type: hrobot }\n  noc: { ip: 203.0.113.10, type: hcloud }\n');
    const { stdout, exitCode } = await at.prod('setup --step discover');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/hcloud +noc +203\.0\.113\.10 +cx22 +fsn1(-dc\d+)? +running/);
    expect(stdout).toMatch(/hrobot +de +192\.0\.2\.21 +AX41-NVMe +FSN1-DC8 +ready/);
    expect(stdout).toContain('! gone (192.0.2.77) is not among the servers of hrobot');
    expect(stdout).not.toContain('! noc');
  });

  it('names everything that is not set before it changes anything', async () => {
    await using at = await openProd();
    const unset = { HCLOUD_TOKEN: '', HETZNER_ROBOT_USER: '', HETZNER_ROBOT_PASS: '', CLOUDNS_AUTH_PASSWORD: '' };
    const { stdout, stderr, exitCode } = await at.prod('setup', unset);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('! hcloud is not asked: not set in the environment: HCLOUD_TOKEN');
    expect(stdout).toContain('not set in the environment: HETZNER_ROBOT_USER, HETZNER_ROBOT_PASS');
    expect(stderr).toContain('not set in the environment: HCLOUD_TOKEN, CLOUDNS_AUTH_PASSWORD [missing-credentials]');
    const onlyDns = await at.prod('setup', { CLOUDNS_AUTH_PASSWORD: '' });
    expect(onlyDns.stderr).toContain('not set in the environment: CLOUDNS_AUTH_PASSWORD');
    expect(changesOf(at)).toEqual([]);
  });

  it('stops at the step that fails', async () => {
    await using at = await openProd();
    const how = { status: 422, body: { error: { code: 'resource_limit_exceeded', message: 'limit reached' } } };
    at.hcloud.fail({ matches: ({ method, path }) => method === 'POST' && path === '/networks', times: 1, how });
    const { stdout, exitCode } = await at.prod('setup');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('hcloud API: HTTP 422: resource_limit_exceeded: limit reached');
    expect(stdout).toContain('skipped: needs hcloud_network:internal, which failed');
    expect(stdout).not.toMatch(/^dns$/m);
    expect(at.cloudns.log).toEqual([]);
  });

  it('knows its steps', async () => {
    await using at = await openProd();
    const { stderr, exitCode } = await at.prod('setup --step dnss');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Did you mean "dns"? Steps are: discover, servers, ssl, lb, dns, snapshots, verify.');
    expect([...at.hcloud.log, ...at.cloudns.log]).toEqual([]);
  });

  it('says what an infra.yaml declares that it does not manage', async () => {
    await using at = await openProd();
    const { stdout } = await at.prod('setup --dry-run');
    for (const section of ['s3', 'cdn', 'cicd'])
      expect(stdout).toMatch(new RegExp(`${section}: declared, not managed`));
  });

  it('tries everything without an account, and remembers it', async () => {
    await using at = await openProd();
    const none = Object.fromEntries(
      ['HCLOUD_TOKEN', 'CLOUDNS_AUTH_PASSWORD', 'HETZNER_ROBOT_PASS'].map((name) => [name, '']),
    );
    expect((await at.prod('setup --offline', none)).exitCode).toBe(0);
    const again = await at.prod('setup --offline --dry-run', none);
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toContain('7 as they should be');
    // What it holds follows the file, and is kept with the user's things.
    at.write(fixture.replace('hosts:\n', 'hosts:\n  extra: { ip: 203.0.113.99, type: hcloud }\n'));
    const found = await at.prod('setup --offline --step discover', none);
    expect(found.stdout).toMatch(/hcloud +extra +203\.0\.113\.99/);
    expect(found.stdout).not.toContain('! extra');
    expect(readdirSync(join(at.folder, 'state/veza-run/offline'))).toHaveLength(1);
    expect((await at.prod('status --offline', none)).stdout).toContain('left out: there are no hosts behind --offline');
    expect([...at.hcloud.log, ...at.cloudns.log]).toEqual([]);
  });
});
