// What `setup` and `gather_facts` share: which facts are asked for, and how they are told.
import type { Outcome } from '../../core/module.ts';
import type { PropertySchema } from '../../core/args.ts';
import { want, type Want } from '../../core/resource.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { facts, type FactsState } from '../../resources/facts.ts';
import { defaultFactPath } from '../../resources/facts/local.ts';
import { chosenSubsets, factNames } from '../../resources/facts/subsets.ts';

const list = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string' } },
  ],
} as const;

/** Arguments of both. */
export const factArguments = {
  gather_subset: {
    ...list,
    description:
      'Which facts: `all` (default), `min`, `hardware`, `network`, `virtual`, `local`, or parts such as `distribution`; `!` before one leaves it out. `min` comes with the others unless `!min` is said.',
  },
  gather_timeout: {
    type: 'integer',
    minimum: 1,
    default: 10,
    description:
      'Seconds for each of the things that may not answer: a file system over the network, a name server, a program with local facts.',
  },
  filter: {
    ...list,
    description: 'Only facts whose names match, with `*`, `?` and `[...]`: `ansible_eth*` or `mounts`.',
  },
  fact_path: {
    type: 'string',
    pattern: '^/',
    default: defaultFactPath,
    description:
      'Folder on the host with local facts: `*.fact`, JSON or INI; executable ones are run and print either.',
    $comment: 'Begin it with /.',
  },
} as const satisfies Readonly<Record<string, PropertySchema>>;

export interface FactArguments {
  readonly gather_subset?: string | readonly string[];
  readonly gather_timeout?: number;
  readonly filter?: string | readonly string[];
  readonly fact_path?: string;
}

const defaultTimeoutSeconds = 10;

/** Throws VezaError `unknown-subset`. */
export function factWants(args: FactArguments): readonly Want[] {
  const id = {
    subsets: chosenSubsets(listOf(args.gather_subset)),
    factPath: args.fact_path ?? defaultFactPath,
    timeoutSeconds: args.gather_timeout ?? defaultTimeoutSeconds,
  };
  return [want(facts, id, () => ({}))];
}

/** `ansible_facts`, every name with `ansible_` before it. */
function factResult(outcome: Outcome, args: FactArguments): JsonObject {
  // The only want is of the kind facts.
  const state = outcome.changes[0]?.state as FactsState | undefined;
  const subset = listOf(args.gather_subset);
  const all: JsonObject = {
    ...Object.fromEntries(
      Object.entries(state?.facts ?? {}).map(([name, value]) => [`ansible_${name.replaceAll('-', '_')}`, value]),
    ),
    gather_subset: subset.length === 0 ? ['all'] : subset,
    module_setup: true,
  };
  const patterns = listOf(args.filter).filter((pattern) => pattern !== '' && pattern !== '*');
  return { ansible_facts: patterns.length === 0 ? all : filtered(all, patterns.map(globOf)) };
}

/** What `setup` and `gather_facts` have in common. */
export const gatheringFacts = {
  returns: {
    ansible_facts:
      'The facts, by their names with `ansible_` before them. Later tasks see them as variables, and as `ansible_facts.NAME`.',
  },
  dryRun: 'The host is looked at as it is; what tasks before would make of it is not in the facts.',
  gathers: factNames,
  wants: factWants,
  result: factResult,
};

function filtered(all: JsonObject, patterns: readonly RegExp[]): JsonObject {
  const fits = ([name]: readonly [string, Json]) =>
    patterns.some((pattern) => pattern.test(name) || pattern.test(name.replace(/^ansible_/, '')));
  return Object.fromEntries(Object.entries(all).filter(fits));
}

/** Shell patterns, as Python's fnmatch reads them. */
function globOf(pattern: string): RegExp {
  const source = pattern.replace(/\[(!?)([^\]]+)\]|[*?]|[^\w\s]/g, (token, not: string, set: string | undefined) => {
    if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replace(/[\\^[]/g, '\\$&')}]`;
    return token === '*' ? '.*' : token === '?' ? '.' : `\\${token}`;
  });
  return new RegExp(`^${source}$`, 's');
}

function listOf(given: string | readonly string[] | undefined): readonly string[] {
  if (given === undefined) return [];
  return (typeof given === 'string' ? given.split(',') : given).map((one) => one.trim());
}
