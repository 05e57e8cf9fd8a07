// Tells people in time that a certificate runs out: whatever renews certificates may be what is broken.
import { messageOf } from '../lib/errors.ts';
import type { AcmeClock } from './model.ts';

export interface WatchedCertificate {
  readonly name: string;
  readonly domains: readonly string[];
  /** Milliseconds since 1970. */
  readonly notAfterMs: number;
}

export interface ExpiryAlert {
  readonly certificates: readonly ExpiringCertificate[];
}

export interface ExpiringCertificate extends WatchedCertificate {
  readonly state: 'expiring' | 'expired';
  /** Whole days; negative where it has run out. */
  readonly daysLeft: number;
}

/** A way to people. Rejects where they could not be told. */
export interface AlertChannel {
  /** For the message that it does not work: `webhook https://...`. */
  readonly name: string;
  send(alert: ExpiryAlert, signal?: AbortSignal): Promise<void>;
}

export interface ExpiryWatchOptions {
  /** Asked at every look. */
  readonly certificates: () => Promise<readonly WatchedCertificate[]>;
  readonly channels: readonly AlertChannel[];
  readonly clock: AcmeClock;
  /** Default 30. */
  readonly thresholdDays?: number;
  /** Default 24. */
  readonly everyHours?: number;
  /** A look or a channel that failed; the others go on. */
  readonly onProblem: (text: string) => void;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Looks, tells, and sleeps until `signal` aborts; then resolves. */
export async function watchExpiry(options: ExpiryWatchOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await lookForExpiry(options, signal);
    await options.clock.sleep((options.everyHours ?? 24) * hourMs, signal).catch(() => undefined);
  }
}

/** One look; resolves to what was told. */
export async function lookForExpiry(options: ExpiryWatchOptions, signal?: AbortSignal): Promise<ExpiryAlert | null> {
  const { channels, clock, onProblem, thresholdDays = 30 } = options;
  const watched = await options.certificates().catch((error: unknown) => {
    onProblem(`certificates cannot be looked at: ${messageOf(error)}`);
    return [];
  });
  const certificates = expiring(watched, clock.now(), thresholdDays);
  if (certificates.length === 0) return null;
  const told = channels.map(async (channel) => {
    try {
      await channel.send({ certificates }, signal);
    } catch (error) {
      onProblem(`${channel.name} could not be told that certificates run out: ${messageOf(error)}`);
    }
  });
  await Promise.all(told);
  return { certificates };
}

/** Those that run out within the threshold, the most urgent first. Pure. */
export function expiring(
  watched: readonly WatchedCertificate[],
  nowMs: number,
  thresholdDays: number,
): readonly ExpiringCertificate[] {
  return watched
    .filter(({ notAfterMs }) => notAfterMs - nowMs < thresholdDays * dayMs)
    .toSorted((one, other) => one.notAfterMs - other.notAfterMs)
    .map(({ name, domains, notAfterMs }) => ({
      name,
      domains,
      notAfterMs,
      state: notAfterMs <= nowMs ? 'expired' : 'expiring',
      daysLeft: Math.floor((notAfterMs - nowMs) / dayMs),
    }));
}

/** One line for people. */
export function shownExpiry({ name, domains, notAfterMs, state, daysLeft }: ExpiringCertificate): string {
  const date = new Date(notAfterMs).toISOString().slice(0, 10);
  const which = domains.length === 1 && domains[0] === name ? name : `${name} (${domains.join(', ')})`;
  if (state === 'expired') return `the certificate ${which} ran out on ${date}`;
  return `the certificate ${which} runs out on ${date}, in ${daysLeft} day${daysLeft === 1 ? '' : 's'}`;
}

/** Lines for a log. */
export function logChannel(write: (line: string) => void): AlertChannel {
  return {
    name: 'the log',
    send: ({ certificates }) => {
      for (const one of certificates) write(shownExpiry(one));
      return Promise.resolve();
    },
  };
}

/** One attempt: the next look is another one. */
const webhookMs = 10_000;

/** `POST` of JSON: `{ event, text, certificates: [{ name, domains, not_after, days_left, state }] }`. */
export function webhookChannel(url: string): AlertChannel {
  return {
    // The path of a webhook is often its secret.
    name: `the webhook at ${new URL(url).host}`,
    send: async ({ certificates }, signal) => {
      const limit = AbortSignal.timeout(webhookMs);
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          event: 'certificate_expiry',
          text: certificates.map((one) => shownExpiry(one)).join('\n'),
          certificates: certificates.map(({ name, domains, notAfterMs, daysLeft, state }) => ({
            name,
            domains,
            not_after: new Date(notAfterMs).toISOString(),
            days_left: daysLeft,
            state,
          })),
        }),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
    },
  };
}
