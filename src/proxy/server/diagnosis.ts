// Looks into this process for those who search for lost time or memory: numbers of a while, a CPU profile, a heap snapshot.
// Loaded only when somebody asks.
import { createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks';
import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot } from 'node:v8';
import { messageOf } from '../../lib/errors.ts';

export interface DiagnosisQuestion {
  readonly what: 'numbers' | 'cpu-profile' | 'heap-snapshot';
  /** How long to look; nothing for a snapshot. */
  readonly seconds: number;
  /** Where profile or snapshot go; '' for numbers. */
  readonly file: string;
}

export interface ProcessNumbers {
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly cpuPercent: number;
  readonly memory: Readonly<Record<'rss' | 'heapTotal' | 'heapUsed' | 'external' | 'arrayBuffers', number>>;
  readonly eventLoop: {
    readonly busyPercent: number;
    readonly delayMs: { readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number };
  };
  readonly collections: { readonly count: number; readonly totalMs: number; readonly longestMs: number };
  /** Sockets, timers and what else keeps the process, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

export type DiagnosisAnswer =
  | { readonly numbers: ProcessNumbers }
  | { readonly file: string; readonly sizeBytes: number }
  | { readonly problem: string };

/** Never rejects. */
export async function diagnose({ what, seconds, file }: DiagnosisQuestion): Promise<DiagnosisAnswer> {
  try {
    if (what === 'numbers') return { numbers: await numbersOf(seconds) };
    if (what === 'cpu-profile') await writeProfile(seconds, file);
    else await pipeline(getHeapSnapshot(), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    return { file, sizeBytes: (await stat(file)).size };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

async function numbersOf(seconds: number): Promise<ProcessNumbers> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const pauses: number[] = [];
  const observer = new PerformanceObserver((list) => pauses.push(...list.getEntries().map(({ duration }) => duration)));
  const before = performance.eventLoopUtilization();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  observer.observe({ entryTypes: ['gc'] });
  delay.enable();
  await sleep(seconds);
  delay.disable();
  observer.disconnect();
  const { user, system } = process.cpuUsage(cpu);
  const lookedMs = performance.now() - startedAt;
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    pid: process.pid,
    uptimeSeconds: Math.round(process.uptime()),
    cpuPercent: rounded((user + system) / 10 / lookedMs),
    memory: process.memoryUsage(),
    eventLoop: {
      busyPercent: rounded(performance.eventLoopUtilization(before).utilization * 100),
      delayMs: {
        mean: millis(delay.mean),
        p50: millis(delay.percentile(50)),
        p99: millis(delay.percentile(99)),
        max: millis(delay.max),
      },
    },
    collections: {
      count: pauses.length,
      totalMs: rounded(pauses.reduce((sum, pause) => sum + pause, 0)),
      longestMs: rounded(Math.max(0, ...pauses)),
    },
    resources,
  };
}

async function writeProfile(seconds: number, file: string): Promise<void> {
  const into = await open(file, 'wx', 0o600);
  const session = new Session();
  try {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await sleep(seconds);
    const { profile } = await session.post('Profiler.stop');
    await into.writeFile(JSON.stringify(profile));
  } finally {
    session.disconnect();
    await into.close();
  }
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Of nanoseconds; NaN where nothing was seen. */
function millis(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? rounded(nanoseconds / 1e6) : 0;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
