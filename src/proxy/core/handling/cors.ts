// Cross-origin resource sharing: answers preflights, and tells browsers which origins may read responses.
import { fieldValue } from '../http/scan.ts';
import { answer, type Answer, type Incoming } from './incoming.ts';

export interface CorsConfig {
  /** `*`, exact origins, or `https://*.example.org`. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Empty = those that the preflight asks for. */
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeSeconds: number;
}

/** Header lines of servers that this replaces. */
export const corsHeaders: readonly string[] = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
];

export class Cors {
  readonly #config: CorsConfig;

  constructor(config: CorsConfig) {
    this.#config = config;
  }

  /** The answer to a preflight; undefined for all other requests. */
  preflight(incoming: Incoming): Answer | undefined {
    const { head } = incoming;
    if (head.method !== 'OPTIONS' || fieldValue(head.fields, 'access-control-request-method') === undefined)
      return undefined;
    const origin = fieldValue(head.fields, 'origin');
    if (origin === undefined) return undefined;
    const { methods, headers, maxAgeSeconds } = this.#config;
    const asked = fieldValue(head.fields, 'access-control-request-headers') ?? '';
    const allowed = headers.length > 0 ? headers.join(', ') : asked;
    const vary = 'Vary: Access-Control-Request-Headers\r\n';
    if (!this.#allows(origin)) return answer(204, vary);
    return answer(
      204,
      `Access-Control-Allow-Methods: ${methods.join(', ')}\r\n` +
        (allowed === '' ? '' : `Access-Control-Allow-Headers: ${allowed}\r\n`) +
        `Access-Control-Max-Age: ${maxAgeSeconds}\r\n${vary}`,
    );
  }

  /** Lines for every response, whoever made it. */
  lines({ head }: Incoming): string {
    const { origins, credentials, expose } = this.#config;
    const anyone = origins.includes('*') && !credentials;
    const vary = anyone ? '' : 'Vary: Origin\r\n';
    const origin = fieldValue(head.fields, 'origin');
    if (origin === undefined || !this.#allows(origin)) return vary;
    return (
      `Access-Control-Allow-Origin: ${anyone ? '*' : origin}\r\n` +
      (credentials ? 'Access-Control-Allow-Credentials: true\r\n' : '') +
      (expose.length > 0 ? `Access-Control-Expose-Headers: ${expose.join(', ')}\r\n` : '') +
      vary
    );
  }

  #allows(origin: string): boolean {
    return this.#config.origins.some((allowed) => {
      if (allowed === '*') return true;
      const star = allowed.indexOf('*');
      if (star < 0) return allowed === origin.toLowerCase();
      const [before, after] = [allowed.slice(0, star), allowed.slice(star + 1)];
      const middle = origin.toLowerCase().slice(before.length, origin.length - after.length);
      return origin.toLowerCase() === before + middle + after && /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(middle);
    });
  }
}
