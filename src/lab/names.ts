// Every name the lab gives to something on the controller, derived from the lab's and the host's name alone,
// so that `down` finds all of it without remembering anything. Pure.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { VezaError } from '../lib/errors.ts';

export interface LabHost {
  readonly name: string;
  readonly address: string;
}

/** What one lab is called on the controller. */
export interface LabNames {
  readonly lab: string;
  /** The first three numbers of its addresses: `10.77.0`. */
  readonly subnet: string;
  /** The controller's own address in it. */
  readonly gateway: string;
  readonly bridge: string;
  /** Written on the bridge, to know whose it is. */
  readonly bridgeAlias: string;
  readonly interfacePrefix: string;
  readonly namespacePrefix: string;
  readonly cgroup: string;
  readonly directory: string;
  readonly lockFile: string;
}

/** What one host is called on the controller. */
export interface HostNames {
  readonly host: string;
  readonly address: string;
  readonly interface: string;
  readonly namespace: string;
  readonly machine: string;
  /** The host's own processes; its `.exec` sister holds what the lab runs inside, `.relay` the relay of a slow link. */
  readonly cgroup: string;
  readonly execCgroup: string;
  readonly relayCgroup: string;
  readonly directory: string;
  readonly upper: string;
  readonly work: string;
  readonly root: string;
  readonly consoleLog: string;
  /** What the disk was made for, the public key of its sshd, and the failures that were injected. */
  readonly identity: string;
  readonly hostKey: string;
  readonly failures: string;
}

/** The control group that holds the groups of all labs. */
export const allLabsGroup = 'veza-run';

const stateRoot = '/var/lib/veza-run/lab';

/** The subnet of a lab: `10.77.0` for `lab`, another one, always the same, for every other name. */
export function labSubnet(name: string): string {
  return `10.77.${subnetNumber(name)}`;
}

/** Throws `lab-name` for a name that cannot be a directory, a cgroup and a part of a namespace's name. */
export function labNames(name: string): LabNames {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new VezaError('lab-name', `'${name}' cannot be the name of a lab`, {
      hint: 'Use at most 31 lower-case letters, digits and dashes, beginning with a letter.',
    });
  }
  const number = subnetNumber(name);
  return {
    lab: name,
    subnet: `10.77.${number}`,
    gateway: `10.77.${number}.1`,
    bridge: `veza${number}`,
    bridgeAlias: `veza-run lab ${name}`,
    interfacePrefix: `veza${number}-`,
    namespacePrefix: `veza.${name}.`,
    cgroup: `${allLabsGroup}/${name}`,
    directory: join(stateRoot, name),
    lockFile: `/run/veza-run/lab-${name}.lock`,
  };
}

/** Names of a host of this lab. Interface names are short (15 characters is the kernel's limit), so they hold the address. */
export function hostNames(lab: LabNames, host: LabHost): HostNames {
  const directory = join(lab.directory, host.name);
  const cgroup = `${lab.cgroup}/${host.name}`;
  return {
    host: host.name,
    address: host.address,
    interface: `${lab.interfacePrefix}${host.address.slice(lab.subnet.length + 1)}`,
    namespace: `${lab.namespacePrefix}${host.name}`,
    machine: host.name,
    cgroup,
    execCgroup: `${cgroup}.exec`,
    relayCgroup: `${cgroup}.relay`,
    directory,
    upper: join(directory, 'upper'),
    work: join(directory, 'work'),
    root: join(directory, 'root'),
    consoleLog: join(directory, 'console.log'),
    identity: join(directory, 'identity.json'),
    hostKey: join(directory, 'host-key.pub'),
    failures: join(directory, 'failures.json'),
  };
}

/** Checks names and addresses of all hosts and throws one `lab-hosts` error that names every problem. */
export function checkHosts(lab: LabNames, hosts: readonly LabHost[]): void {
  const problems = hosts.flatMap((host) => problemsOf(lab, host));
  for (const field of ['name', 'address'] as const) {
    const seen = new Set<string>();
    for (const host of hosts) {
      if (seen.has(host[field])) problems.push(`two hosts have the ${field} ${host[field]}`);
      seen.add(host[field]);
    }
  }
  if (hosts.length === 0) problems.push('the inventory has no host');
  if (problems.length === 0) return;
  throw new VezaError('lab-hosts', `the lab '${lab.lab}' cannot boot this inventory: ${problems.join('; ')}`, {
    hint: `Its hosts need addresses between ${lab.subnet}.2 and ${lab.subnet}.254 (${lab.gateway} is the controller).`,
  });
}

/** A stable machine-id of 32 hex digits: with an empty one, systemd would think it is the first boot, and ask. */
export function machineId(lab: LabNames, host: string): string {
  return createHash('sha256').update(`${lab.lab}/${host}`).digest('hex').slice(0, 32);
}

function problemsOf(lab: LabNames, host: LabHost): string[] {
  const problems: string[] = [];
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(host.name)) {
    problems.push(`'${host.name}' cannot be a host name (letters, digits and dashes)`);
  }
  const [, last] = /^(?:\d{1,3}\.){3}(\d{1,3})$/.exec(host.address) ?? [];
  const number = Number(last);
  if (!host.address.startsWith(`${lab.subnet}.`) || last === undefined || String(number) !== last) {
    problems.push(
      `the address of ${host.name}, ${host.address || 'none'}, is not in the lab's subnet ${lab.subnet}.0/24`,
    );
  } else if (number < 2 || number > 254) {
    problems.push(`${host.name} cannot have the address ${host.address}`);
  }
  return problems;
}

function subnetNumber(name: string): number {
  if (name === 'lab') return 0;
  return 1 + (createHash('sha256').update(name).digest().readUInt32BE(0) % 254);
}
