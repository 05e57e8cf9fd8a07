// Who is picked and who waits: the part of a backend's document -> the model.
import { createHmac } from 'node:crypto';
import { balanceWord } from './balance-names.ts';
import { durationMs } from './duration.ts';
import type { BackendConfig, CookieConfig, HashConfig, KeyConfig } from './model.ts';
import type { ConfigDocument } from './read.ts';

type BackendDocument = ConfigDocument['backends'][number];

type BalanceConfig = Pick<
  BackendConfig,
  'balance' | 'draws' | 'hash' | 'allBackups' | 'allDown' | 'persist' | 'holdMs' | 'maxconn' | 'maxqueue' | 'fullconn'
>;

/** The cookie of `sticky-session` where none is configured. */
const stickySession = {
  name: 'SESSION_SERVER',
  mode: 'insert',
  httponly: true,
  secure: 'auto',
  samesite: 'Lax',
  maxidle: '0',
  maxlife: '0',
} as const;

type CookieDocument = NonNullable<BackendDocument['cookie']>;

/** How clients are bound to servers by a cookie, if they are. */
export function resolveCookie(backend: BackendDocument): CookieConfig | undefined {
  const cookie: CookieDocument | undefined =
    backend.cookie ?? (balanceWord(backend.balance)?.sticky === true ? { ...stickySession } : undefined);
  if (!cookie) return undefined;
  return {
    name: cookie.name,
    mode: cookie.mode,
    attributes: attributes(cookie, cookie.secure === true),
    secureAttributes: attributes(cookie, cookie.secure !== false),
    maxIdleSeconds: durationMs(cookie.maxidle) / 1000,
    maxLifeSeconds: durationMs(cookie.maxlife) / 1000,
  };
}

/** HAProxy's order: HttpOnly, Secure, domain, further attributes. */
function attributes(cookie: CookieDocument, secure: boolean): string {
  return [
    cookie.httponly && '; HttpOnly',
    secure && '; Secure',
    cookie.domain !== undefined && `; domain=${cookie.domain}`,
    cookie.samesite !== undefined && `; SameSite=${cookie.samesite}`,
  ]
    .filter((part) => part !== false)
    .join('');
}

/** What the cookie says for a server: its own word, or one that tells nobody anything. */
export function cookieWord(backend: BackendDocument, server: BackendDocument['servers'][number]): string {
  const word = server.cookie ?? server.name;
  const secret = backend.cookie?.secret;
  if (secret === undefined) return word;
  return createHmac('sha256', secret).update(`${backend.name}/${word}`).digest('base64url').slice(0, 22);
}

/** The document must have passed checkBalance. */
export function resolveBalance(backend: BackendDocument): BalanceConfig {
  const word = balanceWord(backend.balance);
  const limits = backend.servers.reduce((sum, server) => sum + server.maxconn, 0);
  return {
    balance: word?.policy ?? 'roundrobin',
    draws: word?.draws ?? 2,
    hash: word?.policy === 'hash' ? resolveHash(backend.hash ?? {}, word.key) : undefined,
    allBackups: backend.allbackups,
    allDown: backend.allDown,
    persist: backend.persist,
    holdMs: backend.allDown === 'hold' ? durationMs(backend.hold) : 0,
    maxconn: backend.maxconn,
    maxqueue: backend.maxqueue,
    fullconn: backend.fullconn ?? Math.max(1, limits),
  };
}

function resolveHash(
  hash: Partial<NonNullable<BackendDocument['hash']>>,
  key: HashConfig['key'] | undefined,
): HashConfig {
  return {
    ...resolveKey({ ...hash, key: key ?? hash.key }),
    type: hash.type ?? 'consistent',
    balanceFactor: hash.balanceFactor ?? 0,
  };
}

type KeyDocument = { readonly [Key in keyof KeyConfig]?: KeyConfig[Key] | undefined };

/** What a request is known by. */
export function resolveKey(from: KeyDocument): KeyConfig {
  return {
    key: from.key ?? 'uri',
    index: from.index ?? 1,
    pattern: from.pattern ?? '',
    name: from.name ?? '',
    len: from.len ?? 0,
    depth: from.depth ?? 0,
    whole: from.whole ?? false,
    ipv4Prefix: from.ipv4Prefix ?? 32,
    ipv6Prefix: from.ipv6Prefix ?? 128,
  };
}
