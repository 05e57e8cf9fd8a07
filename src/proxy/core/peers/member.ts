// Another machine that shares stick tables: its connection, and where it stands, which outlives connections.
import type { PeerMember } from './model.ts';
import type { Progress } from './outgoing.ts';
import type { PeerSession } from './session.ts';
import type { SharedTable } from './shared-table.ts';

export class Member {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  session: PeerSession | undefined;
  /** When it is to be called again. */
  callMs = 0;
  greetedMs: number | undefined;
  lastStatus = 'NONE';
  connections = 0;
  nonsense = 0;
  collisions = 0;
  readonly #progress = new Map<SharedTable, Progress>();
  #problem: string | undefined;

  constructor({ name, address, port }: PeerMember) {
    this.name = name;
    this.address = address;
    this.port = port;
  }

  is({ name, address, port }: PeerMember): boolean {
    return name === this.name && address === this.address && port === this.port;
  }

  readonly progressOf = (table: SharedTable): Progress => {
    const known = this.#progress.get(table);
    if (known) return known;
    const made = { sent: 0, acked: 0 };
    this.#progress.set(table, made);
    return made;
  };

  /** Tables that are shared no more need not be remembered. */
  keep(tables: readonly SharedTable[]): void {
    for (const table of this.#progress.keys()) if (!tables.includes(table)) this.#progress.delete(table);
  }

  begin(session: PeerSession, hadAnother = false): void {
    this.session = session;
    this.connections += session.isCaller ? 1 : 0;
    this.collisions += hadAnother ? 1 : 0;
    this.lastStatus = 'CONN';
    // What was sent and not acknowledged may be lost.
    for (const each of this.#progress.values()) each.sent = each.acked;
  }

  open(nowMs: number): void {
    this.greetedMs = nowMs;
    this.lastStatus = 'ESTA';
    this.#problem = undefined;
  }

  leave(callMs: number, isNonsense: boolean): void {
    this.session = undefined;
    this.callMs = callMs;
    this.nonsense += isNonsense ? 1 : 0;
    if (this.lastStatus === 'ESTA') this.lastStatus = 'RETR';
  }

  /** Whether it was not told yet why it cannot be reached. */
  isNewProblem(reason: string): boolean {
    const isNew = reason !== this.#problem;
    this.#problem = reason;
    return isNew;
  }
}
