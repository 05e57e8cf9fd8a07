// Tells systemd about readiness. Node has no datagram sockets of the Unix family, so systemd-notify is asked to do it; its
// messages come from a process of our unit, hence `NotifyAccess=all` in the unit.
import { execFile } from 'node:child_process';

const timeoutMs = 2000;

/** Sends assignments such as `READY=1`; does nothing without $NOTIFY_SOCKET, and never fails. */
export function notifySystemd(state: string): Promise<void> {
  if (process.env['NOTIFY_SOCKET'] === undefined) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  execFile('systemd-notify', state.split('\n'), { timeout: timeoutMs }, () => resolve(undefined));
  return promise;
}

/** Tells a watchdog of systemd (`WatchdogSec=`) that this process is not stuck, as long as it is not. */
export function feedWatchdog(): NodeJS.Timeout | undefined {
  const everyMs = Number(process.env['WATCHDOG_USEC'] ?? 0) / 1000 / 3;
  // The variable is inherited by processes that systemd does not wait for.
  const isOurs = Number(process.env['WATCHDOG_PID'] ?? process.pid) === process.pid;
  if (!(everyMs > 0) || !isOurs) return undefined;
  return setInterval(() => void notifySystemd('WATCHDOG=1'), everyMs).unref();
}

/** The time lets systemd tell the end of this reload from one before. */
export function notifyReloading(): Promise<void> {
  return notifySystemd(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(Number(process.hrtime.bigint()) / 1000)}`);
}

/** `problem`: why the configuration that ran before runs on. */
export function notifyReloaded(problem: string | undefined): Promise<void> {
  const status = problem === undefined ? 'Running' : `Running; the last reload was refused: ${problem}`;
  return notifySystemd(`READY=1\nSTATUS=${status}`);
}
