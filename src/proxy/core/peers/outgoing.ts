// What goes to a peer after the greeting, written when the connection takes it: changes of tables from where the peer
// stands, and all entries of all tables when it asks for them. Nothing is queued: tables are walked.
import { NamesOut, writeCells } from './entry-update.ts';
import { messageClass, tableType } from './incoming.ts';
import { canTell, writeKey } from './peer-key.ts';
import type { SharedTable } from './shared-table.ts';
import { writeDefinition } from './table-definition.ts';
import type { LogItem } from './update-log.ts';
import { WireWriter } from './wire.ts';

/** Until which change of each table a peer was told, and until which it said that it has it. */
export interface Progress {
  sent: number;
  acked: number;
}

/** An entry that was used so long ago is told with the time that it has left. */
const recentMs = 1000;

interface Lesson {
  readonly tables: readonly { readonly shared: SharedTable; readonly end: number }[];
  at: number;
  /** Of the table at `at`. */
  cursor: number;
  entries: number;
}

export class Outgoing {
  readonly #names = new NamesOut();
  readonly #progressOf: (table: SharedTable) => Progress;
  #defined: SharedTable['definition'] | undefined;
  #lastId: number | undefined;
  #lesson: Lesson | undefined;

  constructor(progressOf: (table: SharedTable) => Progress) {
    this.#progressOf = progressOf;
  }

  /** From the beginning, all that is in the tables now. */
  teach(tables: readonly SharedTable[]): void {
    this.#lesson = { tables: tables.map((shared) => ({ shared, end: shared.log.last })), at: 0, cursor: 0, entries: 0 };
  }

  get isTeaching(): boolean {
    return this.#lesson !== undefined;
  }

  /** Writes entries that were asked for, at most about `limit` bytes. Returns how many there were once all are written. */
  writeLesson(writer: WireWriter, limit: number, nowMs: number): number | undefined {
    const lesson = this.#lesson;
    if (!lesson) return undefined;
    for (; lesson.at < lesson.tables.length; lesson.at += 1, lesson.cursor = 0) {
      const table = lesson.tables[lesson.at];
      if (!table) break;
      const { shared, end } = table;
      for (;;) {
        if (writer.length >= limit) return undefined;
        const item = shared.log.after(lesson.cursor, end, false);
        if (!item) break;
        lesson.cursor = item.id;
        if (this.#entry(writer, shared, item, true, nowMs)) lesson.entries += 1;
      }
      const progress = this.#progressOf(shared);
      progress.sent = Math.max(progress.sent, end);
    }
    this.#lesson = undefined;
    return lesson.entries;
  }

  /** Writes what changed here and was not told yet, at most about `limit` bytes. */
  writeNews(writer: WireWriter, tables: readonly SharedTable[], limit: number, nowMs: number): void {
    for (const shared of tables) {
      const progress = this.#progressOf(shared);
      while (writer.length < limit) {
        const item = shared.log.after(progress.sent, shared.log.last, true);
        progress.sent = item?.id ?? shared.log.last;
        if (!item) break;
        this.#entry(writer, shared, item, false, nowMs);
      }
    }
  }

  /** What a peer says that it has of a table: numbers of changes have 32 bits on the wire. */
  acked(shared: SharedTable, updateId: number): void {
    const progress = this.#progressOf(shared);
    const sent = Math.max(progress.sent, this.#taught(shared));
    const id = sent - (((sent >>> 0) - updateId) >>> 0);
    if (id > progress.acked) progress.acked = id;
  }

  #taught(shared: SharedTable): number {
    const lesson = this.#lesson;
    return lesson?.tables[lesson.at]?.shared === shared ? lesson.cursor : 0;
  }

  #entry(writer: WireWriter, shared: SharedTable, { id, key }: LogItem, isLesson: boolean, nowMs: number): boolean {
    const { type } = shared.table.config;
    const entry = shared.table.find(key, nowMs);
    if (!entry || !canTell(type, key)) return false;
    this.#define(writer, shared);
    const isTimed = isLesson || nowMs - entry.usedMs > recentMs;
    const isNext = id === (this.#lastId ?? -1) + 1;
    this.#lastId = id;
    const content = new WireWriter();
    if (!isNext) content.uint32(id);
    if (isTimed) content.uint32(shared.leftMs(entry, nowMs));
    writeKey(content, type, key);
    writeCells(content, shared.definition.columns, shared.cellsOf(entry, nowMs), this.#names);
    const plain = isNext ? tableType.incremental : tableType.update;
    const timed = isNext ? tableType.timedIncremental : tableType.timedUpdate;
    writer.message(messageClass.table, isTimed ? timed : plain, content);
    return true;
  }

  #define(writer: WireWriter, { definition }: SharedTable): void {
    if (this.#defined === definition) return;
    this.#defined = definition;
    this.#lastId = undefined;
    writer.message(messageClass.table, tableType.definition, writeDefinition(definition));
  }
}
