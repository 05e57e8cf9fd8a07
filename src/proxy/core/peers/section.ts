// The machines that share stick tables with this one, and how far each is: who is called when, who is asked for all entries
// after a start, who wins when two call each other. Pure: sockets are elsewhere, the clock and chance are arguments.
import type { StickChange, StickTable } from '../balance/stick-table.ts';
import type { Status } from './hello.ts';
import type { PeerEntry } from './incoming.ts';
import type { PeersConfig } from './model.ts';
import { Member } from './member.ts';
import { PeerSession, type SessionOwner } from './session.ts';
import { SharedTable } from './shared-table.ts';

/** What happens to peers, for logs and events. */
export type PeerNews =
  | { readonly what: 'up' | 'synchronised'; readonly peer: string }
  | { readonly what: 'down' | 'unreachable' | 'ignored' | 'refused'; readonly peer: string; readonly reason: string }
  | { readonly what: 'taught'; readonly peer: string; readonly entries: number };

export interface SectionPorts {
  /** Of 0 up to 1. */
  random(): number;
  processId: number;
  tell(news: PeerNews): void;
  /** The workers are to hear of an entry. */
  learned(table: string, change: StickChange): void;
  /** Names of the servers of a table by their ids. */
  readonly serversOf: (table: string) => ReadonlyMap<number, string>;
}

/** HAProxy's own: after a connection that was there, two peers must not call each other at once again and again. */
const pauseMs = { least: 50, span: 2000 };

export class PeerSection implements SessionOwner {
  readonly #ports: SectionPorts;
  config: PeersConfig;
  tables: readonly SharedTable[] = [];
  members: readonly Member[] = [];
  /** All there is was asked for and told, or nobody had it. */
  isUpToDate = false;
  #wants = true;
  #asked: PeerSession | undefined;
  readonly #askedBefore = new Set<string>();
  /** Until then somebody is looked for who has all there is. */
  askUntilMs = 0;
  #lastTableId = 0;

  constructor(config: PeersConfig, ports: SectionPorts) {
    this.config = config;
    this.#ports = ports;
  }

