// What the schema cannot say about balancing: names of policies, keys that policies need, limits that fit together.
import { balanceNames, balanceWord } from './balance-names.ts';
import { type Add, checkPattern } from './check-handling.ts';
import { nearName, showPath } from './explain.ts';
import type { ConfigDocument, Path } from './read.ts';

type BackendDocument = ConfigDocument['backends'][number];

/** All problems of how a backend picks servers. */
export function checkBalance(backend: BackendDocument, path: Path, add: Add): void {
  const word = balanceWord(backend.balance);
  if (!word) {
    const at = [...path, 'balance'];
    const hint = nearName(backend.balance.replace(/\(.*/, ''), balanceNames);
    add('bad-value', `${showPath(at)}: there is no policy \`${backend.balance}\``, at, hint);
  } else if (word.policy === 'hash') {
    checkHash(backend, word.key, path, add);
  } else if (backend.hash) {
    add(
      'bad-value',
      `\`hash\` means nothing to balance: ${backend.balance}`,
      [...path, 'hash'],
      'Set `balance: hash`, or remove it.',
    );
  }
  backend.servers.forEach((server, index) => {
    if (server.minconn > 0 && server.minconn >= server.maxconn) {
      const at = [...path, 'servers', index, 'minconn'];
      add(
        'bad-value',
        'minconn must be less than maxconn',
        at,
        'It is the limit of an idle backend, maxconn that of a full one.',
      );
    }
  });
}

const needs = {
  'path-segment': 'index',
  'path-regex': 'pattern',
  header: 'name',
  query: 'name',
  cookie: 'name',
} as const;

function checkHash(backend: BackendDocument, named: string | undefined, path: Path, add: Add): void {
  const { hash, balance } = backend;
  const key = named ?? hash?.key;
  if (key === undefined) {
    add(
      'missing-key',
      `balance: ${balance} needs the key \`hash\` with a \`key\``,
      hash ? [...path, 'hash'] : path,
      'For instance `hash: { key: path-segment, index: 2 }`.',
    );
    return;
  }
  if (named !== undefined && hash?.key !== undefined && hash.key !== named) {
    add(
      'bad-value',
      `balance: ${balance} hashes ${named}, and hash.key says ${hash.key}`,
      [...path, 'hash', 'key'],
      'Set `balance: hash`, or remove the key.',
    );
  }
  checkKey({ ...hash, key }, 'hash key', hash ? [...path, 'hash'] : path, add);
  if (hash?.type === 'map-based' && hash.balanceFactor > 0)
    add('bad-value', 'balanceFactor needs the type consistent', [...path, 'hash', 'balanceFactor']);
}

interface KeyDocument {
  readonly key: string;
  readonly index?: number | undefined;
  readonly pattern?: string | undefined;
  readonly name?: string | undefined;
}

/** What a kind of key must say beside it. */
export function checkKey(from: KeyDocument, noun: string, path: Path, add: Add): void {
  const { key, pattern } = from;
  const needed = key in needs ? needs[key as keyof typeof needs] : undefined;
  if (needed !== undefined && from[needed] === undefined)
    add('missing-key', `${noun} ${key} needs \`${needed}\``, path);
  if (pattern !== undefined) checkPattern(pattern, [...path, 'pattern'], add);
}
