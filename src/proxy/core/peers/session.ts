// One connection between this machine and another that shares its stick tables: greeting, then entries both ways. What it
// has to say is asked for when the connection takes bytes, so that a slow peer costs no memory. The clock is an argument.
import { maxHelloBytes, readHello, readStatus, type Status, statuses, writeHello } from './hello.ts';
import { controlType, Incoming, type IncomingOwner, messageClass, type PeerEntry, tableType } from './incoming.ts';
import type { PeersConfig } from './model.ts';
import { Outgoing, type Progress } from './outgoing.ts';
import type { SharedTable } from './shared-table.ts';
import { WireWriter } from './wire.ts';

/** What a session is part of. */
export interface SessionOwner {
  readonly config: PeersConfig;
  /** All we tell has been told to us, as far as we know. */
  readonly isUpToDate: boolean;
  readonly tables: readonly SharedTable[];
  /** The session that a greeting was taken in gets its member's progress; a status: it is not welcome. */
  greeted(session: PeerSession, from: string, to: string): Status;
  opened(session: PeerSession, nowMs: number): void;
  entry(entry: PeerEntry, nowMs: number): void;
  ignored(session: PeerSession, problem: string): void;
  taught(session: PeerSession, entries: number): void;
  /** The peer told all it has; `complete`: and it has all there is. */
  learned(session: PeerSession, complete: boolean): void;
}

/** Why a session ended. */
export interface SessionEnd {
  readonly reason: string;
  /** The peer, or we, sent what no peer may send. */
  readonly isNonsense: boolean;
}

export class PeerSession {
  readonly isCaller: boolean;
  readonly startedMs: number;
  /** Where a caller is. */
  from = '';
  /** Undefined until a caller said who it is. */
  peer: string | undefined;
  end: SessionEnd | undefined;
  isOpen = false;
  /** The peer told entries, or anything else but that it is alive, then. */
  busyMs: number;
  heartbeatsOut = 0;
  heartbeatsIn = 0;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly #owner: SessionOwner;
  readonly #processId: number;
  #progressOf: (table: SharedTable) => Progress = () => ({ sent: 0, acked: 0 });
  #greeting = '';
  #nowMs: number;
  #heardMs: number;
  saidMs: number;
  readonly #owed = new Set<number>();
  #errorOwed: number | undefined;
  #statusOwed: Status | undefined;
  #answer: Status | undefined;
  #helloOwed: boolean;
  /** The end of what was taught is not confirmed yet: nothing new is told until this time. */
  #confirmUntilMs: number | undefined;

