// What processes of a running veza-proxy hold: memory and open files, as Linux tells it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The processes that a process started, by their ids. */
export function childrenOf(pid: number | undefined): readonly number[] {
  // pgrep fails where there are none.
  const output = execFileSync('sh', ['-c', `pgrep -P ${pid} || true`], { encoding: 'utf8' });
  return output.split('\n').filter(Boolean).map(Number);
}

/** Memory that is really there, in megabytes. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
