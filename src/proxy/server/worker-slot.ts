// One worker process as the pool knows it.
import type { ChildProcess } from 'node:child_process';
import type { FromWorker, Report } from './ipc.ts';

export interface WorkerSlot {
  readonly index: number;
  child: ChildProcess;
  last: Report;
  startedAt: number;
  idlePercent: number;
  /** Sockets that it was given and does not accept on yet. */
  silent: number;
  /** Set while it is to take the place of another: called once it serves, or with why it does not. */
  begun: ((problem: string | undefined) => void) | undefined;
}

/** It serves when it accepts on all sockets; it got its configuration before them. */
export function noteBeginning(slot: WorkerSlot, message: FromWorker): void {
  if (message.type === 'failed') slot.begun?.(message.message);
  if (message.type !== 'listening') return;
  slot.silent -= 1;
  if (slot.silent === 0) slot.begun?.(undefined);
}

export function hasEnded({ child }: WorkerSlot): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