  /** `peer`: whom it calls; undefined: it is called. */
  constructor(owner: SessionOwner, peer: string | undefined, processId: number, nowMs: number) {
    this.#owner = owner;
    this.#processId = processId;
    this.peer = peer;
    this.isCaller = peer !== undefined;
    this.#helloOwed = this.isCaller;
    this.startedMs = nowMs;
    this.busyMs = nowMs;
    this.#nowMs = nowMs;
    this.#heardMs = nowMs;
    this.saidMs = nowMs;
    this.incoming = new Incoming(this.#ports());
    this.outgoing = new Outgoing((table) => this.#progressOf(table));
  }

  /** Where the peer stands is known of it, not of this connection. */
  follow(progressOf: (table: SharedTable) => Progress): void {
    this.#progressOf = progressOf;
  }

  close(reason: string, isNonsense = false): void {
    this.end ??= { reason, isNonsense };
  }

  /** It called, and was not answered yet. */
  get isGreeting(): boolean {
    return this.isCaller && !this.isOpen && !this.#helloOwed && !this.end;
  }

  /** The peer is called already. */
  get isTooMany(): boolean {
    return this.#answer === 300;
  }

  get waitsForConfirm(): boolean {
    return this.#confirmUntilMs !== undefined;
  }

  /** Asks the peer for all it has. */
  ask(): void {
    this.#owed.add(controlType.request);
  }

  take(bytes: Uint8Array, nowMs: number): void {
    if (this.end) return;
    this.#nowMs = nowMs;
    this.#heardMs = nowMs;
    const rest = this.isOpen ? bytes : this.#greet(bytes, nowMs);
    if (!rest) return;
    const nonsense = this.incoming.take(rest);
    if (!nonsense) return;
    this.#errorOwed = nonsense.type;
    this.close(nonsense.problem, true);
  }

  /** Time passes. */
  tick(nowMs: number): void {
    if (this.end) return;
    const { connectMs, heartbeatMs, silenceMs } = this.#owner.config.timeouts;
    if (!this.isOpen) {
      if (nowMs - this.startedMs >= connectMs) this.close('it did not answer in time');
      return;
    }
    if (nowMs - this.#heardMs >= silenceMs) this.close(`nothing was heard of it for ${silenceMs} ms`);
    else if (nowMs - this.saidMs >= heartbeatMs) this.#owed.add(controlType.heartbeat);
    if (this.#confirmUntilMs !== undefined && nowMs >= this.#confirmUntilMs) this.#confirmUntilMs = undefined;
  }

  /** What to send now, about `limit` bytes at most; undefined: nothing. What is left is there when it is asked again. */
  produce(limit: number, nowMs: number): Uint8Array | undefined {
    const writer = new WireWriter();
    this.#writeGreeting(writer);
    if (this.isOpen && !this.end) this.#write(writer, limit, nowMs);
    if (this.#errorOwed !== undefined) {
      writer.message(messageClass.error, this.#errorOwed);
      this.#errorOwed = undefined;
    }
    if (writer.length === 0) return undefined;
    this.saidMs = nowMs;
    return writer.taken();
  }

  #writeGreeting(writer: WireWriter): void {
    if (this.#helloOwed) {
      const hello = { to: this.peer ?? '', from: this.#owner.config.local };
      writer.bytes(Buffer.from(writeHello(hello, this.#processId), 'latin1'));
      this.#helloOwed = false;
    }
    if (this.#statusOwed === undefined) return;
    writer.bytes(Buffer.from(`${this.#statusOwed}\n`));
    this.#statusOwed = undefined;
  }

  #write(writer: WireWriter, limit: number, nowMs: number): void {
    for (const type of this.#owed) {
      writer.message(messageClass.control, type);
      if (type === controlType.heartbeat) this.heartbeatsOut += 1;
    }
    this.#owed.clear();
    for (const [tableId, updateId] of this.incoming.acks())
      writer.message(messageClass.table, tableType.ack, new WireWriter().number(tableId).uint32(updateId));
    const { tables, isUpToDate, config } = this.#owner;
    if (this.outgoing.isTeaching) {
      const entries = this.outgoing.writeLesson(writer, limit, nowMs);
      if (entries === undefined) return;
      writer.message(messageClass.control, isUpToDate ? controlType.finished : controlType.partial);
      this.#confirmUntilMs = nowMs + config.timeouts.silenceMs;
      this.#owner.taught(this, entries);
    } else if (this.#confirmUntilMs === undefined) this.outgoing.writeNews(writer, tables, limit, nowMs);
  }

  /** Returns what came after the greeting. */
  #greet(bytes: Uint8Array, nowMs: number): Uint8Array | undefined {
    const before = this.#greeting.length;
    this.#greeting += Buffer.from(bytes.subarray(0, maxHelloBytes)).toString('latin1');
    const lines = this.#greeting.split('\n', this.isCaller ? 1 : 3);
    const used = lines.reduce((sum, line) => sum + line.length + 1, 0);
    if (lines.length < (this.isCaller ? 1 : 3) || used > this.#greeting.length) {
      if (this.#greeting.length >= maxHelloBytes || !this.#mayBeGreeting()) this.#refuse(501, refusals[501]);
      return undefined;
    }
    if (this.isCaller) this.#answered(lines[0] ?? '');
    else this.#called(lines);
    if (this.end) return undefined;
    this.isOpen = true;
    this.#owner.opened(this, nowMs);
    return bytes.subarray(used - before);
  }

  /** Nobody who begins otherwise is waited for. */
  #mayBeGreeting(): boolean {
    const start = this.#greeting.slice(0, protocolName.length);
    return this.isCaller ? /^[0-9]{0,3}\r?$/.test(start) : protocolName.startsWith(start);
  }

  #answered(line: string): void {
    const status = readStatus(line);
    if (status === undefined) this.close('it answered with no status', true);
    else if (status !== 200) this.close(`it answered ${status} (${statuses[status]})`);
  }

  #called(lines: readonly string[]): void {
    const hello = readHello(lines);
    const status = typeof hello === 'number' ? hello : this.#owner.greeted(this, hello.from, hello.to);
    if (status === 200) this.#statusOwed = status;
    else {
      const who = typeof hello === 'number' ? '' : ` (\`${hello.from}\` called for \`${hello.to}\`)`;
      this.#refuse(status, `${refusals[status]}${who}`);
    }
  }

  #refuse(status: Status, reason: string): void {
    this.#answer = status;
    if (!this.isCaller) this.#statusOwed = status;
    this.close(reason, status === 501);
  }

  #ports(): IncomingOwner {
    return {
      sharedTable: (name) => this.#owner.tables.find(({ table }) => table.config.name === name),
      control: (type) => this.#control(type),
      acked: (tableId, updateId) => {
        this.busyMs = this.#nowMs;
        const shared = this.#owner.tables.find(({ definition }) => definition.id === tableId);
        if (shared) this.outgoing.acked(shared, updateId);
      },
      entry: (entry) => {
        this.busyMs = this.#nowMs;
        this.#owner.entry(entry, this.#nowMs);
      },
      ignored: (problem) => this.#owner.ignored(this, problem),
    };
  }

  #control(type: number): void {
    if (type === controlType.heartbeat) this.heartbeatsIn += 1;
    else if (type === controlType.request) this.outgoing.teach(this.#owner.tables);
    else if (type === controlType.confirm) this.#confirmUntilMs = undefined;
    else if (type === controlType.finished || type === controlType.partial) {
      this.#owed.add(controlType.confirm);
      this.#owner.learned(this, type === controlType.finished);
    }
  }
}

const protocolName = 'HAProxyS ';

const refusals: Readonly<Record<Status, string>> = {
  ...statuses,
  501: 'it did not greet as a peer does',
  502: 'it speaks another version of the protocol',
  503: 'it called for another peer',
  504: 'it is no member',
};
