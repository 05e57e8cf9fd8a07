// Checks JSON Web Tokens (RFC 7519, 8725): the algorithm is the configuration's choice, never the token's.
import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { fieldValue } from '../http/scan.ts';
import { answer, type Answer, type Incoming } from './incoming.ts';

export type JwtAlgorithm = 'HS256' | 'RS256' | 'ES256';

export interface JwtConfig {
  readonly algorithm: JwtAlgorithm;
  /** HS256: the secret. Others: a public key or certificate in PEM. */
  readonly key: string;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly leewaySeconds: number;
  /** Header of the request for servers -> claim. */
  readonly forward: Readonly<Record<string, string>>;
}

type Claims = Readonly<Record<string, unknown>>;

/** What is wrong with a key, or undefined. */
export function keyProblem(algorithm: JwtAlgorithm, key: string): string | undefined {
  if (algorithm === 'HS256') {
    return Buffer.byteLength(key) < 32 ? 'a secret for HS256 must have at least 32 bytes' : undefined;
  }
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey(key);
    const fits = algorithm === 'RS256' ? type === 'rsa' : type === 'ec' && details?.namedCurve === 'prime256v1';
    return fits ? undefined : `the key does not fit ${algorithm}`;
  } catch {
    return 'not a public key in PEM';
  }
}

export class Jwt {
  readonly #config: JwtConfig;
  readonly #key: KeyObject | undefined;

  constructor(config: JwtConfig) {
    this.#config = config;
    this.#key = config.algorithm === 'HS256' ? undefined : createPublicKey(config.key);
  }

  /** Names of headers that only this may set for servers, lower-case. */
  get forwarded(): readonly string[] {
    return Object.keys(this.#config.forward).map((name) => name.toLowerCase());
  }

  /** Header lines for servers, or the answer that refuses. */
  check({ head, epochMs }: Incoming): string | Answer {
    const header = fieldValue(head.fields, 'authorization') ?? '';
    const token = /^bearer +([^ ]+)$/i.exec(header)?.[1];
    if (token === undefined) return answer(401, 'WWW-Authenticate: Bearer\r\n');
    const claims = this.claims(token, epochMs / 1000);
    if (typeof claims === 'string') {
      return answer(401, `WWW-Authenticate: Bearer error="invalid_token", error_description="${claims}"\r\n`);
    }
    let lines = '';
    for (const [name, claim] of Object.entries(this.#config.forward)) {
      const value = claims[claim];
      // Only what can be one header value: a claim must not bring further lines.
      if ((typeof value === 'string' || typeof value === 'number') && /^[\x20-\x7e]+$/.test(String(value)))
        lines += `${name}: ${value}\r\n`;
    }
    return lines;
  }

  /** The claims of a token that holds now, or what is wrong with it. */
  claims(token: string, nowSeconds: number): Claims | string {
    const parts = token.split('.');
    const [header = '', payload = '', signature = ''] = parts;
    if (parts.length !== 3 || !parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))) return 'malformed';
    const { alg, crit } = readObject(header) ?? {};
    if (alg !== this.#config.algorithm || crit !== undefined) return 'the algorithm is not accepted';
    if (!this.#isSigned(`${header}.${payload}`, Buffer.from(signature, 'base64url'))) return 'the signature is wrong';
    const claims = readObject(payload);
    return claims ? (this.#problem(claims, nowSeconds) ?? claims) : 'malformed';
  }

  #isSigned(text: string, signature: Buffer): boolean {
    if (!this.#key) {
      const expected = createHmac('sha256', this.#config.key).update(text).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    }
    // JOSE has the two numbers of an ECDSA signature side by side, not in DER.
    return verify('sha256', Buffer.from(text), { key: this.#key, dsaEncoding: 'ieee-p1363' }, signature);
  }

  #problem(claims: Claims, nowSeconds: number): string | undefined {
    const { issuer, audience, leewaySeconds } = this.#config;
    const { exp, nbf, iss, aud } = claims;
    if (typeof exp !== 'number') return 'it never expires';
    if (nowSeconds >= exp + leewaySeconds) return 'it has expired';
    if (nbf !== undefined && (typeof nbf !== 'number' || nowSeconds < nbf - leewaySeconds))
      return 'it is not valid yet';
    if (issuer !== undefined && iss !== issuer) return 'the issuer is not accepted';
    const isForUs = aud === audience || (Array.isArray(aud) && aud.includes(audience));
    return audience !== undefined && !isForUs ? 'the audience is not accepted' : undefined;
  }
}

function readObject(encoded: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
