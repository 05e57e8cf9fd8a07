// Who asks the admin interface, and what they may do. Only the Authorization header counts, never a cookie: what a browser
// sends by itself authorises nothing, so that no page elsewhere can act in an admin's name.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Lockout } from '../../core/admin/lockout.ts';
import { type Grant, LoginSessions, type Tokens } from '../../core/admin/sessions.ts';
import { isPassword } from '../../core/handling/basic-auth.ts';
import type { AdminConfig } from '../../core/config/model.ts';
import type { EventBus } from '../event-bus.ts';
import { TokenFile } from './token-file.ts';

export type LoginResult = { readonly tokens: Tokens } | { readonly waitSeconds: number } | undefined;

export class Authority {
  readonly #sessions = new LoginSessions(() => randomBytes(32).toString('base64url'));
  readonly #lockout = new Lockout();
  readonly #events: EventBus;
  #config: AdminConfig | undefined;
  #file: TokenFile | undefined;
  #filePath: string | undefined;

  constructor(events: EventBus) {
    this.#events = events;
  }

  /** Takes new settings; who may no more is out. */
  configure(config: AdminConfig | undefined): void {
    this.#config = config;
    if (config?.tokenFile !== this.#filePath) {
      this.#filePath = config?.tokenFile;
      this.#file = config?.tokenFile === undefined ? undefined : new TokenFile(config.tokenFile);
    }
    this.#sessions.keep(({ name, role }) => config?.users[name]?.role === role);
  }

  /** Undefined: nobody we know. `overUnix`: it came over a unix socket, whose mode says who may. */
  grantOf(request: IncomingMessage, overUnix: boolean): Grant | undefined {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      const role = this.#config?.unixRole;
      return overUnix && role !== undefined && role !== 'none' ? { name: 'unix socket', role } : undefined;
    }
    const token = /^bearer +([^ ]+)$/i.exec(authorization)?.[1] ?? '';
    return this.#file?.grantOf(token) ?? this.#sessions.grantOf(token, Date.now());
  }

  async login(name: string, password: string, from: string): Promise<LoginResult> {
    const now = Date.now();
    const keys = [`name ${name}`, `address ${from}`];
    const waitMs = Math.max(...keys.map((key) => this.#lockout.waitMs(key, now)));
    if (waitMs > 0) return { waitSeconds: Math.ceil(waitMs / 1000) };
    // Counted before it is looked at: many attempts at once are many attempts.
    for (const key of keys) this.#lockout.failed(key, now);
    const user = Object.hasOwn(this.#config?.users ?? {}, name) ? this.#config?.users[name] : undefined;
    const isRight = await isPassword(password, user?.password);
    if (!user || !isRight) {
      this.#events.emit('login_failed', { name, from });
      return undefined;
    }
    for (const key of keys) this.#lockout.succeeded(key);
    return { tokens: this.#sessions.begin({ name, role: user.role }, Date.now()) };
  }

  refresh(token: string): Tokens | undefined {
    return this.#sessions.refresh(token, Date.now());
  }

  /** Ends the login that a request speaks for. */
  logout(request: IncomingMessage): void {
    const token = /^bearer +([^ ]+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const grant = this.#sessions.grantOf(token, Date.now());
    if (grant) this.#sessions.end(grant.id);
  }
}
