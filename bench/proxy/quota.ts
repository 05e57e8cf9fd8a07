// A control group that gives its processes a part of a processor's time, as CPUQuota= of a unit does, of either version.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from './processes.ts';
import { messageOf } from '../../src/lib/errors.ts';

/** What the kernel and systemd take by default, in microseconds. */
const period = 100_000;

export interface CpuQuota extends AsyncDisposable {
  /** The command so that it, and all it starts, runs inside. */
  inside(command: readonly string[]): readonly string[];
  /** How often its processes had to wait for the next period. */
  throttled(): number;
}

let made = 0;

/** Makes a group that may use `share` of one processor's time. Throws where this process may not make one. */
export function makeCpuQuota(share: number): CpuQuota {
  const quota = Math.round(share * period);
  const { path, limit } = cpuController();
  const group = join(path, `bench-proxy-${process.pid}-${(made += 1)}`);
  try {
    mkdirSync(group);
    for (const [file, text] of limit(quota)) writeFileSync(join(group, file), text);
  } catch (error) {
    throw new Error(`no control group with a CPU quota can be made here: ${messageOf(error)}`, { cause: error });
  }
  // The shell moves itself before it becomes the program: nothing of the program is ever outside.
  const script = 'echo $$ >"$0" && exec "$@"';
  return {
    inside: (command) => ['sh', '-c', script, join(group, 'cgroup.procs'), ...command],
    throttled: () => Number(/^nr_throttled (\d+)$/m.exec(readFileSync(join(group, 'cpu.stat'), 'latin1'))?.[1] ?? NaN),
    [Symbol.asyncDispose]: () => removeGroup(group),
  };
}

interface Controller {
  readonly path: string;
  readonly limit: (quota: number) => readonly (readonly [file: string, text: string])[];
}

/** Where the groups of the CPU controller are, and which files of one limit it. */
function cpuController(): Controller {
  const mounts = readFileSync('/proc/self/mounts', 'latin1').split('\n');
  for (const line of mounts) {
    const [, path = '', type, options = ''] = line.split(' ');
    if (type === 'cgroup' && options.split(',').includes('cpu')) return { path, limit: firstVersion };
    if (type === 'cgroup2' && readFileSync(join(path, 'cgroup.controllers'), 'latin1').split(/\s/).includes('cpu')) {
      // Of the root group: those below it get the controller only then.
      writeFileSync(join(path, 'cgroup.subtree_control'), '+cpu');
      return { path, limit: secondVersion };
    }
  }
  throw new Error('no control groups of the CPU controller are mounted here');
}

function firstVersion(quota: number): readonly (readonly [string, string])[] {
  return [
    ['cpu.cfs_period_us', String(period)],
    ['cpu.cfs_quota_us', String(quota)],
  ];
}

function secondVersion(quota: number): readonly (readonly [string, string])[] {
  return [['cpu.max', `${quota} ${period}`]];
}

/** Removes a group with what a proxy has left in it: one that is killed may leave workers. */
async function removeGroup(group: string): Promise<void> {
  for (let tries = 50; ; tries -= 1) {
    for (const pid of readFileSync(join(group, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean))
      kill(Number(pid));
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(100);
    }
  }
}
