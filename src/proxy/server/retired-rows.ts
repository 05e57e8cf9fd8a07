// Counters of workers that are gone: totals must not fall. Rows of what no configuration names any more go with it, as HAProxy's do.
import { Counters } from '../core/counters.ts';
import type { Report } from './ipc.ts';

export class RetiredRows {
  readonly #rows = new Map<string, Counters>();
  /** Undefined until a configuration is in force. */
  #wanted: ReadonlySet<string> | undefined;

  get names(): readonly string[] {
    return [...this.#rows.keys()];
  }

  /** Takes the last report of a worker. */
  add(report: Report): void {
    for (const [row, values] of Object.entries(report)) {
      if (this.#wanted?.has(row) === false) continue;
      addTo(this.#rows, row, values).dropGauges();
    }
  }

  /** Forgets all other rows, and takes none of them any more. */
  keep(rows: ReadonlySet<string>): void {
    this.#wanted = rows;
    for (const row of this.#rows.keys()) if (!rows.has(row)) this.#rows.delete(row);
  }

  clear(): void {
    this.#rows.clear();
  }

  /** With what workers report that are there. */
  sums(reports: Iterable<Report>): Map<string, Counters> {
    const sums = new Map<string, Counters>();
    for (const [row, counters] of this.#rows) addTo(sums, row, counters.toArray());
    for (const report of reports) for (const [row, values] of Object.entries(report)) addTo(sums, row, values);
    return sums;
  }
}

function addTo(sums: Map<string, Counters>, row: string, values: readonly number[]): Counters {
  const counters = sums.get(row) ?? new Counters();
  counters.add(values);
  sums.set(row, counters);
  return counters;
}
