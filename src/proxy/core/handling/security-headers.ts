// Headers that tell browsers to be careful. They replace what servers say.
import type { Incoming } from './incoming.ts';

export interface SecurityHeadersConfig {
  readonly hsts: { readonly maxAgeSeconds: number; readonly includeSubdomains: boolean; readonly preload: boolean };
  readonly frameOptions: 'DENY' | 'SAMEORIGIN' | 'off';
  readonly contentTypeOptions: boolean;
  readonly referrerPolicy: string | undefined;
  readonly contentSecurityPolicy: string | undefined;
  readonly permissionsPolicy: string | undefined;
}

export class SecurityHeaders {
  /** Names that servers may not set themselves. */
  readonly names: readonly string[];
  readonly #plain: string;
  readonly #hsts: string;

  constructor(config: SecurityHeadersConfig) {
    const lines: [string, string | false | undefined][] = [
      ['X-Frame-Options', config.frameOptions !== 'off' && config.frameOptions],
      ['X-Content-Type-Options', config.contentTypeOptions && 'nosniff'],
      ['Referrer-Policy', config.referrerPolicy],
      ['Content-Security-Policy', config.contentSecurityPolicy],
      ['Permissions-Policy', config.permissionsPolicy],
    ];
    const wanted = lines.filter(([, value]) => typeof value === 'string');
    this.#plain = wanted.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('');
    const { maxAgeSeconds, includeSubdomains, preload } = config.hsts;
    const parts = [`max-age=${maxAgeSeconds}`, includeSubdomains && 'includeSubDomains', preload && 'preload'];
    this.#hsts =
      maxAgeSeconds === 0 ? '' : `Strict-Transport-Security: ${parts.filter((part) => part !== false).join('; ')}\r\n`;
    this.names = [...wanted.map(([name]) => name.toLowerCase()), ...(maxAgeSeconds === 0 ? [] : [hstsName])];
  }

  /** HSTS means something over TLS only (RFC 6797, 7.2). */
  lines({ scheme }: Incoming): string {
    return scheme === 'https' ? this.#plain + this.#hsts : this.#plain;
  }
}

const hstsName = 'strict-transport-security';