  /** Takes a configuration; connections of members that stay the same stay. Those of others are to be closed. */
  configure(config: PeersConfig, tables: readonly StickTable[], nowMs: number): void {
    const isRenamed = config.local !== this.config.local;
    this.config = config;
    const before = this.tables;
    const { serversOf } = this.#ports;
    const others = before.filter((shared) => shared.refresh(serversOf(shared.table.config.name)));
    this.tables = tables.map((table) => {
      const known = before.find((shared) => shared.table === table);
      return known ?? new SharedTable((this.#lastTableId += 1), table, serversOf(table.config.name));
    });
    const old = this.members;
    this.members = config.members.map((member) => {
      const known = isRenamed ? undefined : old.find((each) => each.is(member));
      known?.keep(this.tables);
      return known ?? new Member(member);
    });
    // What a table holds on the other side is asked for as after a start.
    if (this.tables.some((shared) => !before.includes(shared))) this.#askAgain(nowMs);
    // What both said of a table holds for a connection.
    for (const member of old)
      if (others.length > 0 || !this.members.includes(member)) member.session?.close('the configuration changed');
  }

  /** An entry was changed on this machine. */
  touched(table: string, key: string): void {
    this.tables.find((each) => each.table.config.name === table)?.log.touch(key, true);
  }

  /** Members that are to be called now. */
  due(nowMs: number): readonly Member[] {
    return this.members.filter(({ session, callMs }) => !session && nowMs >= callMs);
  }

  call(member: Member, nowMs: number): PeerSession {
    const session = new PeerSession(this, member.name, this.#ports.processId, nowMs);
    session.follow(member.progressOf);
    member.begin(session);
    return session;
  }

  /** Somebody called; who it is comes with its greeting. */
  called(nowMs: number): PeerSession {
    return new PeerSession(this, undefined, this.#ports.processId, nowMs);
  }

  /** The connection of a session is gone, whoever ended it. */
  ended(session: PeerSession, nowMs: number): void {
    session.close('it closed the connection');
    const { reason = '', isNonsense = false } = session.end ?? {};
    if (this.#asked === session) this.#askedInVain(session);
    const member = this.members.find((each) => each.session === session);
    if (!member) {
      if (!session.isOpen && !session.isCaller && !session.isTooMany)
        this.#ports.tell({ what: 'refused', peer: session.from, reason });
      return;
    }
    const pause = pauseMs.least + this.#ports.random() * pauseMs.span;
    const { reconnectMs } = this.config.timeouts;
    member.leave(
      nowMs +
        (session.isOpen && !isNonsense ? Math.min(pause, reconnectMs) : reconnectMs * (1 + this.#ports.random() / 10)),
      isNonsense,
    );
    if (session.isOpen) this.#ports.tell({ what: 'down', peer: member.name, reason });
    else if (member.isNewProblem(reason)) this.#ports.tell({ what: 'unreachable', peer: member.name, reason });
  }

  tick(nowMs: number): void {
    for (const { session } of this.members) session?.tick(nowMs);
    if (!this.#wants) return;
    const { resyncMs } = this.config.timeouts;
    if (this.#asked) {
      if (nowMs - this.#asked.busyMs >= resyncMs) this.#asked = undefined;
      return;
    }
    const open = this.members.filter(({ name, session }) => session?.isOpen === true && !this.#askedBefore.has(name));
    const chosen = open[Math.floor(this.#ports.random() * open.length)];
    if (chosen?.session) {
      this.#asked = chosen.session;
      this.#asked.busyMs = nowMs;
      this.#askedBefore.add(chosen.name);
      this.askUntilMs = nowMs + resyncMs;
      chosen.session.ask();
    } else if (nowMs >= this.askUntilMs) {
      this.isUpToDate = true;
      // Who could not be reached until now is asked when it comes.
      this.#wants = this.members.some(({ name }) => !this.#askedBefore.has(name));
    }
  }

  #askAgain(nowMs: number): void {
    this.isUpToDate = false;
    this.#wants = true;
    this.#asked = undefined;
    this.#askedBefore.clear();
    this.askUntilMs = nowMs + this.config.timeouts.resyncMs;
  }

  /** The connection broke before all was told: it is asked again. */
  #askedInVain({ peer = '' }: PeerSession): void {
    this.#asked = undefined;
    this.#askedBefore.delete(peer);
  }

  // From here on: what sessions tell.

  entry(entry: PeerEntry, nowMs: number): void {
    const change = entry.shared.take(entry, nowMs);
    if (change) this.#ports.learned(entry.shared.table.config.name, change);
  }

  ignored({ peer = '' }: PeerSession, reason: string): void {
    this.#ports.tell({ what: 'ignored', peer, reason });
  }

  taught({ peer = '' }: PeerSession, entries: number): void {
    this.#ports.tell({ what: 'taught', peer, entries });
  }

  learned(session: PeerSession, complete: boolean): void {
    if (this.#asked !== session) return;
    this.#asked = undefined;
    if (!complete) return;
    this.isUpToDate = true;
    this.#wants = false;
    this.#ports.tell({ what: 'synchronised', peer: session.peer ?? '' });
  }

  /** The last that calls wins: what there was with it before ends. */
  greeted(session: PeerSession, from: string, to: string): Status {
    if (to !== this.config.local) return 503;
    const member = this.members.find(({ name }) => name === from);
    if (!member) return 504;
    const before = member.session;
    // Both call at the same time: one of the two calls must stay.
    if (before?.isGreeting === true && this.config.local < from) return 300;
    session.peer = from;
    session.follow(member.progressOf);
    if (before) {
      before.close('the peer called anew');
      if (before.isOpen) this.#ports.tell({ what: 'down', peer: from, reason: 'it called anew' });
      if (this.#asked === before) this.#askedInVain(before);
    }
    member.begin(session, before !== undefined);
    return 200;
  }

  opened(session: PeerSession, nowMs: number): void {
    const member = this.members.find((each) => each.session === session);
    member?.open(nowMs);
    this.#ports.tell({ what: 'up', peer: session.peer ?? '' });
    this.tick(nowMs);
  }
}
