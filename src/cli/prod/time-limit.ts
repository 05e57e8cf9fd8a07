// How a prod command ends before its time: by its time limit, or by Ctrl-C. The reason of the signal says which.
import { VezaError } from '../../lib/errors.ts';
import type { ApiErrorCode } from '../../infra/http/errors.ts';
import { exitCodes } from '../exit-codes.ts';

export interface TimeLimit extends Disposable {
  readonly signal: AbortSignal;
}

export interface UsualTime {
  /** The command as people know it: `prod dns list`. */
  readonly command: string;
  readonly seconds: number;
}

/** Timers cannot be longer; nobody waits 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/** Begins to count; `given` is the value of --timeout, in seconds. Throws VezaError `wrong-option`. */
export function limitTime(given: string | undefined, usual: UsualTime | { readonly command: string }): TimeLimit {
  const controller = new AbortController();
  const seconds = given === undefined ? ('seconds' in usual ? usual.seconds : null) : Number(given);
  if (seconds !== null && !(Number.isFinite(seconds) && seconds > 0)) {
    throw new VezaError('wrong-option', `--timeout must be a number of seconds, not "${given ?? ''}"`);
  }
  const late = () =>
    controller.abort(
      new VezaError('timeout', `${usual.command} was not done within ${seconds ?? 0} s`, {
        hint: 'Give it more with --timeout SECONDS. What was done until then is kept: running it again goes on from there.',
      }),
    );
  const timer = seconds === null ? undefined : setTimeout(late, Math.min(seconds * 1000, longestTimerMs));
  timer?.unref();
  const interrupt = () => controller.abort(new VezaError('cancelled', `${usual.command} was interrupted`));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}

/** Services that could not be reached, and waits that ended, are told apart from wrong usage. */
export function exitCodeOfError({ code }: Pick<VezaError, 'code'>): number {
  if (code === 'timeout') return exitCodes.outOfTime;
  if (code === 'cancelled') return exitCodes.interrupted;
  if (unreachable.has(code)) return exitCodes.unreachable;
  return code.startsWith('api-') || code === 'did-not-converge' ? exitCodes.taskFailed : exitCodes.usage;
}

const unreachable: ReadonlySet<string> = new Set<ApiErrorCode | 'unreachable'>([
  'api-unreachable',
  'api-timeout',
  'unreachable',
]);
