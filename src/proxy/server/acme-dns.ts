// dns-01 for the balancer: who publishes the records is a provider that the program was given, or a module of the user's own.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import { systemAcmeClock } from '../../acme/clock.ts';
import type { DnsChallenge } from '../../acme/model.ts';
import { type PropagationOptions, untilPublished } from '../../acme/propagation.ts';
import { messageOf, VezaError } from '../../lib/errors.ts';
import type { AcmeDnsConfig } from '../core/config/tls-model.ts';

export type ProviderEnvironment = Readonly<Record<string, string | undefined>>;

/** Makes a challenge with credentials from an environment. Rejects with VezaError, for instance `missing-credentials`. */
export type DnsProvider = (environment: ProviderEnvironment, options: PropagationOptions) => Promise<DnsChallenge>;

/** What the program brings along. */
export type DnsProviders = Readonly<Record<'cloudns', DnsProvider>>;

/** What a module exports; docs/proxy-config.md shows one. */
export interface DnsModule {
  /** Adds a TXT value; values of others at the same name stay. */
  readonly present: (call: DnsModuleCall) => unknown;
  /** Removes this value only. */
  readonly cleanup: (call: DnsModuleCall) => unknown;
  /** Resolves when everybody who asks sees the value; left out: the servers of the zone are asked. */
  readonly ready?: (call: DnsModuleCall) => unknown;
}

export interface DnsModuleCall {
  /** `_acme-challenge.example.org`. */
  readonly name: string;
  readonly value: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** A hook that does not end is no reason to wait for ever. */
const hookMs = 120_000;

export function dnsChallengeOf(config: AcmeDnsConfig, providers: DnsProviders): DnsChallenge {
  const { nameservers, propagationMs } = config;
  const options = { clock: systemAcmeClock, propagationMs, ...(nameservers && { nameservers }) };
  return config.provider === 'module'
    ? ofModule(config, options)
    : ofProvider(providers[config.provider], config, options);
}

/** Credentials are read for every order, so that new ones count without a reload; the same ones make one client. */
function ofProvider(
  provider: DnsProvider,
  { credentials }: { readonly credentials: string | undefined },
  options: PropagationOptions,
): DnsChallenge {
  let made: { readonly from: string; readonly challenge: Promise<DnsChallenge> } | undefined;
  const current = (): Promise<DnsChallenge> => {
    const environment = environmentOf(credentials);
    const from = JSON.stringify(environment);
    if (made?.from !== from) made = { from, challenge: provider(environment, options) };
    return made.challenge;
  };
  return {
    present: async (name, value, signal) => (await current()).present(name, value, signal),
    remove: async (name, value, signal) => (await current()).remove(name, value, signal),
    ready: async (name, value, signal) => (await current()).ready?.(name, value, signal),
  };
}

function environmentOf(file: string | undefined): ProviderEnvironment {
  if (file === undefined) return process.env;
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new VezaError('cannot-read', `cannot read ${file}: ${messageOf(error)}`, {
      hint: 'The user of veza-proxy must be able to read it.',
    });
  }
}

function ofModule(
  { module, options }: { readonly module: string; readonly options: Readonly<Record<string, unknown>> },
  propagation: PropagationOptions,
): DnsChallenge {
  const call = async (hook: keyof DnsModule, name: string, value: string, signal?: AbortSignal): Promise<boolean> => {
    const { hooks, file } = await loaded(module);
    const given = hooks[hook];
    if (!given) return false;
    const over = AbortSignal.timeout(hookMs);
    const until = signal ? AbortSignal.any([signal, over]) : over;
    try {
      const { promise: stopped, reject } = Promise.withResolvers<never>();
      until.addEventListener('abort', () =>
        reject(new Error(over.aborted ? `no end after ${hookMs / 1000} s` : 'stopped')),
      );
      await Promise.race([given({ name, value, options: structuredClone(options), signal: until }), stopped]);
    } catch (error) {
      throw new VezaError('dns-module-failed', `${file}: ${hook} of ${name}: ${messageOf(error)}`, { cause: error });
    }
    return true;
  };
  return {
    present: async (name, value, signal) => {
      await call('present', name, value, signal);
    },
    remove: async (name, value, signal) => {
      await call('cleanup', name, value, signal);
    },
    ready: async (name, value, signal) => {
      if (!(await call('ready', name, value, signal))) await untilPublished(name, value, propagation, { signal });
    },
  };
}

async function loaded(module: string): Promise<{ readonly hooks: DnsModule; readonly file: string }> {
  const file = module.replace(/\?v=[0-9a-f]*$/, '');
  let found: unknown;
  try {
    found = await import(pathToFileURL(file).href + module.slice(file.length));
  } catch (error) {
    throw new VezaError('bad-dns-module', `${file} cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
  const hooks = found as Partial<DnsModule>;
  if (typeof hooks.present === 'function' && typeof hooks.cleanup === 'function') {
    return { hooks: hooks as DnsModule, file };
  }
  throw new VezaError('bad-dns-module', `${file} must export the functions \`present\` and \`cleanup\``);
}
