// The few single GETs of the test, apart from the load: each on a connection of its own, one after the other.
import type { Outcome } from './http-client.ts';
import { send } from './http-client.ts';
import type { Address } from './model.ts';
import { backendOf, cookiesOf } from './verify.ts';

export interface ProbeResult {
  readonly problems: string[];
  /** Backend -> the cookies that came with its last answer. */
  readonly seen: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const timeoutMs = 10_000;

/** GETs without cookie; every answer but 200 is a problem. Goes on beyond `count`, up to `most`, until every server of `wanted` has answered. */
export async function probeWithGets(
  target: Address,
  path: string,
  count: number,
  { wanted = [], most = count }: { readonly wanted?: readonly string[]; readonly most?: number } = {},
): Promise<ProbeResult> {
  const seen = new Map<string, ReadonlyMap<string, string>>();
  const problems: string[] = [];
  const goesOn = (number: number) => number <= count || (number <= most && wanted.some((name) => !seen.has(name)));
  for (let number = 1; goesOn(number); number += 1) {
    const outcome = await get(target, path, {});
    if (outcome.kind === 'failed') problems.push(`GET ${number}: ${outcome.reason}`);
    else if (outcome.status !== 200) problems.push(`GET ${number}: status ${outcome.status}`);
    else seen.set(backendOf(outcome.headers) ?? 'nobody', cookiesOf(outcome.headers));
  }
  return { problems, seen };
}

/** Sends cookies whose server is down. Resolves to the new value, or null when none replaced them. */
export async function replacedCookie(
  target: Address,
  path: string,
  cookies: ReadonlyMap<string, string>,
): Promise<string | null> {
  const outcome = await get(target, path, { Cookie: [...cookies].map((pair) => pair.join('=')).join('; ') });
  if (outcome.kind === 'failed' || outcome.status !== 200) return null;
  const fresh = cookiesOf(outcome.headers);
  const replaced = [...cookies].find(([name, value]) => fresh.has(name) && fresh.get(name) !== value);
  return replaced ? (fresh.get(replaced[0]) ?? null) : null;
}

function get(target: Address, path: string, headers: Readonly<Record<string, string>>): Promise<Outcome> {
  return send(target, { method: 'GET', path, headers, body: null }, { agent: false, timeoutMs });
}
