// Control groups as the lab's memory of its processes: whatever a host starts stays in the host's group, so killing
// the group ends the host, even after a crash of everything that knew a pid. Each host needs a group of its own anyway:
// systemd-nspawn gives all containers started from one group the same `payload` group, and their systemds then share it.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { mkdir, readFile, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VezaError } from '../lib/errors.ts';
import { labLimits } from './limits.ts';
import { cgroupMounts, prefer } from './preference.ts';

/** Hierarchies a host gets a group in: systemd's own to track it; memory and pids to measure it; cpu to prefer it. */
const wanted = new Set(['name=systemd', 'memory', 'pids', 'cpu']);

/** The mount points of the hierarchies used; the first one tracks. Pure: takes the text of /proc/self/mounts. */
export function hierarchiesOf(mounts: string): string[] {
  const tracking: string[] = [];
  const others: string[] = [];
  for (const { path, controllers } of cgroupMounts(mounts)) {
    if (controllers === undefined) (path === '/sys/fs/cgroup' ? tracking : others).push(path);
    else if (controllers.includes('name=systemd')) tracking.unshift(path);
    else if (controllers.some((controller) => wanted.has(controller))) others.push(path);
  }
  return [...tracking, ...others];
}

/** Starts a program detached from this process, inside a group. Standard input is empty. */
export async function spawnInGroup(
  group: string,
  argv: readonly string[],
  stdio: StdioOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ChildProcess> {
  const files: string[] = [];
  for (const hierarchy of await hierarchies()) {
    await mkdir(join(hierarchy, group), { recursive: true });
    files.push(join(hierarchy, group, 'cgroup.procs'));
  }
  // The shell moves itself before it becomes the program: no process of the program is ever outside the group.
  const script = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 126; shift; done; shift; exec "$@"';
  return spawn('sh', ['-c', script, 'sh', ...files, '--', ...argv], { detached: true, stdio, env });
}

/** What is in a group, or below it, goes before the rest of the machine. The group must be there, and an outermost one. */
export async function preferGroup(group: string): Promise<void> {
  await all((hierarchy) => prefer(join(hierarchy, group)));
}

/** All processes of a group and of the groups below it. */
export async function processesOf(group: string): Promise<number[]> {
  const tracking = await trackingHierarchy();
  const files = (await groupsBelow(join(tracking, group))).map((path) => join(path, 'cgroup.procs'));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts
    .flatMap((text) => text.split('\n'))
    .filter(Boolean)
    .map(Number);
}

/** Kills every process of a group and removes the group everywhere. Fine when there is none. */
export async function killGroup(group: string): Promise<void> {
  const deadline = Date.now() + labLimits.killTimeoutMs;
  // A process that moves or forks meanwhile can be missed once; a group that still has one cannot be removed.
  for (;;) {
    (await processesOf(group)).forEach(killProcess);
    const left = await all((hierarchy) => removeGroups(join(hierarchy, group)));
    if (!left.includes(false)) return;
    if (Date.now() > deadline) {
      const pids = (await processesOf(group)).join(', ');
      throw new VezaError('lab-kill', `processes of ${group} do not end, even killed: ${pids || 'unknown'}`);
    }
    await sleep(labLimits.killPollMs);
  }
}

/** Removes a group if nothing is in or below it any more. */
export async function removeEmptyGroup(group: string): Promise<void> {
  await all((hierarchy) => rmdir(join(hierarchy, group)).catch(() => undefined));
}

/** Names of the groups directly below one. */
export async function childGroups(group: string): Promise<string[]> {
  const entries = await readdir(join(await trackingHierarchy(), group), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Memory that a group uses now, in bytes; null where the kernel does not say. */
export async function memoryOf(group: string): Promise<number | null> {
  for (const hierarchy of await hierarchies()) {
    for (const file of ['memory.usage_in_bytes', 'memory.current']) {
      const text = await readFile(join(hierarchy, group, file), 'utf8').catch(() => '');
      if (/^\d+\s*$/.test(text)) return Number(text);
    }
  }
  return null;
}

async function hierarchies(): Promise<string[]> {
  const found = hierarchiesOf(await readFile('/proc/self/mounts', 'utf8'));
  if (found.length > 0) return found;
  throw new VezaError('lab-cgroups', 'no cgroup file system is mounted', {
    hint: 'systemd needs one: mount cgroup2 on /sys/fs/cgroup.',
  });
}

async function trackingHierarchy(): Promise<string> {
  const [first = ''] = await hierarchies();
  return first;
}

async function groupsBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (entries === null) return [];
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => groupsBelow(join(path, entry.name)));
  return [path, ...(await Promise.all(below)).flat()];
}

async function all<T>(action: (hierarchy: string) => Promise<T>): Promise<T[]> {
  return Promise.all((await hierarchies()).map(action));
}

/** Removes a group and those below it, deepest first; false while one of them is in use. */
async function removeGroups(path: string): Promise<boolean> {
  for (const group of (await groupsBelow(path)).reverse()) {
    const error: unknown = await rmdir(group).catch((problem: unknown) => problem);
    if (error !== undefined && !isMissing(error)) return false;
  }
  return true;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
