// Messages between the master and its workers. Plain data; listening sockets travel beside `listen`.
import type { DiagnosisAnswer, DiagnosisQuestion } from './diagnosis.ts';
import type { Seen } from '../core/balance/sightings.ts';
import type { ServerView, Suspicion } from '../core/balance/server-state.ts';
import type { StickChanges } from '../core/balance/stick-tables.ts';
import type { ProxyConfig } from '../core/config/model.ts';
import type { Shared } from './lending.ts';
import type { Taken } from './rate-limits.ts';
import type { TlsMaterial } from './tls-material.ts';

export type ToWorker =
  | {
      readonly type: 'configure';
      /** Counts configurations; comes back in `ready`. */
      readonly generation: number;
      readonly config: ProxyConfig;
      readonly tls: TlsMaterial;
      readonly views: readonly ServerView[];
      readonly workers: number;
      readonly worker: number;
      readonly epoch: number;
    }
  /** Slots that workers lent each other are theirs again: one of them is gone. */
  | { readonly type: 'shares'; readonly epoch: number }
  /** Another worker wants a slot. */
  | { readonly type: 'lend'; readonly shared: Shared; readonly to: number; readonly sinceMs: number }
  /** Another worker gave one, or has none. */
  | { readonly type: 'slot'; readonly shared: Shared; readonly slot: number; readonly epoch: number }
  | { readonly type: 'no-slot'; readonly shared: Shared; readonly epoch: number }
  /** What backends have in all other workers together. */
  | { readonly type: 'load'; readonly loads: Loads }
  /** What seals the tickets of sessions: 48 bytes in Base64. */
  | { readonly type: 'ticket-keys'; readonly keys: string }
  /** What issuers say of certificates: DER in Base64, by the certificate's fingerprint. */
  | { readonly type: 'staples'; readonly staples: Readonly<Record<string, string>> }
  /** What an ACME authority is answered with: all that there is now. Comes back as `known`. */
  | {
      readonly type: 'challenges';
      readonly worker: number;
      readonly generation: number;
      readonly answers: readonly { readonly token: string; readonly keyAuthorization: string }[];
    }
  | { readonly type: 'listen'; readonly bind: string }
  | { readonly type: 'unlisten'; readonly bind: string }
  | { readonly type: 'server'; readonly view: ServerView }
  /** A check of the server passed: what a worker suspected is over. */
  | { readonly type: 'trust'; readonly key: string }
  /** Failures of the server are being counted: what passes is to be told. */
  | { readonly type: 'watch'; readonly key: string; readonly breaker: boolean; readonly check: boolean }
  /** Another worker met a failure of the server. */
  | { readonly type: 'suspect'; readonly key: string; readonly suspicion: Exclude<Suspicion, 'none'> }
  | { readonly type: 'shutdown-sessions'; readonly key: string }
  | { readonly type: 'report'; readonly id: number }
  /** What other workers let in under rate limits. */
  | { readonly type: 'taken'; readonly taken: Taken }
  /** Entries of stick tables, as they stand now. */
  | { readonly type: 'stuck'; readonly changes: StickChanges }
  | { readonly type: 'unstick'; readonly table: string; readonly keys: readonly string[] }
  | { readonly type: 'clear'; readonly all: boolean }
  | { readonly type: 'sessions'; readonly id: number }
  | { readonly type: 'shutdown-session'; readonly session: string }
  | { readonly type: 'reopen-log'; readonly id: number }
  | { readonly type: 'diagnose'; readonly id: number; readonly question: DiagnosisQuestion }
  | { readonly type: 'stop'; readonly graceMs: number; readonly keepAccepting: boolean };

/** Requests and connections, with those that wait, by backend. */
export type Loads = Readonly<Record<string, number>>;

/** Rows of counters by `frontend:NAME`, `backend:NAME`, `server:BACKEND/NAME`. */
export type Report = Readonly<Record<string, readonly number[]>>;

/** One connection of a client. */
export interface SessionFacts {
  /** `worker:address:port`. */
  readonly id: string;
  readonly source: string;
  readonly frontend: string;
  readonly backend: string | undefined;
  readonly server: string | undefined;
  readonly phase: string;
  readonly ageMs: number;
}

/** A request that was no valid one. */
export interface DroppedRequest {
  readonly atMs: number;
  readonly frontend: string;
  readonly client: string;
  readonly status: number;
  readonly reason: string;
}

export type FromWorker =
  /** A request waits for a slot; the other workers may have one. */
  | { readonly type: 'need-slot'; readonly worker: number; readonly shared: Shared; readonly sinceMs: number }
  /** A slot for a worker that asked, or none. Of an epoch: with the next one everybody has its own again. */
  | {
      readonly type: 'lend-slot';
      readonly to: number;
      readonly shared: Shared;
      readonly slot: number;
      readonly epoch: number;
    }
  | { readonly type: 'refuse-slot'; readonly to: number; readonly shared: Shared; readonly epoch: number }
  | { readonly type: 'load'; readonly worker: number; readonly loads: Loads }
  /** A frontend has room again: the socket that the worker closed is wanted back. */
  | { readonly type: 'listen-again'; readonly worker: number; readonly bind: string }
  | { readonly type: 'ready'; readonly worker: number; readonly generation: number }
  /** The configuration does not work here; the one before goes on. */
  | { readonly type: 'failed'; readonly worker: number; readonly generation: number; readonly message: string }
  | { readonly type: 'known'; readonly worker: number; readonly generation: number }
  | { readonly type: 'listening'; readonly bind: string }
  | {
      readonly type: 'accuse';
      readonly worker: number;
      readonly key: string;
      readonly suspicion: Exclude<Suspicion, 'none'>;
    }
  /** What traffic met, of servers of which there is news. */
  | { readonly type: 'seen'; readonly servers: Readonly<Record<string, Seen>> }
  | { readonly type: 'holding'; readonly backend: string }
  | { readonly type: 'taken'; readonly worker: number; readonly taken: Taken }
  /** What is new in the stick tables of a worker. */
  | { readonly type: 'stuck'; readonly worker: number; readonly changes: StickChanges }
  | { readonly type: 'report'; readonly id: number; readonly rows: Report; readonly idlePercent: number }
  | { readonly type: 'sessions'; readonly id: number; readonly sessions: readonly SessionFacts[] }
  /** Nothing is written to files any more that were renamed; not `ok`: one could not be opened again. */
  | { readonly type: 'log-reopened'; readonly id: number; readonly ok: boolean }
  | { readonly type: 'diagnosed'; readonly id: number; readonly answer: DiagnosisAnswer }
  /** What a plugin says, or does wrong. */
  | { readonly type: 'plugin'; readonly plugin: string; readonly text: string; readonly isError: boolean }
  /** What a worker has to say to whoever runs the proxy. */
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'dropped'; readonly dropped: DroppedRequest };
