// The lab: real Debian hosts on this machine, each with its own systemd, sshd, disk and address. Everything it makes
// can be found again by name, so every function works in a fresh process, and after a crash of any other.
import { resolve } from 'node:path';
import { VezaError } from '../lib/errors.ts';
import { defaultCacheDirectory } from './base-tree.ts';
import { memoryOf } from './cgroups.ts';
import { type Failure, type FailureOptions, type FailureWay, failHost, failuresOf, undoFailures } from './failures.ts';
import { execInside, hasDisk, isRunning, systemState } from './host.ts';
import { bootHosts, bringUp, type LabContext, takeDown } from './lifecycle.ts';
import { takeLock } from './lock.ts';
import { checkHosts, type HostNames, hostNames, type LabHost, labNames } from './names.ts';
import { labRecipe } from './recipe.ts';
import { requireLab } from './requirements.ts';
import type { RunResult } from './run.ts';
import { clientFiles, sshCommand } from './ssh.ts';

export type { LabHost } from './names.ts';
export { labSubnet } from './names.ts';
export { failureWays, isFailureWay, type Failure, type FailureOptions, type FailureWay } from './failures.ts';
export { loginUser } from './recipe.ts';

export interface LabOptions {
  /** Decides the subnet and all names on the controller; `lab` when left out. */
  readonly name?: string;
  readonly hosts: readonly LabHost[];
  /** For the key and known_hosts; `.veza-run/<name>` of the project. */
  readonly stateDirectory: string;
  /** Keeps base trees; shared by all labs of the machine. */
  readonly cacheDirectory?: string;
  /** Debian packages, with their dependencies, that hosts can install without a network. */
  readonly packages?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress: (message: string) => void;
}

export interface LabHostStatus extends LabHost {
  readonly state: 'running' | 'stopped' | 'absent';
  /** What systemd says of itself: `running`, `degraded`, `starting`, ... Only of a running host. */
  readonly systemd?: string;
  /** Memory of all its processes and their file cache, where the kernel counts it. */
  readonly memoryBytes?: number;
  /** Failures that were injected and not healed. */
  readonly failures: readonly Failure[];
}

export interface Lab {
  /** Boots every host that does not run, and waits for sshd. Twice is once. */
  up(): Promise<void>;
  /** Leaves no process, mount, namespace or bridge; nor disks, unless they shall be kept for the next `up`. */
  down(options?: { readonly keepDisks?: boolean }): Promise<void>;
  status(): Promise<readonly LabHostStatus[]>;
  /** The words of a command that logs in as the ordinary user; a command may follow. */
  sshCommand(name: string): string[];
  /** Runs a program, or a shell script, as root inside the host, not through ssh. */
  exec(name: string, command: readonly string[] | string): Promise<RunResult>;
  fail(name: string, way: FailureWay, options?: FailureOptions): Promise<Failure>;
  /** Undoes every failure of the host, and boots it if it does not run. */
  heal(name: string): Promise<void>;
  /** Boots one stopped host. */
  start(name: string): Promise<void>;
}

/** A lab of these hosts. Does nothing yet; throws `lab-hosts` if the hosts cannot be this lab's. */
export function createLab(options: LabOptions): Lab {
  const { onProgress, signal } = options;
  const lab = labNames(options.name ?? 'lab');
  checkHosts(lab, options.hosts);
  const context: LabContext = {
    lab,
    hosts: options.hosts,
    files: clientFiles(resolve(options.stateDirectory)),
    cacheDirectory: options.cacheDirectory ?? defaultCacheDirectory,
    recipe: labRecipe(options.packages),
    signal,
    onProgress,
  };
  const all = options.hosts.map((host) => hostNames(lab, host));

  async function locked<T>(action: () => Promise<T>): Promise<T> {
    await requireLab();
    const onWait = () => onProgress(`waiting for another process that works on the lab '${lab.lab}'`);
    await using _lock = await takeLock(lab.lockFile, { signal, onWait });
    return await action();
  }

  function hostNamed(name: string): HostNames {
    const host = all.find((candidate) => candidate.host === name);
    if (host) return host;
    throw new VezaError('lab-unknown-host', `the lab '${lab.lab}' has no host '${name}'`, {
      hint: `Its hosts: ${all.map(({ host: known }) => known).join(', ')}`,
    });
  }

  return {
    up: () => locked(() => bringUp(context)),
    down: ({ keepDisks = false } = {}) => locked(() => takeDown(context, keepDisks)),
    status: async () => {
      await requireLab();
      return await Promise.all(all.map(statusOf));
    },
    sshCommand: (name) => sshCommand(context.files, { name, address: hostNamed(name).address }),
    exec: async (name, command) => {
      await requireLab();
      return await execInside(hostNamed(name), typeof command === 'string' ? ['sh', '-c', command] : command, signal);
    },
    fail: (name, way, wanted = {}) =>
      locked(async () => {
        const host = hostNamed(name);
        if (await hasDisk(host)) return failHost(lab, host, way, wanted);
        throw new VezaError('lab-host-stopped', `${name} was never booted`, { hint: 'Boot it with: veza-run lab up' });
      }),
    start: (name) => locked(() => bootHosts(context, [hostNamed(name)])),
    heal: (name) =>
      locked(async () => {
        const host = hostNamed(name);
        if (!(await isRunning(host))) await bootHosts(context, [host]);
        await undoFailures(host);
      }),
  };
}

async function statusOf(host: HostNames): Promise<LabHostStatus> {
  const { running, state } = await systemState(host);
  const failures = await failuresOf(host);
  const who = { name: host.host, address: host.address, failures };
  if (running) {
    const memoryBytes = await memoryOf(host.cgroup);
    return { ...who, state: 'running', systemd: state, ...(memoryBytes !== null && { memoryBytes }) };
  }
  return { ...who, state: (await hasDisk(host)) ? 'stopped' : 'absent' };
}
