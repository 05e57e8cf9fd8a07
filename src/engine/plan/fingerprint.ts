// Fingerprints of values: equal for equal values of one plan, different in every plan, and of no use for guessing.
// Whoever holds a plan holds its salt, so all keys come from a slow function: of the values of --extra-vars, which are
// not in the plan, and anew for every value that is known to hold a secret.
import { Buffer } from 'node:buffer';
import { createHash, createHmac, scryptSync } from 'node:crypto';
import { isUnknown } from '../../core/unknown.ts';
import type { Json } from '../../lib/json.ts';
import type { Variables } from '../../language/value.ts';
import { anything } from './model.ts';

export interface Fingerprinter {
  readonly extraVars: Readonly<Record<string, string>>;
  /** Of any plain value; `secret` ones cost a guesser as much as a password does. */
  of(value: unknown, secret: boolean): string;
}

/** scrypt with 32 MB: about 80 ms, one for each of --extra-vars and each secret of a plan. */
const cost = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
/** 128 bits as base64url: nobody meets one by chance. */
const bytes = 16;

export function createFingerprinter(salt: string, extraVars: Variables): Fingerprinter {
  const slow = (text: string) => scryptSync(text, `veza-run ${salt}`, bytes, cost).toString('base64url');
  const own = Object.fromEntries(
    [...extraVars]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, { raw }]) => [name, slow(canonical([name, raw]))]),
  );
  const key = createHash('sha256')
    .update(canonical([salt, own]))
    .digest();
  const secrets = new Map<string, string>();
  return {
    extraVars: own,
    of(value, secret) {
      if (isUnknown(value)) return anything;
      const text = canonical(value);
      if (!secret) return createHmac('sha256', key).update(text).digest().subarray(0, bytes).toString('base64url');
      const known = secrets.get(text) ?? slow(text);
      secrets.set(text, known);
      return known;
    },
  };
}

/** The same text for the same value, whatever the order of its keys; bytes and unknown parts included. */
export function canonical(value: unknown): string {
  return JSON.stringify(plain(value));
}

function plain(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (isUnknown(value)) return anything;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object') return null;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined && typeof part !== 'function');
  return Object.fromEntries(
    entries.toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([name, part]) => [name, plain(part)] as const),
  );
}
