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
import { createRedactor, type Redactor } from '../../lib/redact.ts';
import { printDiagnostics } from '../output.ts';
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
  readonly signal: AbortSignal;
  readonly offline: boolean;
  /** Throws VezaError `missing-credentials` naming what is not set. */
  cloud(): HetznerCloud;
  robot(): Robot;
  dns(): ClouDns;
}

export const apiClock: ApiClock = { ...systemClock, random: () => Math.random() };

/** Reads infra.yaml and makes what the command needs. Throws DiagnosticsError, VezaError `file-not-found`. */
export async function openAccount(flags: ProdFlags, usualTimeoutSeconds: number): Promise<Account> {
  const infra = loadInfra(flags.config);
  const offline = flags.offline ? await startOffline(infra) : null;
  const environment = offline ? offline.environment : process.env;
  const redactor = createRedactor();
  const signal = timeLimit(flags.timeout, usualTimeoutSeconds);
  const common = { clock: apiClock, redactor };
  return {
    infra,
    redactor,
    clock: apiClock,
    signal,
    offline: offline !== null,
    cloud: () => {
      const [token = ''] = needed(environment, ['HCLOUD_TOKEN']);
      return new HetznerCloud({ ...common, token, ...baseUrl(environment['HCLOUD_ENDPOINT']) });
    },
    robot: () => {
      const [user = '', password = ''] = needed(environment, ['HETZNER_ROBOT_USER', 'HETZNER_ROBOT_PASS']);
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

function needed(environment: Environment, names: readonly string[]): readonly string[] {
  const missing = names.filter((name) => (environment[name] ?? '') === '');
  if (missing.length === 0) return names.map((name) => environment[name] ?? '');
  throw new VezaError('missing-credentials', `not set in the environment: ${missing.join(', ')}`, {
    hint: 'Set them, or try it without an account with --offline.',
  });
}

function clouDnsAuth(environment: Environment): ClouDnsOptions['auth'] {
  const subId = environment['CLOUDNS_SUB_AUTH_ID'] ?? '';
  const subUser = environment['CLOUDNS_SUB_AUTH_USER'] ?? '';
  const idName = subId === '' && subUser === '' ? ['CLOUDNS_AUTH_ID'] : [];
  const [first = '', second] = needed(environment, [...idName, 'CLOUDNS_AUTH_PASSWORD']);
  if (subId !== '') return { subId, password: first };
  return subUser !== '' ? { subUser, password: first } : { id: first, password: second ?? '' };
}

function baseUrl(url: string | undefined): { readonly baseUrl?: string } {
  return url === undefined || url === '' ? {} : { baseUrl: url };
}

/** Aborts when the time is over, with a reason that says so. */
function timeLimit(given: string | undefined, usual: number): AbortSignal {
  const seconds = given === undefined ? usual : Number(given);
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new VezaError('wrong-option', `--timeout must be a number of seconds, not "${given ?? ''}"`);
  }
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(
      new VezaError('timeout', `not done within ${seconds} s`, { hint: 'Give it more with --timeout SECONDS.' }),
    );
  }, seconds * 1000);
  timer.unref();
  return controller.signal;
}
