// `--offline`: the fakes in the place of the true services, holding what infra.yaml names and what earlier commands made.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import type { Infra } from '../../infra/config/model.ts';
import { startFakeClouDns, type FakeRecord } from '../../infra/fakes/cloudns.ts';
import { startFakeHcloud } from '../../infra/fakes/hcloud.ts';
import type { SavedHcloud } from '../../infra/fakes/hcloud-state.ts';
import { startFakeRobot } from '../../infra/fakes/robot.ts';
import { userStateDirectory } from '../paths.ts';

export interface Offline extends AsyncDisposable {
  /** The environment that leads to the fakes. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stateFile: string;
}

interface Saved {
  readonly hcloud?: SavedHcloud;
  readonly cloudns?: Readonly<Record<string, readonly FakeRecord[]>>;
}

const token = 'offline-token';
const password = 'offline-password';

/** Starts the fakes. What they hold is kept in a file until it is removed. */
export async function startOffline(infra: Infra): Promise<Offline> {
  const stateFile = stateFileOf(infra.file);
  const saved = readSaved(stateFile);
  const hosts = [...infra.hosts.values()];
  const dedicated = hosts.filter(({ type }) => type === 'hrobot');
  const cloud = hosts.filter(({ type }) => type === 'hcloud');
  const hcloud = await startFakeHcloud({
    tokens: { [token]: 'read-write' },
    servers: cloud.map(({ name, ip = '' }) => ({ name, ip })),
    robotAddresses: dedicated.flatMap(({ ip }) => ip ?? []),
    saved: saved.hcloud,
  });
  const cloudns = await startFakeClouDns({
    authId: '1',
    password,
    zones: [...(infra.dns?.zones.keys() ?? [])],
    requestsPerSecond: 1000,
    saved: saved.cloudns,
  });
  const robot = await startFakeRobot({
    user: 'offline',
    password,
    servers: dedicated.map(({ name, ip = '' }, index) => robotServer(name, ip, index)),
  });
  return {
    stateFile,
    environment: {
      HCLOUD_TOKEN: token,
      HCLOUD_ENDPOINT: hcloud.url,
      HETZNER_ROBOT_USER: 'offline',
      HETZNER_ROBOT_PASS: password,
      HETZNER_ROBOT_URL: robot.url,
      CLOUDNS_AUTH_ID: '1',
      CLOUDNS_AUTH_PASSWORD: password,
      CLOUDNS_URL: cloudns.url,
    },
    [Symbol.asyncDispose]: async () => {
      writeSaved(stateFile, { hcloud: hcloud.state.save(), cloudns: cloudns.save() });
      await Promise.all([hcloud.close(), cloudns.close(), robot.close()]);
    },
  };
}

/** One for each file, under a name that tells which. */
function stateFileOf(file: string): string {
  const mark = createHash('sha256').update(resolve(file)).digest('hex').slice(0, 16);
  const folder = basename(dirname(resolve(file))).replaceAll(/[^\w.-]/g, '-');
  return join(userStateDirectory(), 'offline', `${folder}-${mark}.json`);
}

/** Whole or not at all: another command may read it at the same time. */
function writeSaved(file: string, saved: Saved): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${process.pid}`;
  writeFileSync(beside, JSON.stringify(saved, null, 2));
  renameSync(beside, file);
}

function readSaved(file: string): Saved {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Saved;
  } catch {
    // There was no earlier start, or what it left is broken: begin with nothing.
    return {};
  }
}

function robotServer(name: string, ip: string, index: number) {
  return {
    server_ip: ip,
    server_number: index + 1,
    server_name: name,
    product: 'AX41-NVMe',
    dc: 'FSN1-DC8',
    status: 'ready',
    cancelled: false,
    paid_until: '2027-01-01',
  };
}
