// One request or connection and the stick table of its backend: what binds it, and where its server is written down.
import type { Address } from '../address.ts';
import type { StickConfig } from '../config/stick-model.ts';
import type { KeySource } from './hash-key.ts';
import type { StickCounts } from './stick-data.ts';
import { stickKeyOf } from './stick-key.ts';
import type { StickTable } from './stick-table.ts';

export class Stick {
  readonly #table: StickTable;
  readonly #match: string[] = [];
  readonly #store: string[] = [];

  constructor(config: StickConfig, table: StickTable, request: KeySource, client: Address | undefined) {
    this.#table = table;
    for (const each of config.keys) {
      const key = stickKeyOf(each, table.config, request, client);
      if (key === undefined) continue;
      if (each.match) this.#match.push(key);
      if (each.store) this.#store.push(key);
    }
  }

  /** The first server that an entry names and that may be used. */
  bound<S extends { readonly config: { readonly name: string } }>(
    servers: readonly S[],
    mayUse: (server: S) => boolean,
    nowMs: number,
  ): S | undefined {
    for (const key of this.#match) {
      const name = this.#table.use(key, nowMs);
      const server = name === '' ? undefined : servers.find(({ config }) => config.name === name);
      if (server && mayUse(server)) return server;
    }
    return undefined;
  }

  /** The server that it was given to. */
  store(server: string, nowMs: number): void {
    for (const key of this.#store) this.#table.store(key, server, nowMs);
  }

  /** What came of it; counted under the first key. */
  record(counts: StickCounts, nowMs: number): void {
    if (this.#table.config.data.length === 0) return;
    const [key] = this.#store.length > 0 ? this.#store : this.#match;
    if (key !== undefined) this.#table.addCounts(key, counts, nowMs);
  }
}
