// What a machine must be and have to run a lab: a check that names all that is missing, and the installation of it.
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { VezaError } from '../lib/errors.ts';
import { labLimits } from './limits.ts';
import { run } from './run.ts';

/** Programs the lab runs, and the Debian package that each comes from. */
const programs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['systemd-nspawn', 'systemd-container'],
  ['mmdebstrap', 'mmdebstrap'],
  ['apt-ftparchive', 'apt-utils'],
  ['ssh', 'openssh-client'],
  ['ssh-keygen', 'openssh-client'],
  ['ssh-keyscan', 'openssh-client'],
  ['ip', 'iproute2'],
  ['mount', 'mount'],
  ['nsenter', 'util-linux'],
  ['unshare', 'util-linux'],
  ['flock', 'util-linux'],
  ['bash', 'bash'],
];

export interface MissingRequirements {
  /** Not the right machine or user: nothing can be installed against that. One sentence each. */
  readonly machine: readonly string[];
  /** Debian packages that `installRequirements` would install. */
  readonly packages: readonly string[];
}

export interface Machine {
  readonly platform: string;
  readonly userId: number | undefined;
  /** Directories that programs are looked for in. */
  readonly path: readonly string[];
}

/** What is missing to run a lab here; both lists are empty when nothing is. */
export async function missingRequirements(machine: Machine = thisMachine()): Promise<MissingRequirements> {
  const problems: string[] = [];
  if (machine.platform !== 'linux') problems.push(`the lab boots Linux hosts, and this is ${machine.platform}`);
  if (machine.userId !== 0) problems.push('the lab needs root, to create network namespaces and mounts');
  if (machine.platform !== 'linux') return { machine: problems, packages: [] };
  const missing = new Set<string>();
  for (const [program, debianPackage] of programs) {
    if (!(await isProgram(program, machine.path))) missing.add(debianPackage);
  }
  if (missing.size > 0 && !(await isProgram('apt-get', machine.path))) {
    problems.push('missing programs can be installed by themselves on Debian and its relatives only');
  }
  return { machine: problems, packages: [...missing].sort() };
}

/** One sentence for people about all that is missing, or null. */
export function describeMissing({ machine, packages }: MissingRequirements): string | null {
  const parts = [...machine];
  if (packages.length > 0) parts.push(`missing packages: ${packages.join(' ')}`);
  return parts.length === 0 ? null : parts.join('; ');
}

/** Throws `lab-requirements` if anything is missing. */
export async function requireLab(): Promise<void> {
  const missing = await missingRequirements();
  const description = describeMissing(missing);
  if (description === null) return;
  throw new VezaError('lab-requirements', `no lab can run here: ${description}`, {
    hint:
      missing.machine.length > 0
        ? 'Run it as root on Debian 12, for instance in a virtual machine.'
        : `Install them with: apt-get install ${missing.packages.join(' ')}`,
  });
}

/** Installs the missing Debian packages; does nothing when there are none. */
export async function installRequirements(
  packages: readonly string[],
  onProgress: (message: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (packages.length === 0) return;
  onProgress(`installing ${packages.join(' ')}`);
  const options = { timeoutMs: labLimits.buildTimeoutMs, signal };
  await run(['apt-get', '--quiet', 'update'], options);
  await run(['apt-get', '--quiet', '--yes', '--no-install-recommends', 'install', ...packages], options);
  onProgress(`installed ${packages.join(' ')}`);
}

function thisMachine(): Machine {
  // An ordinary user's path often lacks the directories for administrators.
  const path = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'].filter(Boolean);
  return { platform: process.platform, userId: process.getuid?.(), path };
}

async function isProgram(program: string, path: readonly string[]): Promise<boolean> {
  const found = path.map((directory) =>
    access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).includes(true);
}
