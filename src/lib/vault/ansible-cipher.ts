// Ansible's vault, versions 1.1 and 1.2: PBKDF2-HMAC-SHA256, AES-256-CTR over PKCS#7 padding, HMAC-SHA256.
import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import type { Envelope, Opened } from './envelope.ts';
import { ansibleHeader, formatEnvelope } from './envelope.ts';

const iterations = 10_000;
const blockBytes = 16;

/** `null` where the password is not the right one (or the content was changed). */
export function openAnsible({ body }: Envelope, password: string): Opened<Buffer | null> {
  const inner = fromHex(body)?.toString('latin1').split('\n');
  const [salt, hmac, ciphertext] = (inner ?? []).map(fromHex);
  if (inner?.length !== 3 || !salt || !hmac || !ciphertext) return { problem: 'its content is cut off or was changed' };
  const { key, hmacKey, iv } = keysOf(password, salt);
  const expected = createHmac('sha256', hmacKey).update(ciphertext).digest();
  if (hmac.length !== expected.length || !timingSafeEqual(hmac, expected)) return { value: null };
  const decipher = createDecipheriv('aes-256-ctr', key, iv);
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  const fits = padding >= 1 && padding <= blockBytes && padding <= padded.length;
  return fits ? { value: padded.subarray(0, padded.length - padding) } : { problem: 'its padding is wrong' };
}

/** Encrypts; `salt` is 32 random bytes. */
export function sealAnsible(content: Uint8Array, password: string, vaultId: string, salt: Uint8Array): string {
  const { key, hmacKey, iv } = keysOf(password, salt);
  const padding = blockBytes - (content.length % blockBytes);
  const cipher = createCipheriv('aes-256-ctr', key, iv);
  const ciphertext = Buffer.concat([cipher.update(content), cipher.update(Buffer.alloc(padding, padding))]);
  const hmac = createHmac('sha256', hmacKey).update(ciphertext).digest('hex');
  const inner = [Buffer.from(salt).toString('hex'), hmac, ciphertext.toString('hex')].join('\n');
  return formatEnvelope(ansibleHeader(vaultId), Buffer.from(inner, 'latin1').toString('hex'));
}

function keysOf(password: string, salt: Uint8Array): { key: Buffer; hmacKey: Buffer; iv: Buffer } {
  const derived = pbkdf2Sync(password, salt, iterations, 80, 'sha256');
  return { key: derived.subarray(0, 32), hmacKey: derived.subarray(32, 64), iv: derived.subarray(64, 80) };
}

function fromHex(text: string): Buffer | null {
  return text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text) ? Buffer.from(text, 'hex') : null;
}
