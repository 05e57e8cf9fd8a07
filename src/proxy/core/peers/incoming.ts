// What comes from a peer after the greeting: bytes -> messages, in whatever pieces they come, and the entries in them.
import { type PeerCell, NamesIn, readCells } from './entry-update.ts';
import { readKey } from './peer-key.ts';
import type { Meaning, SharedTable } from './shared-table.ts';
import { readDefinition, type TableDefinition } from './table-definition.ts';
import { maxMessageBytes, WireReader } from './wire.ts';

export const messageClass = { control: 0, error: 1, table: 10 } as const;
export const controlType = { request: 0, finished: 1, partial: 2, confirm: 3, heartbeat: 4 } as const;
export const tableType = {
  update: 128,
  incremental: 129,
  definition: 130,
  switch: 131,
  ack: 132,
  timedUpdate: 133,
  timedIncremental: 134,
} as const;

/** The first type that says the length of its message. */
const firstWithLength = 128;
/** More tables no configuration has: each is remembered. */
const maxTables = 1024;

/** An entry as a peer tells it. */
export interface PeerEntry {
  readonly shared: SharedTable;
  readonly key: string;
  readonly cells: readonly PeerCell[];
  readonly meanings: readonly Meaning[];
  /** For how long it lasts there; undefined: it was used just now. */
  readonly leftMs: number | undefined;
}

export interface IncomingOwner {
  /** The table of that name that is shared with this peer. */
  sharedTable(name: string): SharedTable | undefined;
  control(type: number): void;
  acked(tableId: number, updateId: number): void;
  entry(entry: PeerEntry): void;
  /** A table of the peer of which nothing, or not all that is here too, is taken, and why. */
  ignored(problem: string): void;
}

/** Why the peer is to be cut off. */
export interface Nonsense {
  readonly problem: string;
  /** The type of the error message that tells it. */
  readonly type: 0 | 1;
}

interface RemoteTable {
  readonly definition: TableDefinition | undefined;
  readonly shared: SharedTable | undefined;
  readonly meanings: readonly Meaning[];
  lastId: number;
  owesAck: boolean;
}

export class Incoming {
  readonly #owner: IncomingOwner;
  readonly #names = new NamesIn();
  readonly #tables = new Map<number, RemoteTable>();
  #current: RemoteTable | undefined;
  #rest: Uint8Array = new Uint8Array();

  constructor(owner: IncomingOwner) {
    this.#owner = owner;
  }

  /** Takes bytes as they come; returns what is wrong with them. */
  take(bytes: Uint8Array): Nonsense | undefined {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (at < all.length) {
      const reader = new WireReader(all, at);
      const kind = reader.byte();
      const type = reader.byte();
      const length = reader.ok && type >= firstWithLength ? reader.number() : 0;
      if (length > maxMessageBytes) return { problem: `a message of ${length} bytes`, type: 1 };
      if (!reader.ok && all.length - at > maxHeaderBytes) return protocolError('a length that is no number');
      if (!reader.ok || reader.left < length) break;
      const nonsense = this.#message(kind, type, new WireReader(all, reader.at, reader.at + length));
      if (nonsense) return nonsense;
      at = reader.at + length;
    }
    // A copy: what the bytes came in is used again.
    this.#rest = Uint8Array.from(all.subarray(at));
    return undefined;
  }

  /** Acknowledgements that are due: our peer's numbers of its tables, and of the last entry that was taken. */
  *acks(): Iterable<readonly [tableId: number, updateId: number]> {
    for (const [id, table] of this.#tables) {
      if (table.owesAck) yield [id, table.lastId];
      table.owesAck = false;
    }
  }

