// Rates from counters that are looked at once a second, and the last two minutes of them. Pure: the time comes with the counters.
import type { Counters } from '../counters.ts';

/** Looks that are kept. */
export const historyLength = 120;

export interface Rates {
  readonly connections: number;
  readonly connectionsMax: number;
  readonly requests: number;
  readonly requestsMax: number;
}

/** One look: how much a second, and how long it took on average. */
export interface Point {
  readonly requests: number;
  readonly errors: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds; undefined while there were no requests. */
  readonly latency: number | undefined;
}

interface Track {
  connections: number;
  requests: number;
  errors: number;
  bytesIn: number;
  bytesOut: number;
  observed: number;
  observedSeconds: number;
  rates: Rates;
  points: Point[];
  /** When it was first seen that a request had come; undefined = none has. */
  requestedAtMs: number | undefined;
}

const still: Rates = { connections: 0, connectionsMax: 0, requests: 0, requestsMax: 0 };

export class RateTracker {
  readonly #tracks = new Map<string, Track>();
  #atMs = -1;

  ratesOf(row: string): Rates {
    return this.#tracks.get(row)?.rates ?? still;
  }

  /** The last looks, oldest first. */
  historyOf(row: string): readonly Point[] {
    return this.#tracks.get(row)?.points ?? [];
  }

  /** Seconds since requests came last, to the precision of the looks; -1 = none has come. */
  idleSecondsOf(row: string, nowMs: number): number {
    const at = this.#tracks.get(row)?.requestedAtMs;
    return at === undefined ? -1 : Math.max(0, Math.floor((nowMs - at) / 1000));
  }

  look(counters: ReadonlyMap<string, Counters>, nowMs: number): void {
    const seconds = this.#atMs < 0 ? 0 : (nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    for (const name of this.#tracks.keys()) if (!counters.has(name)) this.#tracks.delete(name);
    for (const [name, now] of counters) this.#tracks.set(name, next(this.#tracks.get(name), now, seconds, nowMs));
  }

  /** Maxima begin anew. */
  clear(): void {
    for (const track of this.#tracks.values()) {
      track.rates = { ...track.rates, connectionsMax: 0, requestsMax: 0 };
    }
  }
}

function next(before: Track | undefined, now: Counters, seconds: number, nowMs: number): Track {
  // Counters that were set to zero have grown from there.
  const grown = (current: number, past: number): number => (current >= past ? current - past : current);
  const perSecond = (current: number, past: number | undefined): number =>
    past === undefined || seconds <= 0 ? 0 : Math.round((grown(current, past) / seconds) * 10) / 10;
  const errors = now.status5xx + now.connectErrors + now.responseErrors;
  const connections = perSecond(now.connectionsTotal, before?.connections);
  const requests = perSecond(now.sessionsTotal, before?.requests);
  const observed = before ? grown(now.observed, before.observed) : 0;
  const observedSeconds = before ? grown(now.observedSeconds, before.observedSeconds) : 0;
  const point: Point = {
    requests,
    errors: perSecond(errors, before?.errors),
    bytesIn: perSecond(now.bytesIn, before?.bytesIn),
    bytesOut: perSecond(now.bytesOut, before?.bytesOut),
    latency: observed > 0 ? (observedSeconds / observed) * 1000 : undefined,
  };
  return {
    connections: now.connectionsTotal,
    requests: now.sessionsTotal,
    errors,
    bytesIn: now.bytesIn,
    bytesOut: now.bytesOut,
    observed: now.observed,
    observedSeconds: now.observedSeconds,
    rates: {
      connections,
      connectionsMax: Math.max(before?.rates.connectionsMax ?? 0, connections),
      requests,
      requestsMax: Math.max(before?.rates.requestsMax ?? 0, requests),
    },
    requestedAtMs: now.sessionsTotal > 0 && now.sessionsTotal !== before?.requests ? nowMs : before?.requestedAtMs,
    points: before ? [...before.points, point].slice(-historyLength) : [],
  };
}
