// Pieces of lines of the access log that several formats have in common: dates, what is escaped, what belongs together.
import type { AccessRecord } from './access-record.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Connections of process, frontend, backend and server, and retries. */
export function connections(record: AccessRecord): string {
  return `${record.active}/${record.frontendConnections}/${record.backendConnections}/${record.serverConnections}/${retries(record)}`;
}

/** With `+` where another server than the first got the request. */
export function retries(record: AccessRecord): string {
  return `${record.redispatched ? '+' : ''}${record.retries}`;
}

/** The frontend, with `~` for clients with TLS. */
export function frontendOf(record: AccessRecord): string {
  return record.tls ? `${record.frontend}~` : record.frontend;
}

export function requestLine(record: AccessRecord): string {
  if (record.method === '') return '<BADREQ>';
  return `${record.method} ${encoded(record.target, forUrl)} ${record.protocol}`;
}

/** Captured values in braces; '' where nothing is captured. */
export function captures(values: readonly string[] | undefined): string {
  return values ? `{${values.map((value) => encoded(value, forHeader)).join('|')}}` : '';
}

/** What could break a line or be taken for a separator is `#` and two hexadecimal digits, as in HAProxy. */
export const forUrl = /[^\x20-\x7e]|["#]/g;
export const forHeader = /[^\x20-\x7e]|["#{|}]/g;

export function encoded(text: string, dangerous: RegExp): string {
  return text.replace(
    dangerous,
    (char) => `#${(char.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

export function whole(ms: number): number {
  return ms < 0 ? -1 : Math.round(ms);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** The second that was written last: most lines share it with the line before. */
let second = { at: -1, text: '' };

/** `21/Nov/2026:07:30:01` in local time. */
function localSecond(ms: number): string {
  const at = Math.floor(ms / 1000);
  if (second.at !== at) {
    const date = new Date(at * 1000);
    const day = `${two(date.getDate())}/${months[date.getMonth()] ?? ''}/${date.getFullYear()}`;
    second = { at, text: `${day}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}` };
  }
  return second.text;
}

/** `21/Nov/2026:07:30:01.123` in local time, as HAProxy writes it. */
export function localDate(ms: number): string {
  return `${localSecond(ms)}.${milliseconds(ms)}`;
}

/** `21/Nov/2026:07:30:01 +0100`, in local time. */
export function zonedDate(ms: number): string {
  const offset = -new Date(ms).getTimezoneOffset();
  const size = Math.abs(offset);
  return `${localSecond(ms)} ${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/** `123`, of a second. */
export function milliseconds(ms: number): string {
  return String(Math.floor(ms) % 1000).padStart(3, '0');
}

/** `21/Nov/2026:07:30:01 +0000`, in UTC. */
export function commonDate(ms: number): string {
  const date = new Date(ms);
  const day = `${two(date.getUTCDate())}/${months[date.getUTCMonth()] ?? ''}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** `Nov  1 07:30:01`, as RFC 3164 has it. */
export function syslogDate(ms: number): string {
  const date = new Date(ms);
  const day = String(date.getDate()).padStart(2, ' ');
  return `${months[date.getMonth()] ?? ''} ${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
