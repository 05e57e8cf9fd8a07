// Runs programs on the controller: zx quotes every interpolation, this adds the limit, the signal and a designed error.
import { $, type ProcessPromise } from 'zx';
import { VezaError } from '../lib/errors.ts';
import { labLimits } from './limits.ts';

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly input?: string;
  /** Called with each line of both outputs while the program runs. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program and returns what it printed; throws `lab-command` if it fails. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(argv, options);
  if (result.exitCode === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-8).join('\n');
  throw new VezaError('lab-command', `'${argv.join(' ')}' failed with exit code ${result.exitCode}: ${said}`);
}

/** Runs a program; a failing one is an answer too. Throws `lab-command` on a timeout, or the signal's reason. */
export async function tryRun(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const timeoutMs = options.timeoutMs ?? labLimits.commandTimeoutMs;
  const expired = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, expired]) : expired;
  const started = $({ quiet: true, nothrow: true, input: options.input ?? '', signal, env: environment() })`${argv}`;
  if (options.onLine) followLines(started, options.onLine);
  const output = await started;
  options.signal?.throwIfAborted();
  if (expired.aborted) throw new VezaError('lab-command', `'${argv.join(' ')}' took longer than ${timeoutMs} ms`);
  return { exitCode: output.exitCode ?? 255, stdout: output.stdout, stderr: output.stderr };
}

function followLines(started: ProcessPromise, onLine: (line: string) => void): void {
  for (const stream of [started.stdout, started.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
    });
  }
}

/** Output is parsed, so its language must not depend on the user's. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
}
