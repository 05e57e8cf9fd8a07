// What the prod commands work with: infra.yaml, and clients of the services whose credentials are in the environment.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { createClients, type Environment } from '../../infra/access.ts';
import type { ClouDns } from '../../infra/cloudns/client.ts';
import type { Infra } from '../../infra/config/model.ts';
import { readInfra } from '../../infra/config/read.ts';
import type { HetznerCloud } from '../../infra/hetzner-cloud/client.ts';
import type { ApiClock } from '../../infra/http/client.ts';
import type { Robot } from '../../infra/robot/client.ts';
import { DiagnosticsError, VezaError } from '../../lib/errors.ts';
import type { Redactor } from '../../lib/redact.ts';
import { printDiagnostics } from '../output.ts';
import { secrets } from '../secrets.ts';
import type { TimeLimit } from './time-limit.ts';
import { startOffline } from './offline.ts';

export interface ProdFlags {
  readonly config?: string;
  readonly offline?: boolean;
  /** Seconds. */
  readonly timeout?: string;
  readonly json?: boolean;
}

export interface Account extends AsyncDisposable {
  readonly infra: Infra;
  readonly redactor: Redactor;
  readonly clock: ApiClock;
  /** Ended when the time is over or the person interrupts; the reason is a VezaError. */
  readonly signal: AbortSignal;
  readonly offline: boolean;
  /** Names of the environment's variables that are needed for these services and not set. */
  missing(services: readonly Service[]): readonly string[];
  /** Throws VezaError `missing-credentials` naming what is not set. */
  cloud(): HetznerCloud;
  robot(): Robot;
  dns(): ClouDns;
}

export const apiClock: ApiClock = { ...systemClock, random: () => Math.random() };

export type Service = 'hcloud' | 'hrobot' | 'cloudns';

/** Reads infra.yaml and makes what the command needs. Throws DiagnosticsError, VezaError `file-not-found`. */
export async function openAccount(flags: ProdFlags, limit: TimeLimit): Promise<Account> {
  const infra = loadInfra(flags.config);
  const offline = flags.offline ? await startOffline(infra) : null;
  const environment = offline ? offline.environment : process.env;
  const redactor = secrets;
  const clients = createClients({ clock: apiClock, redactor });
  const missing: Account['missing'] = (services) => missingOf(services, environment);
  // All that is missing is told at once.
  const refuse = (services: readonly Service[]) => refuseMissing(missing(services));
  return {
    infra,
    redactor,
    clock: apiClock,
    signal: limit.signal,
    offline: offline !== null,
    missing,
    cloud: () => {
      refuse(['hcloud']);
      return clients.cloud({}, environment);
    },
    robot: () => {
      refuse(['hrobot']);
      return clients.robot({}, environment);
    },
    dns: () => {
      refuse(['cloudns']);
      return clients.dns({}, environment);
    },
    [Symbol.asyncDispose]: async () => {
      await offline?.[Symbol.asyncDispose]();
    },
  };
}

/** The file that is named, or the nearest infra.yaml in this folder and those above it. */
export function loadInfra(given: string | undefined): Infra {
  const path = given === undefined ? discover(process.cwd()) : resolve(given);
  if (!existsSync(path))
    throw new VezaError('file-not-found', `there is no file ${path}`, { hint: 'Name it with --config.' });
  const { infra, diagnostics } = readInfra(readFileSync(path, 'utf8'), path);
  if (!infra) throw new DiagnosticsError(diagnostics);
  printDiagnostics(diagnostics);
  return infra;
}

/** Throws VezaError `file-not-found`. */
export function discover(start: string): string {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const path = join(folder, 'infra.yaml');
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) {
      throw new VezaError('file-not-found', `infra.yaml not found (searched from ${start})`, {
        hint: 'Go to the folder of your project, or name the file with --config.',
      });
    }
  }
}

/** What each service needs of the environment. */
const variables: Readonly<Record<Service, (environment: Environment) => readonly string[]>> = {
  hcloud: () => ['HCLOUD_TOKEN'],
  hrobot: () => ['HETZNER_ROBOT_USER', 'HETZNER_ROBOT_PASS'],
  cloudns: (environment) => {
    const subUser = ['CLOUDNS_SUB_AUTH_ID', 'CLOUDNS_SUB_AUTH_USER'].some((name) => !isMissing(environment, name));
    return subUser ? ['CLOUDNS_AUTH_PASSWORD'] : ['CLOUDNS_AUTH_ID', 'CLOUDNS_AUTH_PASSWORD'];
  },
};

function missingOf(services: readonly Service[], environment: Environment): readonly string[] {
  return services.flatMap((service) => variables[service](environment).filter((name) => isMissing(environment, name)));
}

/** A client of the account whose credentials are in the environment. Throws VezaError `missing-credentials`. */
export function clouDnsOfEnvironment(environment: Environment): ClouDns {
  refuseMissing(missingOf(['cloudns'], environment));
  return createClients({ clock: apiClock, redactor: secrets }).dns({}, environment);
}

function isMissing(environment: Environment, name: string): boolean {
  return (environment[name] ?? '') === '';
}

/** Throws VezaError `missing-credentials` naming all that are not set. */
export function refuseMissing(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new VezaError('missing-credentials', `not set in the environment: ${missing.join(', ')}`, {
    hint: 'Set them, or try it without an account with --offline.',
  });
}
