// Ctrl-C and --max-time. The first Ctrl-C begins nothing more and says what is being finished; the second leaves at once.
import type { RunEvent } from '../engine/events.ts';
import { VezaError } from '../lib/errors.ts';

export interface Interrupts extends Disposable {
  /** Leave at once. */
  readonly signal: AbortSignal;
  /** Begin nothing more. */
  readonly stop: AbortSignal;
  /** The time of `--max-time` is over. */
  readonly outOfTime: boolean;
  /** Learns from the events of a run what every host is doing. */
  handle(event: RunEvent): void;
}

export function watchInterrupts(options: {
  readonly say: (text: string) => void;
  readonly maxTimeMs?: number | undefined;
}): Interrupts {
  const leave = new AbortController();
  const gentle = new AbortController();
  const doing = new Map<string, string>();
  let outOfTime = false;
  const cancel = () => leave.abort(new VezaError('cancelled', 'interrupted'));
  const interrupt = () => {
    if (gentle.signal.aborted) {
      cancel();
      return;
    }
    const under = [...doing].map(([host, task]) => `${host}: ${task}`);
    const finishing = under.length === 0 ? '' : `; being finished: ${under.join(', ')}`;
    options.say(`stopping: nothing more is begun${finishing} (Ctrl-C again leaves at once)\n`);
    gentle.abort(new VezaError('cancelled', 'interrupted'));
  };
  const timer = setTimeout(
    () => {
      outOfTime = true;
      options.say('stopping: the time of --max-time is over\n');
      cancel();
    },
    Math.min(options.maxTimeMs ?? 0, longestTimerMs),
  );
  timer.unref();
  if (options.maxTimeMs === undefined) clearTimeout(timer);
  process.on('SIGINT', interrupt);
  process.once('SIGTERM', cancel);
  return {
    signal: leave.signal,
    stop: gentle.signal,
    get outOfTime() {
      return outOfTime;
    },
    handle(event) {
      if (event.type === 'task-begin') doing.set(event.host, event.task.name);
      else if (event.type === 'task-end' || event.type === 'host-section-end')
        doing.delete(event.type === 'task-end' ? event.result.host : event.host);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', cancel);
    },
  };
}

/** Timers cannot be longer; nobody waits 24 days. */
const longestTimerMs = 2 ** 31 - 1;
