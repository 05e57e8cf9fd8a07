// What the persistence cookie says, and what is put into it: which server, and if its age is limited, since when. HAProxy's
// forms: `id`, `id|last|first` with dates, `id~value` in front of a cookie of the application.
import type { CookieConfig } from '../config/model.ts';
import { takeCookie } from './cookie.ts';

export interface Persistence {
  /** Cookie value of a server; undefined if the client has none that counts. */
  readonly id: string | undefined;
  /** The Cookie header as servers get it. */
  readonly rest: string;
  /** When the client first got it, in epoch seconds; 0 = not known. */
  readonly firstSeconds: number;
  /** The client should get it again, with a new date. */
  readonly renew: boolean;
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Dates are counted in these, so that five digits are enough. */
const unitSeconds = 4;
/** Clocks may differ, but not by more. */
const futureSeconds = 86_400;
/** A date that is not older is not worth another Set-Cookie. */
const freshSeconds = 60;

/** Takes the cookie out of a Cookie header. */
export function readPersistence(header: string, config: CookieConfig, nowSeconds: number): Persistence {
  const { value, rest } = takeCookie(header, config.name);
  if (value === undefined) return { id: undefined, rest: header, firstSeconds: 0, renew: false };
  if (config.mode === 'rewrite') return { id: value, rest: header, firstSeconds: 0, renew: false };
  if (config.mode === 'prefix') {
    const end = value.indexOf('~');
    if (end < 0) return { id: undefined, rest: header, firstSeconds: 0, renew: false };
    const own = `${config.name}=${value.slice(end + 1)}`;
    return { id: value.slice(0, end), rest: rest === '' ? own : `${rest}; ${own}`, firstSeconds: 0, renew: false };
  }
  const [id, last, first] = value.split('|');
  if (!isLimited(config)) return { id, rest, firstSeconds: 0, renew: false };
  const lastSeconds = readDate(last, nowSeconds);
  const firstSeconds = readDate(first, nowSeconds);
  const idle = config.maxIdleSeconds > 0 && lastSeconds > 0 && nowSeconds - lastSeconds > config.maxIdleSeconds;
  const old = config.maxLifeSeconds > 0 && firstSeconds > 0 && nowSeconds - firstSeconds > config.maxLifeSeconds;
  if (idle || old) return { id: undefined, rest, firstSeconds: 0, renew: false };
  const stale = nowSeconds - lastSeconds >= Math.min(freshSeconds, config.maxIdleSeconds / 4);
  const undated = (config.maxLifeSeconds > 0 && firstSeconds === 0) || (config.maxIdleSeconds > 0 && lastSeconds === 0);
  return { id, rest, firstSeconds, renew: undated || (config.maxIdleSeconds > 0 && stale) };
}

/** The value for a client: `firstSeconds` 0 = it gets it for the first time now. */
export function persistenceValue(config: CookieConfig, id: string, firstSeconds: number, nowSeconds: number): string {
  if (!isLimited(config)) return id;
  const first = config.maxLifeSeconds > 0 ? `|${writeDate(firstSeconds || nowSeconds)}` : '';
  return `${id}|${writeDate(nowSeconds)}${first}`;
}

function isLimited({ maxIdleSeconds, maxLifeSeconds }: CookieConfig): boolean {
  return maxIdleSeconds > 0 || maxLifeSeconds > 0;
}

function writeDate(seconds: number): string {
  let left = Math.floor(seconds / unitSeconds) % 64 ** 5;
  let text = '';
  for (let place = 0; place < 5; place += 1) {
    text = (digits[left % 64] ?? '') + text;
    left = Math.floor(left / 64);
  }
  return text;
}

/** 0 for what is no date, or one of another time. */
function readDate(text: string | undefined, nowSeconds: number): number {
  if (text?.length !== 5) return 0;
  let units = 0;
  for (const digit of text) {
    const value = digits.indexOf(digit);
    if (value < 0) return 0;
    units = units * 64 + value;
  }
  const seconds = units * unitSeconds;
  return seconds > nowSeconds + futureSeconds ? 0 : seconds;
}

/** Header lines of a response where the application itself sets the cookie: its value names the server, or begins with it. */
export function markedSetCookie(config: CookieConfig, fields: string, id: string): string {
  if (!fields.includes(`${config.name}=`)) return fields;
  return fields.replaceAll(
    /^(set-cookie:[ \t]*)([^=;\r\n]+)(=)([^;\r\n]*)/gim,
    (line, start: string, name: string, equals: string, value: string) => {
      if (name.trim() !== config.name) return line;
      return `${start}${name}${equals}${config.mode === 'prefix' ? `${id}~${value}` : id}`;
    },
  );
}
