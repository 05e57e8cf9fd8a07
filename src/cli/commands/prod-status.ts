// `veza-run prod status` and `prod watch`: every host of infra.yaml at once, its services, the load balancer, the health endpoints.
import { setTimeout as delay } from 'node:timers/promises';
import pc from 'picocolors';
import { VezaError } from '../../lib/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { openAccount, type ProdFlags } from '../prod/account.ts';
import type { EndpointState } from '../prod/endpoint.ts';
import { isGood, look, type Look } from '../prod/look.ts';
import { printJson } from '../prod/present.ts';
import { statusJson, statusText } from '../prod/status-text.ts';
import { limitTime, type TimeLimit } from '../prod/time-limit.ts';
import { withAccount } from '../prod/with-account.ts';

const seconds = 60;

/** Exit code 1 where anything is bad. */
export function prodStatus(flags: ProdFlags): Promise<number> {
  return withAccount(flags, { command: 'prod status', seconds }, async (account) => {
    const seen = await look(account);
    if (
      account.signal.aborted &&
      account.signal.reason instanceof VezaError &&
      account.signal.reason.code === 'cancelled'
    )
      throw account.signal.reason;
    if (flags.json) printJson(statusJson(seen));
    else print(statusText(seen));
    return codeOf(seen);
  });
}

function codeOf(seen: Look): number {
  return isGood(seen) ? exitCodes.ok : exitCodes.usage;
}

export interface WatchFlags extends ProdFlags {
  /** Seconds. */
  readonly interval?: string;
  readonly count?: string;
}

/** Looks again and again until Ctrl-C (or --count looks); the exit code is that of the last look. --timeout is for each look. */
export async function prodWatch(flags: WatchFlags): Promise<number> {
  const given = wholeNumber('interval', flags.interval);
  const count = wholeNumber('count', flags.count) ?? Number.POSITIVE_INFINITY;
  using watching = limitTime(undefined, { command: 'prod watch' });
  const endpoints = new Map<string, { readonly state: EndpointState; readonly dueMs: number }>();
  let code: number = exitCodes.ok;
  for (let looks = 1; ; looks += 1) {
    using limit = limitTime(flags.timeout, { command: 'prod watch', seconds });
    const either: TimeLimit = { ...limit, signal: AbortSignal.any([limit.signal, watching.signal]) };
    await using account = await openAccount(flags, either);
    const asked = account.infra.monitoring?.healthEndpoints ?? [];
    const now = account.clock.now();
    const seen = await look(account, (url) => {
      const known = endpoints.get(url);
      return known !== undefined && known.dueMs > now ? known.state : undefined;
    });
    if (watching.signal.aborted) return code;
    for (const { url, intervalSeconds } of asked) {
      const state = seen.endpoints.find((one) => one.url === url);
      if (state && (endpoints.get(url)?.dueMs ?? 0) <= now)
        endpoints.set(url, { state, dueMs: now + intervalSeconds * 1000 });
    }
    code = codeOf(seen);
    tell(seen, flags);
    if (looks >= count) return code;
    const interval = given ?? Math.min(usualInterval, ...asked.map(({ intervalSeconds }) => intervalSeconds));
    const ended = await delay(interval * 1000, false, { signal: watching.signal }).catch(() => true);
    if (ended) return code;
  }
}

const usualInterval = 60;
const clearScreen = '\u001b[2J\u001b[H';

/** A terminal shows the last look; elsewhere looks follow each other. With --json, one line each. */
function tell(seen: Look, { json }: WatchFlags): void {
  const at = new Date().toISOString();
  if (json) print(`${JSON.stringify({ at, ...statusJson(seen) })}\n`);
  else
    print(
      `${process.stdout.isTTY ? clearScreen : ''}${pc.dim(at)}\n${statusText(seen)}${process.stdout.isTTY ? pc.dim('Ctrl-C ends it\n') : '\n'}`,
    );
}

function wholeNumber(name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw new VezaError('wrong-option', `--${name} must be a whole number above 0, not "${given}"`);
}
