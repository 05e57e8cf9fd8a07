// Runs programs on the controller: zx quotes every interpolation, this adds the limit, the signal and a designed error.
import { $ } from 'zx';
import { VezaError } from '../lib/errors.ts';
import { labLimits } from './limits.ts';

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
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
  const output = await $({ quiet: true, nothrow: true, input: '', signal, env: commandEnvironment() })`${argv}`;
  options.signal?.throwIfAborted();
  if (expired.aborted) throw new VezaError('lab-command', `'${argv.join(' ')}' took longer than ${timeoutMs} ms`);
  return { exitCode: output.exitCode ?? 255, stdout: output.stdout, stderr: output.stderr };
}

/** Output is parsed, so its language must not depend on the user's. */
export function commandEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
}
