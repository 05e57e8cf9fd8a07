// Playbooks on the fakes: the engine as the command runs it, with the real clients, and credentials in the environment.
import type { Cloud } from '../../../src/core/cloud.ts';
import { createCloud } from '../../../src/infra/cloud.ts';
import { startFakeClouDns, type FakeClouDnsOptions } from '../../../src/infra/fakes/cloudns.ts';
import { startFakeHcloud, type FakeHcloudOptions } from '../../../src/infra/fakes/hcloud.ts';
import { startFakeRobot } from '../../../src/infra/fakes/robot.ts';
import { Workspace, type PlaybookRun, type RunOptions } from '../../engine/support/harness.ts';
import { fastClock, password, token } from './account.ts';

export interface Services extends AsyncDisposable {
  readonly hcloud: Awaited<ReturnType<typeof startFakeHcloud>>;
  readonly cloudns: Awaited<ReturnType<typeof startFakeClouDns>>;
  readonly robot: Awaited<ReturnType<typeof startFakeRobot>>;
  readonly clock: ReturnType<typeof fastClock>;
  /** Runs tasks; `environment` is laid over the one that leads to the fakes. */
  run(tasks: string, options?: RunOptions & { readonly environment?: Record<string, string> }): Promise<PlaybookRun>;
  /** Requests that changed something since the last time that this was asked: `POST /servers {...}`. */
  changes(): readonly string[];
}

export async function startServices(options: Partial<FakeHcloudOptions & FakeClouDnsOptions> = {}): Promise<Services> {
  const hcloud = await startFakeHcloud({
    tokens: { [token]: 'read-write', 'read-only-token': 'read' },
    servers: [{ name: 'noc', ip: '203.0.113.10' }],
    robotAddresses: ['192.0.2.21'],
    sshKeys: ['admin'],
    ...options,
  });
  const cloudns = await startFakeClouDns({
    authId: '7',
    password,
    zones: ['example.com'],
    requestsPerSecond: 1000,
    ...options,
  });
  const robot = await startFakeRobot({ user: 'robot', password, servers: [dedicated('de', '192.0.2.21', 1)] });
  const clock = fastClock();
  const environment = {
    HCLOUD_TOKEN: token,
    HCLOUD_ENDPOINT: hcloud.url,
    CLOUDNS_AUTH_ID: '7',
    CLOUDNS_AUTH_PASSWORD: password,
    CLOUDNS_URL: cloudns.url,
    HETZNER_ROBOT_USER: 'robot',
    HETZNER_ROBOT_PASS: password,
    HETZNER_ROBOT_URL: robot.url,
  };
  let seen = { hcloud: 0, cloudns: 0 };
  return {
    hcloud,
    cloudns,
    robot,
    clock,
    run: async (tasks, given = {}) => {
      using workspace = new Workspace();
      const { environment: more, ...rest } = given;
      return await workspace.run(tasks, {
        ...rest,
        attach: (engine) => {
          const { redactor } = engine;
          const cloud: Cloud = createCloud({ clock, redactor, environment: { ...environment, ...more } });
          return given.attach?.({ ...engine, verbosity: 1, cloud }) ?? { ...engine, verbosity: 1, cloud };
        },
      });
    },
    changes: () => {
      const from = seen;
      seen = { hcloud: hcloud.log.length, cloudns: cloudns.log.length };
      return [
        ...hcloud.log
          .slice(from.hcloud)
          .filter(({ method }) => method !== 'GET')
          .map(({ method, path, text }) => `${method} ${path} ${text}`.trim()),
        ...cloudns.log
          .slice(from.cloudns)
          .filter(({ path }) => /(?:add|mod|delete)-record/.test(path))
          .map(({ method, path, text }) => `${method} ${path} ${JSON.stringify(formOf(text))}`),
      ];
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([hcloud.close(), cloudns.close(), robot.close()]);
    },
  };
}

function formOf(text: string): Record<string, string> {
  return Object.fromEntries([...new URLSearchParams(text)].filter(([name]) => !name.startsWith('auth-')));
}

function dedicated(name: string, ip: string, number: number) {
  return {
    server_ip: ip,
    server_number: number,
    server_name: name,
    product: 'AX41-NVMe',
    dc: 'FSN1-DC8',
    status: 'ready',
    cancelled: false,
    paid_until: '2027-01-01',
  };
}

interface ToldCall {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown> | null;
}

/** The calls that a registered result tells of, in the form of `changes`. */
export function callsIn(values: unknown): readonly string[] {
  const calls = typeof values === 'object' && values !== null ? (Reflect.get(values, 'calls') as ToldCall[]) : [];
  return calls.map(({ method, path, body }) => `${method} ${path} ${body === null ? '' : JSON.stringify(body)}`.trim());
}
