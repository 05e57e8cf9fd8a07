// What apt and package have in common: names, states, and the wish for newer package lists.
import { isUnknown } from '../../core/unknown.ts';
import { want, type Want } from '../../core/resource.ts';
import type { Outcome } from '../../core/module.ts';
import { VezaError } from '../../lib/errors.ts';
import type { JsonObject } from '../../lib/json.ts';
import { packageKind } from '../../resources/package.ts';
import { packageLists } from '../../resources/package-lists.ts';
import type { PackageId, PackageManager, PackageOptions, PackageState } from '../../resources/package/state.ts';

export const packageProperties = {
  name: {
    anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
    description: 'Packages, as a list or separated by commas; `name=1.2*` asks for a version.',
  },
  state: {
    enum: ['present', 'installed', 'latest', 'absent', 'removed'],
    default: 'present',
    description: 'present: installed, whatever version. latest: the newest one that the lists offer. absent: removed.',
  },
  update_cache: {
    type: 'boolean',
    default: false,
    description: 'Read the package lists first. Together with `name` it does not count as a change.',
  },
  cache_valid_time: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Seconds for which lists that were read are new enough. Above 0 it implies `update_cache`.',
  },
  lock_timeout: {
    type: 'integer',
    minimum: 0,
    default: 60,
    description: 'Seconds to wait while another package manager is at work (apt).',
  },
} as const;

export interface PackageArgs {
  readonly name?: readonly string[] | string;
  readonly state?: 'present' | 'installed' | 'latest' | 'absent' | 'removed';
  readonly update_cache?: boolean;
  readonly cache_valid_time?: number;
  readonly lock_timeout?: number;
  readonly purge?: boolean;
}

export function packageWants(args: PackageArgs, options: PackageOptions, manager?: PackageManager): Want[] {
  const packages = namesOf(args).map(parseName);
  const wants = packages.map(({ name, version }) => {
    const id: PackageId = {
      name,
      ...(manager !== undefined && { manager }),
      ...(args.state === 'latest' && { latest: true }),
      ...((args.state === 'absent' || args.state === 'removed') && { leaving: true }),
      options,
    };
    return want(packageKind, id, (current) => {
      checkManager(current, manager);
      // apt does the same: what is not there is not updated.
      if (options.onlyUpgrade === true && current?.status === 'absent' && id.leaving !== true) return {};
      return desired(args, name, version, current);
    });
  });
  return [...listsWants(args, options, packages.length > 0), ...wants];
}

function listsWants(args: PackageArgs, options: PackageOptions, incidental: boolean): Want[] {
  const validSeconds = args.cache_valid_time ?? 0;
  if (args.update_cache !== true && validSeconds === 0) return [];
  const id = {
    ...(args.lock_timeout !== undefined && { lockTimeoutSeconds: args.lock_timeout }),
    ...(options.environment !== undefined && { environment: options.environment }),
  };
  const lists = want(
    packageLists,
    id,
    (current) => {
      const age = current?.ageSeconds ?? null;
      // Exactly what was read in this run is new enough in any case.
      return age !== null && (age === 0 || age < validSeconds) ? {} : { ageSeconds: 0 };
    },
    { incidental },
  );
  return [lists];
}

function namesOf(args: PackageArgs): string[] {
  const list = typeof args.name === 'string' ? args.name.split(',') : (args.name ?? []);
  return [...new Set(list.map((name) => name.trim()).filter((name) => name !== ''))];
}

function parseName(text: string): { readonly name: string; readonly version?: string } {
  const match = /^([A-Za-z0-9@][\w.+:@-]*?)(?:=([\w.+:~*-]+))?$/.exec(text);
  const [, name, version] = match ?? [];
  if (name === undefined) {
    throw new VezaError('invalid-package', `"${text}" is not the name of a package`, {
      hint: 'Write it as name or name=version.',
    });
  }
  return { name, ...(version !== undefined && { version }) };
}

function checkManager(current: PackageState | null, wanted: PackageManager | undefined): void {
  const found = current?.manager ?? 'none';
  if (found === 'none') throw new VezaError('no-package-manager', 'the host has neither apt, dnf nor apk');
  if (wanted !== undefined && found !== wanted) {
    throw new VezaError('no-package-manager', `the host has ${found}, not ${wanted}`, {
      hint: 'The module "package" takes the one that the host has.',
    });
  }
}

function desired(
  args: PackageArgs,
  name: string,
  version: string | undefined,
  current: PackageState | null,
): Partial<PackageState> {
  if (args.state === 'absent' || args.state === 'removed') {
    return { status: 'absent', ...(args.purge === true && { configuration: false }) };
  }
  const installed = current?.status === 'installed';
  const fits = version === undefined || matches(current?.version, version);
  if (args.state === 'latest' && version === undefined && installed) {
    // Unknown (the lists are going to be read) differs from everything: the dry run then says that it does not know.
    const { candidate } = current;
    return candidate === undefined || candidate === null ? {} : { version: candidate };
  }
  if (installed && fits) return {};
  const known = current?.candidate !== null || Object.keys(current.brings ?? {}).length > 0;
  if (!installed && !known) {
    throw new VezaError('no-package', `No package matching '${name}' is available`, {
      hint: 'Check the name; update_cache: true reads the package lists first.',
    });
  }
  return { status: 'installed', ...(version !== undefined && { version }) };
}

function matches(installed: PackageState['version'], wanted: string): boolean {
  if (typeof installed !== 'string') return installed !== undefined && isUnknown(installed);
  const pattern = wanted.split('*').map((part) => part.replace(/[.+\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(installed);
}

/** What `register` gets, for the documentation. */
export const packageReturns: Readonly<Record<string, string>> = {
  cache_updated: 'Whether the package lists were read anew.',
  stdout: 'What the package manager said.',
  stderr: 'What it said of problems.',
};

export function packageResult(outcome: Outcome): JsonObject {
  const lists = outcome.changes.find((entry) => entry.key.startsWith('package-lists:'));
  const { output } = outcome;
  return {
    ...(lists !== undefined && { cache_updated: lists.change.action !== 'no-op' }),
    ...(output && { stdout: output.stdout, stderr: output.stderr }),
  };
}
