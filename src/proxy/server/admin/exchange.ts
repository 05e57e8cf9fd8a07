// What a route of the admin interface gets and gives.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { noSuchBackend, noSuchFrontend, noSuchServer } from '../../core/config/edit.ts';
import type { Grant } from '../../core/admin/sessions.ts';
import type { ControlledProxy } from '../controlled-proxy.ts';
import type { ServerActions } from '../server-actions.ts';
import type { Authority } from './authority.ts';

export interface AdminRequest {
  readonly proxy: ControlledProxy;
  readonly actions: ServerActions;
  readonly authority: Authority;
  readonly message: IncomingMessage;
  readonly grant: Grant;
  /** For the audit. */
  readonly actor: string;
  /** Address, or the socket. */
  readonly from: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Checked against the schema of the route; a text where it takes text. */
  readonly body: unknown;
}

export interface AdminAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Writes the rest as it comes; called with a response whose head is sent. Returns what ends it. */
  readonly stream?: (response: ServerResponse) => () => void;
}

const unknownNames: readonly string[] = [noSuchServer, noSuchBackend, noSuchFrontend];

const jsonType = 'application/json; charset=utf-8';

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): AdminAnswer {
  return { status, headers: { 'Content-Type': jsonType, ...headers }, body: `${JSON.stringify(value, null, 2)}\n` };
}

export function problem(status: number, code: string, message: string, problems?: readonly object[]): AdminAnswer {
  return json(status, { error: { code, message, ...(problems && { problems }) } });
}

/** What an action says is wrong. */
export function refused(wrong: string): AdminAnswer {
  return unknownNames.includes(wrong) ? problem(404, 'not-found', wrong) : problem(409, 'refused', wrong);
}

export const done: AdminAnswer = json(200, { ok: true });
