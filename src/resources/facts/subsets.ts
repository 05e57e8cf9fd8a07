// Which facts `gather_subset` asks for: all of Ansible's names for them, groups of them, and both with `!` before.
import { VezaError } from '../../lib/errors.ts';
import { nearestName } from '../../lib/suggest.ts';
import { environment, user } from './account.ts';
import { distribution } from './distribution.ts';
import { maker, memory, processor } from './hardware.ts';
import { defaultFactPath, localFacts } from './local.ts';
import { network } from './network.ts';
import { platform } from './platform.ts';
import type { Collector } from './source.ts';
import { devices, mounts } from './storage.ts';
import { packageManager, python, security, serviceManager, sshKeys } from './system.ts';
import { chroot, commandLine, dateTime, dns, load, lsb } from './texts.ts';
import { virtual } from './virtual.ts';

/** Every subset, in the order in which they are read. */
const collectors: readonly Collector[] = [
  environment,
  platform,
  distribution,
  user,
  packageManager,
  serviceManager,
  security,
  sshKeys,
  python,
  dateTime,
  dns,
  commandLine,
  lsb,
  load,
  chroot,
  processor,
  memory,
  maker,
  mounts,
  devices,
  virtual,
  localFacts(defaultFactPath),
  network,
];

const groups: Readonly<Record<string, readonly string[]>> = {
  all: collectors.map(({ name }) => name),
  min: collectors.filter(({ minimal }) => minimal === true).map(({ name }) => name),
  hardware: ['processor', 'memory', 'dmi', 'mounts', 'devices'],
};

/** Subsets of Ansible's that have no facts here: asking for them is no mistake. */
const empty = [
  ...['caps', 'facter', 'fibre_channel_wwn', 'iscsi', 'nvme', 'ohai'],
  ...['system_capabilities', 'system_capabilities_enforced'],
];

/** Names of facts, without `ansible_`; those of interfaces are not among them. */
const names: ReadonlySet<string> = new Set([
  ...collectors.flatMap(({ facts }) => facts),
  'gather_subset',
  'module_setup',
]);

/** How the kernel and administrators call interfaces, whose facts bear their names. */
const interfaceNames = /^(?:lo$|eth|en[opsx]|wl|br|bond|docker|dummy|ib\d|tap|team|tun|veth|virbr|vlan|wg)\w*$/;

/** What the facts may be called, without `ansible_`. */
export const factNames = {
  names: [...names],
  mayBe: (name: string): boolean => names.has(name) || interfaceNames.test(name),
};

const subsetNames: readonly string[] = [
  ...new Set([...Object.keys(groups), ...collectors.flatMap(({ name, parts = [] }) => [name, ...parts]), ...empty]),
].sort();

/**
 * The names of the subsets that are asked for. As Ansible has it: what is named comes on top of the least that is useful,
 * which only `!min` takes away; where nothing is named but what is not wanted, the rest is. Throws VezaError `unknown-subset`.
 */
export function chosenSubsets(asked: readonly string[]): readonly string[] {
  const names = asked
    .flatMap((one) => one.split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const wanted = names.filter((one) => !one.startsWith('!'));
  const unwanted = names.filter((one) => one.startsWith('!')).map((one) => one.slice(1));
  const base = membersOf(wanted.length === 0 && !unwanted.includes('all') ? 'all' : 'min');
  const without = new Set(unwanted.filter((one) => one !== 'all').flatMap(membersOf));
  // What is named itself outdoes a group that is not wanted.
  const single = wanted.filter((one) => !Object.hasOwn(groups, one)).flatMap(membersOf);
  const chosen = new Set([...base, ...wanted.flatMap(membersOf)].filter((name) => !without.has(name)).concat(single));
  return membersOf('all').filter((name) => chosen.has(name));
}

function membersOf(name: string): readonly string[] {
  const group = groups[name];
  if (group) return group;
  const found = collectors.filter((one) => one.name === name || one.parts?.includes(name) === true);
  if (found.length > 0 || empty.includes(name)) return found.map((one) => one.name);
  const meant = nearestName(name, subsetNames);
  throw new VezaError('unknown-subset', `there is no subset "${name}" of facts`, {
    hint: meant === null ? `there are ${subsetNames.join(', ')}` : `did you mean "${meant}"?`,
  });
}

/** What reads the chosen subsets. */
export function collectorsOf(subsets: readonly string[], factPath: string): readonly Collector[] {
  return collectors
    .filter(({ name }) => subsets.includes(name))
    .map((one) => (one.name === 'local' ? localFacts(factPath) : one));
}
