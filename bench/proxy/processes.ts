// Processes of a measurement: started pinned to processors, found by their ports, their CPU time and memory read from
// /proc, and stopped by their ids.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Clock ticks of /proc/PID/stat a second: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export interface Started extends AsyncDisposable {
  readonly pid: number;
}

/** Which processors, as taskset wants them: `0` or `0-3`. */
export type Processors = string;

const running = new Set<ChildProcess>();

/** Kills all that was started and has not ended: for a run that is interrupted. */
export function killAll(): void {
  for (const child of running) for (const pid of family(child.pid ?? 0)) kill(pid);
}

/** Starts a program on some processors. What it prints on standard error is told if it does not last until `ready`. */
async function start(on: Processors, command: readonly string[], ready: () => Promise<boolean>): Promise<Started> {
  const child = spawn('taskset', ['-c', on, ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  void once(child, 'exit').then(() => running.delete(child));
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said = `${said}${bytes.toString()}`.slice(-2000)));
  const deadline = performance.now() + 15_000;
  while (!(await ready())) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await end(child);
      throw new Error(`${command.join(' ')} did not start:\n${said}`);
    }
    await sleep(50);
  }
  return { pid: child.pid ?? 0, [Symbol.asyncDispose]: () => end(child) };
}

/** Starts a server on some processors and waits until its port answers. */
export function startServer(on: Processors, command: readonly string[], port: number): Promise<Started> {
  return start(on, command, () => answers(port));
}

/** Starts a program that works beside a server and has no port. */
export function startHelper(on: Processors, command: readonly string[]): Promise<Started> {
  return start(on, command, () => Promise.resolve(true));
}

/** Runs a program on some processors to its end and returns what it printed. Throws if it does not end well, or hangs. */
export async function runToEnd(on: Processors, command: readonly string[], killAfterMs: number): Promise<string> {
  const child = spawn('taskset', ['-c', on, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await once(child, 'close');
  clearTimeout(timer);
  running.delete(child);
  const [name = ''] = command;
  if (child.signalCode === 'SIGKILL') throw new Error(`${name} did not end within ${killAfterMs / 1000} s`);
  if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode ?? 'nothing'}`);
  return text;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    for (const pid of family(child.pid ?? 0)) kill(pid);
  }, 3000);
  await exited;
  clearTimeout(timer);
}

/** Kills a process, if there is one. */
export function kill(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
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

/** The process and all its descendants. */
function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const parent = Number(statFields(`${name}/stat`)[1] ?? -1);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [pid];
  for (const each of found) found.push(...(children.get(each) ?? []));
  return found;
}

/** Fields of a stat file under /proc behind the name, which may hold spaces; the first is the state. */
function statFields(path: string): string[] {
  try {
    const text = readFileSync(`/proc/${path}`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function cpuTime(path: string): number {
  const fields = statFields(path);
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond) * 1e6;
}

/** User and system time of a process and its descendants, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  return family(pid).reduce((sum, each) => sum + cpuTime(`${each}/stat`), 0);
}

/** The same of each thread. */
export function cpuByThread(pid: number): Map<number, number> {
  const found = new Map<number, number>();
  for (const each of family(pid)) {
    for (const thread of readdirSync(`/proc/${each}/task`))
      found.set(Number(thread), cpuTime(`${each}/task/${thread}/stat`));
  }
  return found;
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
