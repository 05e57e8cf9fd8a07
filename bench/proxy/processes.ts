// Processes of a measurement: started pinned to a CPU, found by their ports, their CPU time and memory read from /proc,
// and stopped by their ids.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Clock ticks of /proc/PID/stat a second: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export interface Started extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

/** Starts a program on one CPU and waits until its port answers. Throws with what it printed if it ends first. */
export async function startPinned(cpu: number, command: readonly string[], port: number): Promise<Started> {
  const child = spawn('taskset', ['-c', String(cpu), ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said = `${said}${bytes.toString()}`.slice(-2000)));
  const deadline = performance.now() + 10_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await end(child);
      throw new Error(`${command.join(' ')} did not start:\n${said}`);
    }
    await sleep(50);
  }
  return { pid: child.pid ?? 0, port, [Symbol.asyncDispose]: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await exited;
  clearTimeout(timer);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => done(true)).on('error', () => done(false));
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The process and all its descendants. */
function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const parent = Number(statFields(Number(name))[1] ?? -1);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (const each of found) found.push(...(children.get(each) ?? []));
  return found;
}

/** Fields of /proc/PID/stat behind the name, which may hold spaces; the first is the state. */
function statFields(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** User and system time of a process and its descendants, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  let ticks = 0;
  for (const each of family(pid)) {
    const fields = statFields(each);
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return (ticks / ticksPerSecond) * 1e6;
}

/** Resident memory of a process and its descendants, in MiB, counting shared pages once (Pss). */
export function memoryMiB(pid: number): number {
  let kib = 0;
  for (const each of family(pid)) {
    try {
      kib += Number(/^Pss:\s+([0-9]+)/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'latin1'))?.[1] ?? 0);
    } catch {
      // Gone meanwhile.
    }
  }
  return kib / 1024;
}
