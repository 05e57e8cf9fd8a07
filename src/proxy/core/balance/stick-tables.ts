// The stick tables of a process, by name: they outlive reloads, and backends may share one.
import type { BackendConfig } from '../config/model.ts';
import { type StickChange, StickTable } from './stick-table.ts';

/** Changes by the name of their table. */
export type StickChanges = Readonly<Record<string, readonly StickChange[]>>;

export interface TableUsage {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly used: number;
}

interface Held {
  readonly table: StickTable;
  /** The configuration does not have it: kept once, since configurations are taken back. */
  unwanted: boolean;
}

export class StickTables {
  readonly #tables = new Map<string, Held>();

  configure(backends: readonly BackendConfig[], nowMs: number): void {
    const wanted = new Map(backends.flatMap(({ stick }) => (stick ? [[stick.table.name, stick.table] as const] : [])));
    for (const [name, config] of wanted) {
      const known = this.#tables.get(name);
      if (!known) this.#tables.set(name, { table: new StickTable(config), unwanted: false });
      else {
        known.unwanted = false;
        known.table.reconfigure(config, nowMs);
      }
    }
    for (const [name, held] of this.#tables) {
      if (wanted.has(name)) continue;
      if (held.unwanted) this.#tables.delete(name);
      held.unwanted = true;
    }
  }

  find(name: string): StickTable | undefined {
    const held = this.#tables.get(name);
    return held?.unwanted === false ? held.table : undefined;
  }

  get tables(): StickTable[] {
    return [...this.#tables.values()].filter(({ unwanted }) => !unwanted).map(({ table }) => table);
  }

  /** How full they are. */
  usage(nowMs: number): TableUsage[] {
    return this.tables.map((table) => {
      const { name, type, size } = table.config;
      return { name, type, size, used: table.count(nowMs) };
    });
  }

  /** What others do not know yet: at most `limit` entries of each table. */
  drain(limit: number, all: boolean, nowMs: number): StickChanges | undefined {
    const changes: [string, StickChange[]][] = [];
    for (const table of this.tables) {
      const drained = table.drain(limit, all, nowMs);
      if (drained.length > 0) changes.push([table.config.name, drained]);
    }
    return changes.length === 0 ? undefined : Object.fromEntries(changes);
  }

  /** Entries that the master removed. */
  forget(name: string, keys: readonly string[]): void {
    for (const key of keys) this.find(name)?.remove(key);
  }

  /** What the master says. */
  follow(changes: StickChanges, nowMs: number): void {
    for (const [name, list] of Object.entries(changes))
      for (const change of list) this.find(name)?.follow(change, nowMs);
  }
}
