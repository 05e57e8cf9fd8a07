// Who is picked and who waits: the part of a backend's document -> the model.
import { balanceWord } from './balance-names.ts';
import { durationMs } from './duration.ts';
import type { BackendConfig, CookieConfig, HashConfig } from './model.ts';
import type { ConfigDocument } from './read.ts';

type BackendDocument = ConfigDocument['backends'][number];

type BalanceConfig = Pick<
  BackendConfig,
  'balance' | 'draws' | 'hash' | 'allBackups' | 'allDown' | 'holdMs' | 'maxconn' | 'maxqueue' | 'fullconn'
>;

/** The cookie of `sticky-session` where none is configured. */
export const stickySessionCookie: CookieConfig = {
  name: 'SESSION_SERVER',
  attributes: '; HttpOnly; SameSite=Lax',
  tlsAttributes: '; HttpOnly; Secure; SameSite=Lax',
};

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
    key: key ?? hash.key ?? 'uri',
    type: hash.type ?? 'consistent',
    index: hash.index ?? 1,
    pattern: hash.pattern ?? '',
    name: hash.name ?? '',
    len: hash.len ?? 0,
    depth: hash.depth ?? 0,
    whole: hash.whole ?? false,
    ipv4Prefix: hash.ipv4Prefix ?? 32,
    ipv6Prefix: hash.ipv6Prefix ?? 128,
    balanceFactor: hash.balanceFactor ?? 0,
  };
}
