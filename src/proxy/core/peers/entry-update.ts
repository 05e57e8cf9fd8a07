// One entry of a table as peers tell it: its key, and its data in the order of the table's definition.
import type { RateState } from '../balance/stick-data.ts';
import type { PeerColumn, TableDefinition } from './table-definition.ts';
import { type WireReader, WireWriter } from './wire.ts';

/** Lists are read and not kept. */
export type PeerCell = number | RateState | string | undefined;

/** Names that were sent, by numbers from 1: as many as HAProxy remembers of a connection. */
const mostNames = 128;

/** Names in what a peer sends. */
export class NamesIn {
  readonly #names = new Map<number, string>();

  /** Undefined: a number that stands for nothing. */
  read(reader: WireReader): string | undefined {
    const length = reader.number();
    if (length === 0) return '';
    const end = reader.at + length;
    if (length > reader.left) {
      reader.bytes(length);
      return undefined;
    }
    const id = reader.number();
    if (id < 1 || id > mostNames) return undefined;
    if (reader.at === end) return this.#names.get(id);
    const name = reader.text(reader.number());
    if (!reader.ok || reader.at !== end) return undefined;
    this.#names.set(id, name);
    return name;
  }
}

/** Names in what is sent to a peer: one that it has is told by its number; the one not used for longest makes room. */
export class NamesOut {
  readonly #numbers = new Map<string, number>();

  write(writer: WireWriter, name: string): void {
    if (name === '') {
      writer.number(0);
      return;
    }
    const known = this.#numbers.get(name);
    const id = known ?? this.#free();
    this.#numbers.delete(name);
    this.#numbers.set(name, id);
    const content = new WireWriter().number(id);
    if (known === undefined) content.text(name);
    writer.number(content.length).bytes(content.taken());
  }

  #free(): number {
    if (this.#numbers.size < mostNames) return this.#numbers.size + 1;
    const [[oldest, id] = ['', 1]] = this.#numbers;
    this.#numbers.delete(oldest);
    return id;
  }
}

/** The data behind a key; undefined if they are not what the definition says. */
export function readCells(
  reader: WireReader,
  columns: TableDefinition['columns'],
  names: NamesIn,
): PeerCell[] | undefined {
  const cells: PeerCell[] = [];
  for (const { type, count } of columns) {
    if (type.kind === 'name') {
      const name = names.read(reader);
      if (name === undefined) return undefined;
      cells.push(name);
    } else if (type.isList) {
      for (let at = 0; at < count; at += 1) readOne(reader, type.kind);
      cells.push(undefined);
    } else cells.push(readOne(reader, type.kind));
  }
  return reader.ok ? cells : undefined;
}

/**
 * Each thread of HAProxy has its own clock, and tells ages with 32 bits: that of a period which began a moment later than it
 * is for the thread that tells it is nearly 2^32.
 */
const negativeAgeMs = 2 ** 32 - 60_000;

function readOne(reader: WireReader, kind: 'count' | 'rate'): number | RateState {
  if (kind === 'count') return reader.number();
  const ageMs = reader.number();
  const current = reader.number();
  return { ageMs: ageMs >= negativeAgeMs ? 0 : ageMs, current, previous: reader.number() };
}

export function writeCells(
  writer: WireWriter,
  columns: readonly PeerColumn[],
  cells: readonly PeerCell[],
  names: NamesOut,
): void {
  columns.forEach(({ type }, at) => {
    const cell = cells[at];
    if (type.kind === 'name') names.write(writer, typeof cell === 'string' ? cell : '');
    else if (type.kind === 'count') writer.number(typeof cell === 'number' ? cell : 0);
    else if (typeof cell === 'object') writer.number(cell.ageMs).number(cell.current).number(cell.previous);
    else writer.number(0).number(0).number(0);
  });
}
