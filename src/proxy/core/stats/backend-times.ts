// Since when each backend can serve, or cannot: its own transitions, which are not those of its servers. Pure.
import type { ServerRecord } from '../server-record.ts';

export interface BackendTime {
  readonly up: boolean;
  readonly changedAtMs: number;
  /** Transitions to DOWN. */
  readonly downs: number;
  /** Time down before the last transition. */
  readonly downMs: number;
}

export class BackendTimes {
  readonly #times = new Map<string, BackendTime>();

  of(backend: string): BackendTime | undefined {
    return this.#times.get(backend);
  }

  /** Looks at the servers as they are now; backends that are gone are forgotten. */
  look(records: readonly ServerRecord[], nowMs: number): void {
    const usable = new Map<string, boolean>();
    for (const { backend, up, adminNow } of records) {
      usable.set(backend.name, usable.get(backend.name) === true || (up && adminNow === 'ready'));
    }
    for (const name of this.#times.keys()) if (!usable.has(name)) this.#times.delete(name);
    for (const [name, up] of usable) {
      const before = this.#times.get(name);
      if (!before) this.#times.set(name, { up, changedAtMs: nowMs, downs: 0, downMs: 0 });
      else if (before.up !== up) this.#times.set(name, changed(before, up, nowMs));
    }
  }
}

/** Time down until now. */
export function downtimeMs({ up, changedAtMs, downMs }: BackendTime, nowMs: number): number {
  return up ? downMs : downMs + nowMs - changedAtMs;
}

function changed(before: BackendTime, up: boolean, nowMs: number): BackendTime {
  const downMs = downtimeMs(before, nowMs);
  return { up, changedAtMs: nowMs, downs: before.downs + (up ? 0 : 1), downMs };
}
