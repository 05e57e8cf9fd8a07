// Filters that encode: base64, hashes, URLs, shell words.
import { createHash, getHashes } from 'node:crypto';
import { quote } from '../../lib/shell.ts';
import { fail } from '../budget.ts';
import { type Filter, mapArgument, textArgument } from '../callable.ts';
import { textOf } from '../text.ts';
import type { Value } from '../value.ts';
import { isList, isMap } from '../values.ts';

const uuidNamespace = '361e6d51faec444a9079341386da8e2e';

export const encodingFilters: Readonly<Record<string, Filter>> = {
  b64encode: {
    parameters: ['encoding'],
    run: (value, [encoding], { budget }) =>
      Buffer.from(textOf(value, budget), bufferEncoding(encoding)).toString('base64'),
  },
  b64decode: {
    parameters: ['encoding'],
    run: (value, [encoding], { budget }) =>
      Buffer.from(textOf(value, budget), 'base64').toString(bufferEncoding(encoding)),
  },
  hash: {
    parameters: ['hashtype'],
    run: (value, [type], { budget }) => digest(textOf(value, budget), textArgument(type, 'sha1', budget)),
  },
  checksum: { parameters: [], run: (value, _args, { budget }) => digest(textOf(value, budget), 'sha1') },
  md5: { parameters: [], run: (value, _args, { budget }) => digest(textOf(value, budget), 'md5') },
  sha1: { parameters: [], run: (value, _args, { budget }) => digest(textOf(value, budget), 'sha1') },
  to_uuid: {
    parameters: ['namespace'],
    run: (value, [namespace], { budget }) =>
      toUuid(textOf(value, budget), textArgument(namespace, uuidNamespace, budget)),
  },
  quote: {
    parameters: [],
    run: (value, _args, { budget }) => {
      const text = value === null ? '' : textOf(value, budget);
      return text.includes('\0') ? fail('a shell word cannot contain NUL') : quote(text);
    },
  },
  urlencode: {
    parameters: [],
    run: (value, _args, { budget }) => {
      const pairs = isMap(value) ? Object.entries(mapArgument(value)) : isList(value) ? value : null;
      if (pairs === null) return percentEncode(textOf(value, budget), '/');
      return pairs
        .map((pair) => {
          const [key = null, part = null] = isList(pair) ? pair : fail('urlencode needs pairs');
          return `${plusEncode(textOf(key, budget))}=${plusEncode(textOf(part, budget))}`;
        })
        .join('&');
    },
  },
};

function bufferEncoding(encoding: Value | undefined): BufferEncoding {
  if (encoding === undefined) return 'utf8';
  const name = typeof encoding === 'string' ? encoding.toLowerCase() : '';
  if (/^utf-?8$/.test(name)) return 'utf8';
  if (/^utf-?16-?le$/.test(name)) return 'utf16le';
  if (/^(?:latin-?1|iso-?8859-1)$/.test(name)) return 'latin1';
  return name === 'ascii' ? 'ascii' : fail(`there is no encoding '${name}'`, 'utf-8, utf-16-le, latin-1 or ascii');
}

/** Hex digest of a text. */
export function digest(text: string, algorithm: string): string {
  const name = algorithm.replace(/^sha3_/, 'sha3-').replace(/^sha_/, 'sha');
  if (!getHashes().includes(name)) fail(`there is no hash '${algorithm}'`, 'for instance sha256, sha512, sha1, md5');
  return createHash(name).update(text).digest('hex');
}

/** A version 5 UUID. */
function toUuid(text: string, namespace: string): string {
  const bytes = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) fail(`'${namespace}' is not a UUID`);
  const hashed = createHash('sha1').update(bytes).update(text).digest().subarray(0, 16);
  hashed[6] = ((hashed[6] ?? 0) & 0x0f) | 0x50;
  hashed[8] = ((hashed[8] ?? 0) & 0x3f) | 0x80;
  return hashed.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function percentEncode(text: string, safe: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const plain = /[A-Za-z0-9_.~-]/.test(character) || safe.includes(character);
      return plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

function plusEncode(text: string): string {
  return percentEncode(text, ' ').replaceAll(' ', '+');
}
