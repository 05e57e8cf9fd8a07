// What a peer says of one of its tables before it tells entries: how keys are written, and which data follow each of them.
import { type PeerDataType, peerDataTypes } from './data-types.ts';
import { type WireReader, WireWriter } from './wire.ts';

/** Numbers of key types in the protocol. */
export const keyTypes = { integer: 2, ip: 4, ipv6: 5, string: 6, binary: 7 } as const;

export interface PeerColumn {
  readonly type: PeerDataType;
  /** Of lists; 1 for all others. */
  readonly count: number;
  /** Of rates, in milliseconds. */
  readonly periodMs: number;
}

export interface TableDefinition {
  /** The sender's own number for it. */
  readonly id: number;
  readonly name: string;
  readonly keyType: number;
  /** Of strings one more than what counts. */
  readonly keyLength: number;
  /** 0 = entries last for ever. */
  readonly expireMs: number;
  readonly columns: readonly PeerColumn[];
}

export type ReadDefinition =
  | { readonly ok: true; readonly table: TableDefinition }
  /** It can be left out: what its entries hold is not known. Undefined `id`: the message itself is broken. */
  | { readonly ok: false; readonly id: number | undefined; readonly problem: string };

/** HAProxy has at most 100 of a list; names are short. */
const maxList = 100;
const maxName = 1024;

/** A call, since reading changes it. */
const isShort = (reader: WireReader): boolean => !reader.ok;

export function readDefinition(reader: WireReader): ReadDefinition {
  const id = reader.number();
  const nameLength = reader.number();
  const name = nameLength <= maxName ? reader.text(nameLength) : '';
  const keyType = reader.number();
  const keyLength = reader.number();
  const bits = reader.number();
  const expireMs = reader.number();
  if (isShort(reader) || name === '') return { ok: false, id: undefined, problem: 'a table definition is cut off' };
  if (bits >= 2 ** peerDataTypes.length)
    return { ok: false, id, problem: `table ${name} holds data of an unknown type (0x${bits.toString(16)})` };
  const columns: PeerColumn[] = [];
  for (const type of peerDataTypes) {
    if (Math.floor(bits / 2 ** type.bit) % 2 === 0) continue;
    const detailed = type.isList || type.kind === 'rate';
    if (detailed && reader.number() !== type.bit)
      return { ok: false, id, problem: `table ${name} says nothing of its ${type.name}` };
    const count = type.isList ? reader.number() : 1;
    if (count > maxList)
      return { ok: false, id, problem: `table ${name} says what no table can have of its ${type.name}` };
    columns.push({ type, count, periodMs: type.kind === 'rate' ? reader.number() : 0 });
  }
  if (isShort(reader)) return { ok: false, id: undefined, problem: `the definition of table ${name} is cut off` };
  return { ok: true, table: { id, name, keyType, keyLength, expireMs, columns } };
}

/** Which data entries have, a bit for each. */
export function bitsOf({ columns }: Pick<TableDefinition, 'columns'>): number {
  return columns.reduce((sum, { type }) => sum + 2 ** type.bit, 0);
}

/** The content of the message. */
export function writeDefinition(table: TableDefinition): WireWriter {
  const { id, name, keyType, keyLength, expireMs, columns } = table;
  const writer = new WireWriter().number(id).text(name).number(keyType).number(keyLength);
  writer.number(bitsOf(table)).number(expireMs);
  for (const { type, count, periodMs } of columns) {
    if (!type.isList && type.kind !== 'rate') continue;
    writer.number(type.bit);
    if (type.isList) writer.number(count);
    if (type.kind === 'rate') writer.number(periodMs);
  }
  return writer;
}
