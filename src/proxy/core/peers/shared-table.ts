// A stick table that several machines share: what is told of its entries, and how what others tell is taken.
import type { StickChange, StickEntry, StickTable } from '../balance/stick-table.ts';
import type { StickDatum, StickTableConfig } from '../config/stick-model.ts';
import { peerDataTypes } from './data-types.ts';
import type { PeerCell } from './entry-update.ts';
import type { PeerEntry } from './incoming.ts';
import { keyLengthOf } from './peer-key.ts';
import { keyTypes, type PeerColumn, type TableDefinition } from './table-definition.ts';
import { UpdateLog } from './update-log.ts';

/** What a column of another peer's table is here; undefined: it is not kept. */
export type Meaning = StickDatum | 'server_id' | 'server_key' | undefined;

export class SharedTable {
  readonly table: StickTable;
  readonly log: UpdateLog;
  readonly #id: number;
  /** Names of its servers by their ids, and the other way round. */
  #servers: ReadonlyMap<number, string> = new Map();
  #ids: ReadonlyMap<string, number> = new Map();
  #definition: TableDefinition;
  /** What each column of the definition is of the table; undefined: its server. */
  #data: readonly (StickDatum | undefined)[] = [];

  /** Entries that are there already are told. */
  constructor(id: number, table: StickTable, servers: ReadonlyMap<number, string>) {
    this.table = table;
    this.#id = id;
    this.#definition = definitionOf(id, table.config);
    this.log = new UpdateLog(table);
    this.refresh(servers);
    for (const key of table.keys) this.log.touch(key, true);
  }

  /** How it is told of; new when the configuration of the table is. */
  get definition(): TableDefinition {
    return this.#definition;
  }

  /** The configuration is new. Returns whether the table is another one for peers. */
  refresh(servers: ReadonlyMap<number, string>): boolean {
    this.#servers = servers;
    this.#ids = new Map([...servers].map(([id, name]) => [name, id]));
    const definition = definitionOf(this.#id, this.table.config);
    const isAnother = JSON.stringify(definition) !== JSON.stringify(this.#definition);
    if (isAnother) this.#definition = definition;
    const { data } = this.table.config;
    this.#data = this.#definition.columns.map(({ type }) => data.find(({ name }) => name === type.name));
    return isAnother;
  }

  /** What is told of an entry, in the order of the definition. */
  cellsOf(entry: StickEntry, nowMs: number): PeerCell[] {
    return this.#definition.columns.map(({ type }, at): PeerCell => {
      const datum = this.#data[at];
      if (datum) return type.kind === 'rate' ? entry.data?.rate(datum, nowMs) : entry.data?.value(datum, nowMs);
      return type.kind === 'name' ? entry.server : (this.#ids.get(entry.server) ?? 0);
    });
  }

  /** Milliseconds for which an entry still lasts; 0 = for ever. */
  leftMs(entry: StickEntry, nowMs: number): number {
    const { expireMs } = this.table.config;
    if (expireMs === 0) return 0;
    return Math.min(maxLeftMs, Math.max(1, Math.round(expireMs - (nowMs - entry.usedMs))));
  }

  /** What the data of another's table are here, or why nothing of that table can be taken. */
  meaningsOf({ keyType, keyLength, columns }: TableDefinition): readonly Meaning[] | string {
    const { type, len, data } = this.table.config;
    if (keyType !== keyTypes[type] || (type !== 'string' && keyLength !== keyLengthOf(type, len)))
      return `its keys are not of the type ${type}`;
    return columns.map(({ type: each, periodMs }): Meaning => {
      if (each.name === 'server_id' || each.name === 'server_key') return each.name;
      return data.find((datum) => datum.name === each.name && datum.periodMs === periodMs);
    });
  }

  /** Rates that both tables have, over times that differ: they are not shared. */
  otherRates({ columns }: TableDefinition): readonly string[] {
    const { data } = this.table.config;
    return columns.flatMap(({ type, periodMs }) => {
      const own = data.find(({ name }) => name === type.name);
      return own && own.periodMs !== periodMs ? [`${type.name}(${periodMs}) is ${own.periodMs} here`] : [];
    });
  }

  /** Takes an entry as another peer has it. Returns what the workers are to hear of it. */
  take({ key, cells, meanings, leftMs }: PeerEntry, nowMs: number): StickChange | undefined {
    const { expireMs } = this.table.config;
    const usedAgeMs = leftMs === undefined || expireMs === 0 ? 0 : Math.max(0, expireMs - leftMs);
    if (expireMs > 0 && usedAgeMs >= expireMs) return undefined;
    const known = this.table.find(key, nowMs)?.server ?? '';
    const server = this.#serverIn(cells, meanings) ?? known;
    const entry = this.table.learn(key, server, usedAgeMs, nowMs);
    if (!entry) return undefined;
    this.log.touch(key, false);
    meanings.forEach((meaning, at) => {
      const cell = cells[at];
      if (typeof meaning !== 'object') return;
      if (typeof cell === 'number') this.table.dataOf(entry).set(meaning, cell, nowMs);
      else if (typeof cell === 'object') this.table.dataOf(entry).takeRate(meaning, cell, nowMs);
    });
    return [key, server, 0, usedAgeMs];
  }

  /** Who the entry names: by name where there is a server of that name, else by id. Undefined: it says nothing of servers. */
  #serverIn(cells: readonly PeerCell[], meanings: readonly Meaning[]): string | undefined {
    const name = cells[meanings.indexOf('server_key')];
    const id = cells[meanings.indexOf('server_id')];
    if (name === undefined && id === undefined) return undefined;
    const named = typeof name === 'string' && name !== '' ? name : undefined;
    if (named !== undefined && this.#ids.has(named)) return named;
    return (typeof id === 'number' && id > 0 ? this.#servers.get(id) : undefined) ?? named ?? '';
  }
}

/** HAProxy's times have 31 bits: not quite 25 days. */
const maxLeftMs = 2 ** 31 - 1;

function definitionOf(id: number, { name, type, len, expireMs, data }: StickTableConfig): TableDefinition {
  const columns = peerDataTypes.flatMap((each): PeerColumn[] => {
    const column = { type: each, count: 1, periodMs: 0 };
    if (each.name === 'server_id' || each.name === 'server_key') return [column];
    const datum = data.find(({ name }) => name === each.name);
    return datum ? [{ ...column, periodMs: datum.periodMs }] : [];
  });
  return { id, name, keyType: keyTypes[type], keyLength: keyLengthOf(type, len), expireMs, columns };
}
