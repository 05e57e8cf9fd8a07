// An account on the fakes of all services and a folder with an infra.yaml, for running `veza-run prod` as its users do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeClouDns } from '../../../src/infra/fakes/cloudns.ts';
import { startFakeHcloud } from '../../../src/infra/fakes/hcloud.ts';
import { startFakeRobot } from '../../../src/infra/fakes/robot.ts';
import type { FakeRequest } from '../../../src/infra/fakes/server.ts';
import { fixture, password, token } from '../../infra/support/account.ts';
import { vezaRun, type CliResult } from '../../support/cli.ts';

export interface ProdAccount extends AsyncDisposable {
  readonly folder: string;
  readonly hcloud: Awaited<ReturnType<typeof startFakeHcloud>>;
  readonly cloudns: Awaited<ReturnType<typeof startFakeClouDns>>;
  readonly robot: Awaited<ReturnType<typeof startFakeRobot>>;
  /** Runs `veza-run prod WORDS` in the folder; more of the environment may be given, `''` unsets. */
  prod(
    words: string,
    environment?: Readonly<Record<string, string>>,
    onStart?: (pid: number) => void,
  ): Promise<CliResult>;
  write(text: string): void;
  /** Everything that any command printed so far, and everything but bodies and credentials that the services got. */
  everythingSaid(): string;
}

/** `text` is the infra.yaml. */
export async function openProd(text: string = fixture): Promise<ProdAccount> {
  const folder = mkdtempSync(join(tmpdir(), 'veza-prod-'));
  const hcloud = await startFakeHcloud({
    tokens: { [token]: 'read-write' },
    servers: [
      { name: 'noc', ip: '203.0.113.10' },
      { name: 'build', ip: '203.0.113.11' },
    ],
    robotAddresses: ['192.0.2.21', '192.0.2.22'],
    actionPolls: 0,
  });
  const cloudns = await startFakeClouDns({ authId: '7', password, zones: ['example.com'], requestsPerSecond: 1000 });
  const robot = await startFakeRobot({ user: 'ops', password, servers: ['de', 'de2'].map(dedicated) });
  const usual = {
    HCLOUD_TOKEN: token,
    HCLOUD_ENDPOINT: hcloud.url,
    HETZNER_ROBOT_USER: 'ops',
    HETZNER_ROBOT_PASS: password,
    HETZNER_ROBOT_URL: robot.url,
    CLOUDNS_AUTH_ID: '7',
    CLOUDNS_AUTH_PASSWORD: password,
    CLOUDNS_URL: cloudns.url,
  };
  const write = (content: string) => writeFileSync(join(folder, 'infra.yaml'), content);
  write(text);
  const printed: string[] = [];
  return {
    folder,
    hcloud,
    cloudns,
    robot,
    write,
    prod: async (words, environment = {}, onStart) => {
      const result = await vezaRun(['prod', ...words.split(' ')], { ...usual, ...environment }, folder, onStart);
      printed.push(result.stdout, result.stderr);
      return result;
    },
    everythingSaid: () => [...printed, ...[...hcloud.log, ...cloudns.log, ...robot.log].map(urlAndHeaders)].join('\n'),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([hcloud.close(), cloudns.close(), robot.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function changesOf({ hcloud, cloudns }: ProdAccount): readonly string[] {
  const reads = /records\.json|list-zones|get-available/;
  return [
    ...hcloud.log.filter(({ method }) => method !== 'GET').map(({ method, path, text }) => `${method} ${path} ${text}`),
    ...cloudns.log
      .filter(({ path }) => !reads.test(path))
      .map(({ path, text }) => `POST ${path} ${withoutPassword(text)}`),
  ];
}

function withoutPassword(text: string): string {
  const form = new URLSearchParams(text);
  form.delete('auth-id');
  form.delete('auth-password');
  return form.toString();
}

function urlAndHeaders({ method, path, query, headers }: FakeRequest): string {
  const { authorization: _credentials, ...others } = headers;
  return `${method} ${path}?${query.toString()} ${JSON.stringify(others)}`;
}

function dedicated(name: string, index: number) {
  return {
    server_ip: `192.0.2.2${index + 1}`,
    server_number: index + 1,
    server_name: name,
    product: 'AX41-NVMe',
    dc: 'FSN1-DC8',
    status: 'ready',
    cancelled: false,
    paid_until: '2027-01-01',
  };
}
