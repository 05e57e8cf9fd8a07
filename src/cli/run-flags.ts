// The flags of a run as the command line gives them, and what their values mean.
import type { Identity, HostAddress } from '../engine/ports.ts';
import { VezaError } from '../lib/errors.ts';
import { limits } from '../lib/limits.ts';
import type { InventoryFlags } from './inventory-flags.ts';

export interface RunFlags extends InventoryFlags {
  readonly limit?: string;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly detailedExitcode?: boolean;
  readonly assertIdempotent?: boolean;
  readonly startAtTask?: string;
  readonly step?: boolean;
  readonly forceHandlers?: boolean;
  readonly flushCache?: boolean;
  readonly maxTime?: string;
  readonly forks?: string;
  readonly askPass?: boolean;
  readonly askBecomePass?: boolean;
  readonly becomeUser?: string;
  readonly becomeMethod?: Identity['method'];
  readonly connection?: HostAddress['connection'];
  readonly timeout?: string;
  readonly listHosts?: boolean;
  readonly listTasks?: boolean;
  readonly listTags?: boolean;
  readonly syntaxCheck?: boolean;
  readonly json?: boolean;
  readonly junit?: string;
  readonly planOut?: string;
  readonly apply?: string;
  /** Tell no results (the second look of --apply). */
  readonly quiet?: boolean;
  readonly verbose: number;
}

/** Hosts worked on at once. Throws VezaError `invalid-option`. */
export function forksOf({ forks }: RunFlags): number {
  return forks === undefined ? limits.forks : wholeNumber('--forks', forks);
}

/** `-T`: how long connecting and logging in may take. Throws VezaError `invalid-option`. */
export function connectTimeoutMsOf({ timeout }: RunFlags): number | undefined {
  return timeout === undefined ? undefined : 1000 * wholeNumber('--timeout', timeout);
}

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** `--max-time`: seconds, or `90s`, `15m`, `1h30m`. Throws VezaError `invalid-option`. */
export function maxTimeMsOf({ maxTime }: RunFlags): number | undefined {
  if (maxTime === undefined) return undefined;
  const parts = [...maxTime.matchAll(/(\d+)([smh])/g)];
  const whole = parts.map(([all]) => all).join('');
  if (maxTime !== '' && whole === maxTime)
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitsMs[unit ?? 's'] ?? 0), 0);
  if (/^\d+$/.test(maxTime) && Number(maxTime) > 0) return 1000 * Number(maxTime);
  throw new VezaError('invalid-option', `--max-time must be a time such as 90s, 15m or 1h30m, but is "${maxTime}"`);
}

function wholeNumber(flag: string, given: string): number {
  const number = Number(given);
  if (Number.isInteger(number) && number > 0) return number;
  throw new VezaError('invalid-option', `${flag} must be a whole number above 0, but is "${given}"`);
}
