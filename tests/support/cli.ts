// Runs veza-run as its users do, as a process, and reads what it says.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { HostTotals, RunEvent } from '../../src/engine/events.ts';

export const projectDirectory = resolve(import.meta.dirname, '../..');

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** Runs `veza-run` with these words, in the project's folder unless told another; `input` is what is typed. */
export async function vezaRun(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  directory = projectDirectory,
  onStart: (pid: number) => void = () => undefined,
  input?: string,
): Promise<CliResult> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [resolve(projectDirectory, 'bin/veza-run.js'), ...words], {
    cwd: directory,
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  if (child.pid !== undefined) onStart(child.pid);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { exitCode: exitCode ?? -1, stdout, stderr, durationMs: performance.now() - startedAt };
}

export interface JsonRun extends CliResult {
  readonly events: readonly RunEvent[];
  readonly hosts: Readonly<Record<string, HostTotals>>;
  readonly roundTrips: Readonly<Record<string, number>>;
}

/** Runs with --json and reads the events. */
export async function vezaRunJson(words: readonly string[]): Promise<JsonRun> {
  const result = await vezaRun([...words, '--json']);
  const events = result.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RunEvent);
  const end = events.find((event) => event.type === 'run-end') as
    { hosts?: Record<string, HostTotals>; roundTrips?: Record<string, number> } | undefined;
  return { ...result, events, hosts: end?.hosts ?? {}, roundTrips: end?.roundTrips ?? {} };
}

/** The counts of changed tasks by host. */
export function changedOf(run: JsonRun): Record<string, number> {
  return Object.fromEntries(Object.entries(run.hosts).map(([host, totals]) => [host, totals.changed]));
}
