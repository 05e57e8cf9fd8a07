// Names of balancing policies: HAProxy's, and what else users call them.
import type { BackendConfig, HashConfig } from './model.ts';

type Policy = BackendConfig['balance'];

export interface BalanceWord {
  readonly policy: Policy;
  /** The key that the name itself says. */
  readonly key?: HashConfig['key'];
  /** Persistence by a cookie, whether or not one is configured. */
  readonly sticky?: boolean;
}

const words: Readonly<Record<string, BalanceWord>> = {
  roundrobin: { policy: 'roundrobin' },
  'static-rr': { policy: 'static-rr' },
  leastconn: { policy: 'leastconn' },
  random: { policy: 'random' },
  first: { policy: 'first' },
  source: { policy: 'hash', key: 'source' },
  uri: { policy: 'hash', key: 'uri' },
  hdr: { policy: 'hash', key: 'header' },
  url_param: { policy: 'hash', key: 'query' },
  hash: { policy: 'hash' },
  'least-response-time': { policy: 'least-response-time' },
  'sticky-session': { policy: 'roundrobin', sticky: true },
  adaptive: { policy: 'adaptive' },
};

/** Other names, without what separates their words. */
const aliases: Readonly<Record<string, string>> = {
  roundrobin: 'roundrobin',
  rr: 'roundrobin',
  weightedroundrobin: 'roundrobin',
  wrr: 'roundrobin',
  staticrr: 'static-rr',
  leastconn: 'leastconn',
  leastconnection: 'leastconn',
  leastconnections: 'leastconn',
  weightedleastconnections: 'leastconn',
  poweroftwo: 'random',
  poweroftwochoices: 'random',
  iphash: 'source',
  sourceip: 'source',
  sourcehash: 'source',
  urihash: 'uri',
  urlhash: 'uri',
  urlparam: 'url_param',
  header: 'hdr',
  consistenthash: 'hash',
  leastresponsetime: 'least-response-time',
  leasttime: 'least-response-time',
  responsetime: 'least-response-time',
  ewma: 'least-response-time',
  sticky: 'sticky-session',
  stickysession: 'sticky-session',
  stickysessions: 'sticky-session',
};

/** The names that messages suggest. */
export const balanceNames: readonly string[] = Object.keys(words);

/** What a name means, however it is written; undefined if it is none. `random(3)` says the number of draws. */
export function balanceWord(text: string): (BalanceWord & { readonly draws: number }) | undefined {
  const [, name = '', draws] = /^([A-Za-z_-]+)(?:\(([1-9][0-9]?)\))?$/.exec(text) ?? [];
  const lower = name.toLowerCase();
  const plain = aliases[lower.replaceAll(/[-_]/g, '')] ?? lower;
  const word = Object.hasOwn(words, plain) ? words[plain] : undefined;
  if (!word || (draws !== undefined && word.policy !== 'random')) return undefined;
  return { ...word, draws: Number(draws ?? 2) };
}
