// Entries of the operational log: what the proxy says of itself. Fields with telling names are masked before anybody sees them.
import { syslogDate } from './access-fields.ts';

export const levels = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof levels)[number];

export type Fields = Readonly<Record<string, unknown>>;

export interface LogEntry {
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
}

const secretName = /pass(word|wd|phrase)?$|secret|token|authorization|cookie$|private_?key|api_?key|credential/i;
export const mask = '********';
const maxDepth = 6;

/** Whether a name tells that its value is secret; `X-Api-Key` is as `x_api_key`. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.replaceAll('-', '_'));
}

/** A copy in which the values of secret names, and of those that `alsoSecret` knows, are hidden, at any depth. */
export function masked(value: unknown, alsoSecret: (name: string) => boolean = () => false, depth = 0): unknown {
  if (depth > maxDepth) return '...';
  if (Array.isArray(value)) return value.map((item: unknown) => masked(item, alsoSecret, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const isSecret = (name: string): boolean => isSecretName(name) || alsoSecret(name);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isSecret(name) && item !== undefined && item !== null ? mask : masked(item, alsoSecret, depth + 1),
    ]),
  );
}

/** Hides what follows `token=`, `Bearer ` and the like in a text. */
export function maskedText(text: string): string {
  return text
    .replace(/\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^\r\n"']+/gi, `$1${mask}`)
    .replace(/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${mask}`)
    .replace(/\b([A-Za-z_-]*(?:password|passwd|secret|token|api_?key)["']?\s*[:=]\s*["']?)[^\s"'&,;]+/gi, `$1${mask}`);
}

/** Level at or above another. */
export function isAtLeast(level: Level, least: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}

export function entryJson(entry: LogEntry): string {
  const { atMs, level, message, fields } = entry;
  return JSON.stringify({ time: new Date(atMs).toISOString(), level, message, ...fields });
}

/** For people. `dated`: false where a journal stamps lines itself. */
export function entryText(entry: LogEntry, dated: boolean): string {
  const { atMs, level, message, fields } = entry;
  const more = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        ` ${name}=${typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)}`,
    )
    .join('');
  const head = dated ? `${new Date(atMs).toISOString()} ` : '';
  return `${head}${level === 'info' ? '' : `${level}: `}${message}${more}`;
}

const severities: Readonly<Record<Level, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** What stands before a line in RFC 3164: `<134>Nov 21 07:30:01 veza-proxy[1234]: `. */
export function syslogHead(facility: number, level: Level, atMs: number, tag: string, pid: number): string {
  return `<${facility * 8 + severities[level]}>${syslogDate(atMs)} ${tag}[${pid}]: `;
}
