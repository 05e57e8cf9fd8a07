// Load on a proxy by wrk, by h2load and by programs of our own, and what they measured.
import { fileURLToPath } from 'node:url';
import { browserHeaders } from './request.ts';
import { type Processors, runToEnd } from './processes.ts';

export interface LoadResult {
  /** Requests, or messages, that were answered. */
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Those that got no answer or not the right one. */
  readonly failed: number;
}

export interface LoadOptions {
  readonly on: Processors;
  readonly connections: number;
  readonly seconds: number;
  /** Threads of wrk. */
  readonly threads?: number;
  readonly url: string;
  readonly keepAlive: boolean;
}

function headerOptions(keepAlive: boolean): string[] {
  const all = keepAlive ? browserHeaders : [...browserHeaders, 'Connection: close'];
  return all.flatMap((header) => ['-H', header]);
}

/** Runs wrk, HTTP/1.1. It knows whole seconds only: parts of one become one. */
export async function runWrk(options: LoadOptions): Promise<LoadResult> {
  const { on, connections, seconds, url, keepAlive, threads = 1 } = options;
  const how = [`-t${threads}`, `-c${connections}`, `-d${Math.ceil(seconds)}s`, '--latency', '--timeout', '5s'];
  return parseWrk(await runToEnd(on, ['wrk', ...how, ...headerOptions(keepAlive), url], patience(seconds)));
}

/** Runs h2load, HTTP/2: as many streams as wrk has connections, and more. It tells a mean instead of percentiles. */
export async function runH2Load({ on, seconds, url }: LoadOptions): Promise<LoadResult> {
  const how = ['-t1', '-c16', '-m8', '-D', `${Math.round(seconds * 1000)}ms`];
  return parseH2Load(await runToEnd(on, ['h2load', ...how, ...headerOptions(true), url], patience(seconds)));
}

/** Runs a load generator of ours: its options as JSON, its result the same way. */
export async function runOwn(
  program: 'messages' | 'open-loop',
  on: Processors,
  options: { readonly seconds: number; readonly [name: string]: unknown },
): Promise<LoadResult> {
  const path = fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url));
  const command = [process.execPath, path, JSON.stringify(options)];
  return JSON.parse(await runToEnd(on, command, patience(options.seconds))) as LoadResult;
}

/** When a load has hung, in ms. */
function patience(seconds: number): number {
  return 2000 * seconds + 20_000;
}

/** What h2load prints -> numbers. */
export function parseH2Load(text: string): LoadResult {
  const first = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  if (!/^Application protocol: h2$/m.test(text)) throw new Error(`h2load did not speak HTTP/2:\n${text}`);
  const times = /^time for request:\s+\S+\s+(\S+)\s+(\S+)/m.exec(text);
  return {
    requests: first(/([0-9]+) succeeded/),
    perSecond: first(/([0-9.]+) req\/s/),
    p50Ms: milliseconds(times?.[2]),
    p99Ms: NaN,
    failed: first(/([0-9]+) failed/),
  };
}

/** What wrk prints -> numbers. */
export function parseWrk(text: string): LoadResult {
  const first = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const broken = errors ? errors.slice(1).reduce((sum, count) => sum + Number(count), 0) : 0;
  return {
    requests: first(/(\d+) requests in /),
    perSecond: first(/Requests\/sec:\s+([0-9.]+)/),
    p50Ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(text)?.[1]),
    p99Ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(text)?.[1]),
    failed: broken + first(/Non-2xx or 3xx responses: (\d+)/),
  };
}

function milliseconds(text: string | undefined): number {
  const match = /^([0-9.]+)(us|ms|s)$/.exec(text ?? '');
  return Number(match?.[1] ?? NaN) * ({ us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? 'ms'] ?? 1);
}
