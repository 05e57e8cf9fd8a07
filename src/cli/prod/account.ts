// What the prod commands work with: infra.yaml, and clients of the services whose credentials are in the environment.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { ClouDns, type ClouDnsOptions } from '../../infra/cloudns/client.ts';
import type { Infra } from '../../infra/config/model.ts';
import { readInfra } from '../../infra/config/read.ts';
import { HetznerCloud } from '../../infra/hetzner-cloud/client.ts';
import type { ApiClock } from '../../infra/http/client.ts';
import { Robot } from '../../infra/robot/client.ts';
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
  const common = { clock: apiClock, redactor };
  return {
    infra,
    redactor,
    clock: apiClock,
    signal: limit.signal,
    offline: offline !== null,
    missing: (services) =>
      services.flatMap((service) => variables[service](environment).filter((name) => isMissing(environment, name))),
    cloud: () => {
      const [token = ''] = needed(environment, variables.hcloud(environment));
      return new HetznerCloud({ ...common, token, ...baseUrl(environment['HCLOUD_ENDPOINT']) });
    },
    robot: () => {
      const [user = '', password = ''] = needed(environment, variables.hrobot(environment));
      return new Robot({ ...common, user, password, ...baseUrl(environment['HETZNER_ROBOT_URL']) });
    },
    dns: () => new ClouDns({ ...common, auth: clouDnsAuth(environment), ...baseUrl(environment['CLOUDNS_URL']) }),
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

type Environment = Readonly<Record<string, string | undefined>>;

/** What each service needs of the environment. */
const variables: Readonly<Record<Service, (environment: Environment) => readonly string[]>> = {
  hcloud: () => ['HCLOUD_TOKEN'],
  hrobot: () => ['HETZNER_ROBOT_USER', 'HETZNER_ROBOT_PASS'],
  cloudns: (environment) => {
    const subUser = ['CLOUDNS_SUB_AUTH_ID', 'CLOUDNS_SUB_AUTH_USER'].some((name) => !isMissing(environment, name));
    return subUser ? ['CLOUDNS_AUTH_PASSWORD'] : ['CLOUDNS_AUTH_ID', 'CLOUDNS_AUTH_PASSWORD'];
  },
};

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

function needed(environment: Environment, names: readonly string[]): readonly string[] {
  refuseMissing(names.filter((name) => isMissing(environment, name)));
  return names.map((name) => environment[name] ?? '');
}

function clouDnsAuth(environment: Environment): ClouDnsOptions['auth'] {
  const subId = environment['CLOUDNS_SUB_AUTH_ID'] ?? '';
  const subUser = environment['CLOUDNS_SUB_AUTH_USER'] ?? '';
  const [first = '', second] = needed(environment, variables.cloudns(environment));
  if (subId !== '') return { subId, password: first };
  return subUser !== '' ? { subUser, password: first } : { id: first, password: second ?? '' };
}

function baseUrl(url: string | undefined): { readonly baseUrl?: string } {
  return url === undefined || url === '' ? {} : { baseUrl: url };
}
