// Load on a proxy by wrk, and what it measured.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests that got no answer or one that was not 2xx or 3xx. */
  readonly failed: number;
}

export interface LoadOptions {
  readonly cpu: number;
  readonly connections: number;
  readonly seconds: number;
  readonly url: string;
  readonly keepAlive: boolean;
}

/** Roughly what a browser sends: eight headers, 600 bytes. */
const headers = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language: en-US,en;q=0.9,fr;q=0.8',
  'Accept-Encoding: identity',
  'Referer: http://www.example.org/some/page/that/links/here.html?with=a&few=parameters',
  'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes',
  'Cache-Control: no-cache',
];

/** Runs wrk; throws if it does not end well. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { cpu, connections, seconds, url, keepAlive } = options;
  const all = keepAlive ? headers : [...headers, 'Connection: close'];
  const child = spawn(
    'taskset',
    [
      ['-c', String(cpu), 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '5s'],
      all.flatMap((header) => ['-H', header]),
      [url],
    ].flat(),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`wrk ended with ${child.exitCode ?? 'a signal'}`);
  return parseWrk(text);
}

/** Runs h2load: as many streams as wrk has connections, and more. It tells a mean instead of percentiles. */
export async function runH2Load({ cpu, seconds, url }: LoadOptions): Promise<LoadResult> {
  const command = ['-c', String(cpu), 'h2load', '-t1', '-c16', '-m8', '-D', String(seconds)];
  const all = headers.flatMap((header) => ['-H', header]);
  const child = spawn('taskset', [...command, ...all, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`h2load ended with ${child.exitCode ?? 'a signal'}`);
  return parseH2Load(text);
}

/** What h2load prints -> numbers. */
export function parseH2Load(text: string): LoadResult {
  const first = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
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
