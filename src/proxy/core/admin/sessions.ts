// Who has logged in: signed tokens for 15 minutes, and refresh tokens that are good once, for 7 days in all. Pure: the time
// and random bytes come from outside; what is secret dies with the process.
import { createHmac } from 'node:crypto';
import { Jwt } from '../handling/jwt.ts';

export type Role = 'admin' | 'reader';

export interface Grant {
  readonly name: string;
  readonly role: Role;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
}

interface Login extends Grant {
  readonly untilMs: number;
  /** The refresh token that is good now. */
  refresh: string;
}

const accessSeconds = 15 * 60;
const loginMs = 7 * 86_400_000;
const maxLogins = 1000;
const issuer = 'veza-proxy';

export class LoginSessions {
  readonly #logins = new Map<string, Login>();
  readonly #key: string;
  readonly #random: () => string;
  readonly #jwt: Jwt;

  /** `random`: at least 256 random bits as text. */
  constructor(random: () => string) {
    this.#random = random;
    this.#key = random();
    this.#jwt = new Jwt({
      algorithm: 'HS256',
      key: this.#key,
      issuer,
      audience: issuer,
      leewaySeconds: 0,
      forward: {},
    });
  }

  begin({ name, role }: Grant, nowMs: number): Tokens {
    const id = this.#random();
    const [oldest] = this.#logins.keys();
    if (this.#logins.size >= maxLogins && oldest !== undefined) this.#logins.delete(oldest);
    const login: Login = { name, role, untilMs: nowMs + loginMs, refresh: this.#random() };
    this.#logins.set(id, login);
    return this.#tokens(id, login, nowMs);
  }

  /** New tokens for a refresh token. One that was used before is in wrong hands: the whole login ends. */
  refresh(token: string, nowMs: number): Tokens | undefined {
    const [id = '', secret = ''] = token.split('.');
    const login = this.#logins.get(id);
    if (!login) return undefined;
    if (login.refresh !== secret || login.untilMs <= nowMs) {
      this.#logins.delete(id);
      return undefined;
    }
    login.refresh = this.#random();
    return this.#tokens(id, login, nowMs);
  }

  /** Whom an access token speaks for now. */
  grantOf(token: string, nowMs: number): (Grant & { readonly id: string }) | undefined {
    const claims = this.#jwt.claims(token, nowMs / 1000);
    if (typeof claims === 'string' || typeof claims['sid'] !== 'string') return undefined;
    const login = this.#logins.get(claims['sid']);
    return login && { name: login.name, role: login.role, id: claims['sid'] };
  }

  end(id: string): void {
    this.#logins.delete(id);
  }

  /** Ends all logins of those who may no more, or with another role. */
  keep(isAllowed: (grant: Grant) => boolean): void {
    for (const [id, login] of this.#logins) if (!isAllowed(login)) this.#logins.delete(id);
  }

  #tokens(id: string, login: Login, nowMs: number): Tokens {
    const now = Math.floor(nowMs / 1000);
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = encoded({ alg: 'HS256', typ: 'JWT' });
    const claims = {
      iss: issuer,
      aud: issuer,
      sub: login.name,
      role: login.role,
      sid: id,
      iat: now,
      exp: now + accessSeconds,
    };
    const text = `${head}.${encoded(claims)}`;
    const signature = createHmac('sha256', this.#key).update(text).digest('base64url');
    return { accessToken: `${text}.${signature}`, refreshToken: `${id}.${login.refresh}`, expiresIn: accessSeconds };
  }
}