  /** The peer's number for a table of ours; 0 = it did not say. */
  remoteIdOf(name: string): number {
    for (const [id, { definition }] of this.#tables) if (definition?.name === name) return id;
    return 0;
  }

  /** Number of the last entry that was taken. */
  lastTaken(name: string): number {
    return this.#tables.get(this.remoteIdOf(name))?.lastId ?? 0;
  }

  #message(kind: number, type: number, content: WireReader): Nonsense | undefined {
    if (kind === messageClass.control) {
      this.#owner.control(type);
      return undefined;
    }
    if (kind === messageClass.error)
      return { problem: type === 1 ? 'it says: too large a message' : 'it says: protocol error', type: 0 };
    if (kind !== messageClass.table || type < firstWithLength)
      return protocolError(`a message of the unknown class ${kind}, type ${type}`);
    switch (type) {
      case tableType.definition:
        return this.#define(content);
      case tableType.switch:
        return this.#switch(content.number(), content.ok);
      case tableType.ack:
        return this.#ack(content);
      case tableType.update:
      case tableType.incremental:
      case tableType.timedUpdate:
      case tableType.timedIncremental:
        return this.#update(type, content);
      default:
        // Of a later version: its length lets it be passed over.
        return undefined;
    }
  }

  #define(content: WireReader): Nonsense | undefined {
    const read = readDefinition(content);
    const id = read.ok ? read.table.id : read.id;
    if (id === undefined) return protocolError(read.ok ? '' : read.problem);
    const known = this.#tables.get(id);
    if (!known && this.#tables.size >= maxTables) return protocolError('too many tables');
    const table = this.#remote(read, known);
    this.#tables.set(id, table);
    this.#current = table;
    return undefined;
  }

  #remote(read: ReturnType<typeof readDefinition>, known: RemoteTable | undefined): RemoteTable {
    const nothing = { shared: undefined, meanings: [], lastId: 0, owesAck: false };
    if (!read.ok) {
      if (!known) this.#owner.ignored(read.problem);
      return { ...nothing, definition: undefined };
    }
    const definition = read.table;
    const shared = this.#owner.sharedTable(definition.name);
    const meanings = shared?.meaningsOf(definition) ?? 'there is no such table here';
    if (typeof meanings === 'string') {
      if (!known) this.#owner.ignored(`table ${definition.name}: ${meanings}`);
      return { ...nothing, definition };
    }
    const differing = known ? [] : (shared?.otherRates(definition) ?? []);
    if (differing.length > 0) this.#owner.ignored(`table ${definition.name}: ${differing.join(', ')}`);
    return { definition, shared, meanings, lastId: known?.lastId ?? 0, owesAck: known?.owesAck ?? false };
  }

  #switch(id: number, ok: boolean): Nonsense | undefined {
    const table = ok ? this.#tables.get(id) : undefined;
    if (!table) return protocolError('a switch to a table that it did not define');
    this.#current = table;
    return undefined;
  }

  #ack(content: WireReader): Nonsense | undefined {
    const tableId = content.number();
    const updateId = content.uint32();
    if (!content.ok) return protocolError('an acknowledgement that is cut off');
    this.#owner.acked(tableId, updateId);
    return undefined;
  }

  #update(type: number, content: WireReader): Nonsense | undefined {
    const table = this.#current;
    if (!table) return protocolError('an entry of a table that it did not define');
    const { definition, shared, meanings } = table;
    // What nobody can read is passed over.
    if (!definition) return undefined;
    const isTimed = type === tableType.timedUpdate || type === tableType.timedIncremental;
    const hasId = type === tableType.update || type === tableType.timedUpdate;
    const id = hasId ? content.uint32() : (table.lastId + 1) >>> 0;
    const leftMs = isTimed ? content.uint32() : undefined;
    const key = readKey(content, definition.keyType, definition.keyLength, shared?.table.config);
    // Entries of tables that are not shared are read as well: names in them are used again in others.
    const cells = readCells(content, definition.columns, this.#names);
    if (!content.ok || !cells) return protocolError(`an entry of table ${definition.name} that is cut off`);
    if (!shared) return undefined;
    table.lastId = id;
    table.owesAck = true;
    // What lasts for ever there was used just now here.
    const lastsMs = definition.expireMs === 0 ? undefined : leftMs;
    if (key !== undefined) this.#owner.entry({ shared, key, cells, meanings, leftMs: lastsMs });
    return undefined;
  }
}

/** Class, type and the longest length. */
const maxHeaderBytes = 12;

function protocolError(problem: string): Nonsense {
  return { problem, type: 0 };
}
