// Clients of the services from what was given as arguments and what is in the environment: one for each account of a run, so
// that its limits hold for all who use it, and a wrong password is not tried again.
import type { CloudAccess } from '../core/cloud-requests.ts';
import { VezaError } from '../lib/errors.ts';
import type { Redactor } from '../lib/redact.ts';
import { ClouDns, type ClouDnsOptions } from './cloudns/client.ts';
import { HetznerCloud } from './hetzner-cloud/client.ts';
import type { ApiClock } from './http/client.ts';
import { Robot } from './robot/client.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Clients {
  /** Each throws VezaError `missing-credentials`. */
  cloud(access: CloudAccess, environment: Environment): HetznerCloud;
  robot(access: CloudAccess, environment: Environment): Robot;
  dns(access: CloudAccess, environment: Environment): ClouDns;
}

export function createClients(common: { readonly clock: ApiClock; readonly redactor: Redactor }): Clients {
  const once = shared();
  return {
    cloud(access, environment) {
      const token = needed(access.token, environment, 'api_token', 'HCLOUD_TOKEN');
      const base = baseUrl(access.endpoint, environment['HCLOUD_ENDPOINT']);
      return once(['hcloud', token, base], () => new HetznerCloud({ ...common, token, ...base }));
    },
    robot(access, environment) {
      const user = needed(access.user, environment, 'hetzner_user', 'HETZNER_ROBOT_USER');
      const password = needed(access.password, environment, 'hetzner_password', 'HETZNER_ROBOT_PASS');
      const base = baseUrl(access.endpoint, environment['HETZNER_ROBOT_URL']);
      return once(['robot', user, password, base], () => new Robot({ ...common, user, password, ...base }));
    },
    dns(access, environment) {
      const auth = clouDnsAuth(access, environment);
      const base = baseUrl(access.endpoint, environment['CLOUDNS_URL']);
      return once(['cloudns', auth, base], () => new ClouDns({ ...common, auth, ...base }));
    },
  };
}

/** What is made once for each key, and given to all who ask for it. */
function shared(): <T>(key: unknown, make: () => T) => T {
  const known = new Map<string, unknown>();
  return <T>(key: unknown, make: () => T): T => {
    const name = JSON.stringify(key);
    const one = known.has(name) ? (known.get(name) as T) : make();
    known.set(name, one);
    return one;
  };
}

function clouDnsAuth(access: CloudAccess, environment: Environment): ClouDnsOptions['auth'] {
  const password = needed(access.password, environment, 'auth_password', 'CLOUDNS_AUTH_PASSWORD');
  if (access.user !== undefined)
    return access.isSubUser ? { subUser: access.user, password } : { id: access.user, password };
  const subId = environment['CLOUDNS_SUB_AUTH_ID'] ?? '';
  const subUser = environment['CLOUDNS_SUB_AUTH_USER'] ?? '';
  if (subId !== '') return { subId, password };
  if (subUser !== '') return { subUser, password };
  return { id: needed(undefined, environment, 'auth_id', 'CLOUDNS_AUTH_ID'), password };
}

function needed(given: string | undefined, environment: Environment, argument: string, variable: string): string {
  const value = given ?? environment[variable] ?? '';
  if (value !== '') return value;
  throw new VezaError(
    'missing-credentials',
    `neither \`${argument}\` is given nor ${variable} set in the environment`,
    {
      hint: `Set ${variable}, or give \`${argument}\` (best from an encrypted variable).`,
    },
  );
}

function baseUrl(given: string | undefined, set: string | undefined): { readonly baseUrl?: string } {
  const url = given ?? set ?? '';
  return url === '' ? {} : { baseUrl: url };
}
