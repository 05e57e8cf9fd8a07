// Our own format: a key from the password by scrypt, AES-256-GCM, the header authenticated with the content.
// Its parameters are in the header, so that they can be raised and old files stay readable.
import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto';
import type { Envelope, Opened } from './envelope.ts';
import { formatEnvelope, vezaHeader } from './envelope.ts';

const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
/** 32 MiB and some 80 ms a try: OWASP's memory-hard choice for a password that people made up. */
const parametersNow = 'scrypt,N=32768,r=8,p=1';
/** What a file may demand of the machine that reads it: memory, and (with `p`) time, about a second a try. */
const memoryLimitBytes = 256 * 1024 * 1024;

/** Random bytes that sealing needs: salt and nonce. */
export const vezaRandomBytes = saltBytes + nonceBytes;

/** `null` where the password is not the right one (or the content was changed). */
export function openVeza({ header, parameters, body }: Envelope, password: string): Opened<Buffer | null> {
  const cost = costOf(parameters);
  if (!cost) return { problem: `its parameters "${parameters}" are not supported` };
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(body)) return { problem: 'its content is no base64' };
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length < saltBytes + nonceBytes + tagBytes) return { problem: 'its content is cut off' };
  const salt = bytes.subarray(0, saltBytes);
  const nonce = bytes.subarray(saltBytes, saltBytes + nonceBytes);
  const tag = bytes.subarray(saltBytes + nonceBytes, saltBytes + nonceBytes + tagBytes);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(password, salt, cost), nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(header, 'utf8'));
  decipher.setAuthTag(tag);
  const content = decipher.update(bytes.subarray(saltBytes + nonceBytes + tagBytes));
  try {
    return { value: Buffer.concat([content, decipher.final()]) };
  } catch {
    return { value: null };
  }
}

/** Encrypts; `random` is `vezaRandomBytes` random bytes, never used twice. */
export function sealVeza(content: Uint8Array, password: string, vaultId: string, random: Uint8Array): string {
  const header = vezaHeader(parametersNow, vaultId);
  const cost = costOf(parametersNow);
  if (!cost || random.length !== vezaRandomBytes) throw new RangeError('sealVeza: wrong number of random bytes');
  const salt = random.subarray(0, saltBytes);
  const nonce = random.subarray(saltBytes);
  const cipher = createCipheriv('aes-256-gcm', keyOf(password, salt, cost), nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(header, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
  const body = Buffer.concat([salt, nonce, cipher.getAuthTag(), ciphertext]);
  return formatEnvelope(header, body.toString('base64'));
}

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

function costOf(parameters: string): Cost | null {
  const match = /^scrypt,N=(\d{1,8}),r=(\d{1,3}),p=(\d{1,2})$/.exec(parameters);
  if (!match) return null;
  const [N = 0, r = 0, p = 0] = match.slice(1).map(Number);
  const powerOfTwo = N > 1 && (N & (N - 1)) === 0;
  // The function itself is defined for N below 2^(16 r) only.
  const defined = powerOfTwo && r > 0 && p > 0 && Math.log2(N) < 16 * r;
  return defined && 128 * N * r * p <= memoryLimitBytes ? { N, r, p } : null;
}

function keyOf(password: string, salt: Uint8Array, cost: Cost): Buffer {
  return scryptSync(password, salt, 32, { ...cost, maxmem: 2 * memoryLimitBytes });
}
