// What hooks return -> heads and answers. Judged as strictly as what clients send: a plugin must not be able to split messages.
import { answer, type Answer, type Incoming, pathOf, queryOf } from '../handling/incoming.ts';
import { protectedHeaders } from '../handling/header-edits.ts';
import type { ResponseHead } from '../http/response-head.ts';
import { isToken, withoutFields } from '../http/scan.ts';
import { VezaError } from '../../../lib/errors.ts';
import type { PluginRequest } from './api.ts';

/** What goes on: an answer in place of all else, or nothing. */
export type Verdict = Answer | undefined;

type Changes = Readonly<Record<string, unknown>>;

/** Requests as plugins see them, while they live: all hooks of a request share its notes. */
const notesOf = new WeakMap<Incoming, Map<string, unknown>>();

export function requestView(incoming: Incoming): PluginRequest {
  const { head, target, client, peerText, frontend, requestId, scheme } = incoming;
  const notes = notesOf.get(incoming) ?? new Map<string, unknown>();
  notesOf.set(incoming, notes);
  const lines = `Host: ${head.host}\r\n${head.fields}${head.cookie === '' ? '' : `Cookie: ${head.cookie}\r\n`}`;
  return {
    method: head.method,
    target,
    path: pathOf(target),
    query: queryOf(target).slice(1),
    host: head.host,
    scheme,
    client,
    peer: peerText,
    frontend,
    requestId,
    headers: headersOf(lines),
    notes,
  };
}

/** Header lines as a record. */
export function headersOf(lines: string): Readonly<Record<string, string>> {
  const headers = Object.create(null) as Record<string, string>;
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return headers;
}

/** Takes what `onRequest` returned. Throws VezaError if that is no result. */
export function applyToRequest(incoming: Incoming, result: unknown): Verdict {
  const changes = changesOf(result);
  if (!changes) return undefined;
  if (changes['action'] === 'stop') return answerOf(changes);
  const { head } = incoming;
  const { target } = changes;
  if (target !== undefined) {
    if (typeof target !== 'string' || !/^\/[!-~]*$/.test(target) || target.includes('#'))
      throw wrong('`target` must be a path that begins with `/`, of printable ASCII');
    incoming.target = target;
  }
  head.fields = editedLines(head.fields, changes, (name, value) => {
    if (name !== 'cookie') return false;
    head.cookie = value ?? '';
    return true;
  });
  return undefined;
}

/** Takes what `onResponse` returned. */
export function applyToResponse(head: ResponseHead, result: unknown): Verdict {
  const changes = changesOf(result);
  if (!changes) return undefined;
  if (changes['action'] === 'stop') return answerOf(changes);
  const { status } = changes;
  if (status !== undefined) {
    const fine = isStatus(status) && !isBodiless(status) && !isBodiless(head.status);
    if (!fine) throw wrong('`status` must be 200 to 599, and cannot change from or to one without a body');
    head.status = status;
    head.statusText = `${status} `;
  }
  head.fields = editedLines(head.fields, changes, () => false);
  if (/^set-cookie:/im.test(head.fields)) head.hasSetCookie = true;
  return undefined;
}

function changesOf(result: unknown): Changes | undefined {
  if (result === undefined) return undefined;
  const action = typeof result === 'object' && result !== null ? (result as Changes)['action'] : undefined;
  if (action === 'continue') return undefined;
  if (action === 'stop' || action === 'modify') return result as Changes;
  throw wrong('a hook must return nothing, or an object whose `action` is continue, stop or modify');
}

function answerOf({ status, headers, body }: Changes): Answer {
  if (!isStatus(status)) throw wrong('`status` must be a number from 200 to 599');
  if (body !== undefined && typeof body !== 'string') throw wrong('`body` must be a text');
  return answer(status, linesOf(headers), body);
}

function editedLines(
  fields: string,
  { setHeaders, removeHeaders }: Changes,
  special: (name: string, value: string | undefined) => boolean,
): string {
  const gone: string[] = [];
  if (removeHeaders !== undefined && !Array.isArray(removeHeaders)) throw wrong('`removeHeaders` must be a list');
  for (const name of (removeHeaders ?? []) as readonly unknown[]) {
    const checked = checkedName(name);
    if (!special(checked, undefined)) gone.push(checked);
  }
  const set = entriesOf(setHeaders).filter(([name, value]) => !special(name.toLowerCase(), value));
  gone.push(...set.map(([name]) => name.toLowerCase()));
  const kept = gone.length > 0 ? withoutFields(fields, gone) : fields;
  return kept + set.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

function linesOf(headers: unknown): string {
  return entriesOf(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

function entriesOf(headers: unknown): (readonly [string, string])[] {
  if (headers === undefined) return [];
  if (typeof headers !== 'object' || headers === null) throw wrong('headers must be an object of names and texts');
  return Object.entries(headers).map(([name, value]) => {
    checkedName(name);
    if (typeof value !== 'string' || !/^[\t -~\u0080-\u00ff]*$/.test(value))
      throw wrong(`the value of header \`${name}\` must be a text without line ends`);
    return [name, value] as const;
  });
}

function checkedName(name: unknown): string {
  if (typeof name !== 'string' || !isToken(name, 0, name.length)) throw wrong('a header needs a name');
  if (protectedHeaders.has(name.toLowerCase())) throw wrong(`\`${name}\` frames messages and cannot be edited`);
  return name.toLowerCase();
}

function isStatus(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599;
}

function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

function wrong(message: string): VezaError {
  return new VezaError('bad-plugin-result', message);
}
