// Who goes first on a busy machine: the hosts of labs and the load generator beside them. What they measure are waits of
// milliseconds, and a compiler in the next window would make tens of them. No effect where the kernel or the user's rights
// do not allow it.
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';

/** 16 times the usual weight, by version of control groups; the usual ones are 100 and 1024. */
const weights = { 'cpu.weight': '1600', 'cpu.shares': '16384' } as const;

const generatorGroup = 'veza-run.generator';

export interface CgroupMount {
  readonly path: string;
  /** What version 1 hierarchies are for; undefined for version 2. */
  readonly controllers: readonly string[] | undefined;
}

/** Pure: takes the text of /proc/self/mounts. */
export function cgroupMounts(mounts: string): CgroupMount[] {
  return mounts.split('\n').flatMap((line): CgroupMount[] => {
    const [, path = '', type, options = ''] = line.split(' ');
    if (type === 'cgroup2') return [{ path, controllers: undefined }];
    return type === 'cgroup' ? [{ path, controllers: options.split(',') }] : [];
  });
}

/** The mount point of the hierarchy that shares out the processors, and what /proc/self/cgroup says of us in it. Pure. */
export function processorGroupOf(mounts: string, own: string): { hierarchy: string; group: string } | undefined {
  const all = cgroupMounts(mounts);
  const old = all.find(({ controllers }) => controllers?.includes('cpu'));
  const hierarchy = (old ?? all.find(({ controllers }) => controllers === undefined))?.path;
  const named = old ? /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m : /^0::(.*)$/m;
  const group = named.exec(own)?.[1];
  return hierarchy === undefined || group === undefined ? undefined : { hierarchy, group };
}

/** Gives a group its weight. Groups share with their sisters: only an outermost one goes before the rest of the machine. */
export async function prefer(path: string): Promise<void> {
  for (const [file, weight] of Object.entries(weights)) {
    await writeFile(join(path, file), weight, { flag: 'r+' }).catch(() => undefined);
  }
}

/** This process goes first until the result is disposed of. */
export async function goFirst(): Promise<AsyncDisposable> {
  const before = processorGroupOf(await textOf('/proc/self/mounts'), await textOf('/proc/self/cgroup'));
  if (before === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const preferred = join(before.hierarchy, generatorGroup);
  await mkdir(preferred).catch(() => undefined);
  await prefer(preferred);
  await moveTo(preferred);
  const helpers = await compilers();
  // They have much to do when something new happens, which is the moment that is measured.
  for (const thread of helpers) renice(thread, 19);
  return {
    async [Symbol.asyncDispose]() {
      for (const thread of helpers) renice(thread, 0);
      await moveTo(join(before.hierarchy, before.group));
      // Another generator may still be in it: the last one removes it.
      await rmdir(preferred).catch(() => undefined);
    },
  };
}

/** Empty where there is no such file, as on systems without /proc. */
function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

function moveTo(group: string): Promise<void> {
  const file = join(group, 'cgroup.procs');
  return writeFile(file, String(process.pid), { flag: 'r+' }).catch(() => undefined);
}

/** Threads of V8 that compile beside the program. */
async function compilers(): Promise<number[]> {
  const threads = await readdir('/proc/self/task').catch(() => []);
  const names = await Promise.all(threads.map((id) => textOf(`/proc/self/task/${id}/comm`)));
  return threads.filter((_, index) => names[index]?.trim() === 'V8Worker').map(Number);
}

/** To Linux a thread is a process of its own; whoever may not do it lets it be. */
function renice(thread: number, priority: number): void {
  try {
    setPriority(thread, priority);
  } catch {
    // An ordinary user cannot take it back.
  }
}
