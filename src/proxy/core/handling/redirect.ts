// Answers that send the client elsewhere, as HAProxy's `redirect location|prefix|scheme` do.
import { answer, type Answer, type Incoming, pathOf } from './incoming.ts';
import { Template } from './template.ts';

export interface RedirectConfig {
  /** Exactly this, with placeholders. */
  readonly location: string | undefined;
  /** This and the whole target behind it. */
  readonly prefix: string | undefined;
  readonly scheme: 'http' | 'https' | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly code: number;
  readonly dropQuery: boolean;
}

export class Redirect {
  readonly #config: RedirectConfig;
  readonly #location: Template | undefined;

  constructor(config: RedirectConfig) {
    this.#config = config;
    this.#location = config.location === undefined ? undefined : new Template(config.location);
  }

  /** Undefined when the client is there already: a redirect to the same place would never end. */
  answer(incoming: Incoming): Answer | undefined {
    const { prefix, scheme, host, port, code, dropQuery } = this.#config;
    const { head } = incoming;
    const target = dropQuery ? pathOf(head.target) : head.target;
    let location: string;
    if (this.#location) {
      location = this.#location.fill(incoming);
    } else if (prefix !== undefined) {
      // Two slashes at the start would name another host.
      location = `${prefix === '/' ? '' : prefix}${target.replace(/^\/{2,}/, '/')}`;
    } else {
      const name = host ?? hostOf(head.host);
      const to = scheme ?? incoming.scheme;
      const suffix = portSuffix(
        port ?? (host === undefined && scheme === undefined ? portOf(head.host) : undefined),
        to,
      );
      if (to === incoming.scheme && `${name}${suffix}`.toLowerCase() === head.host.toLowerCase()) return undefined;
      location = `${to}://${name}${suffix}${target}`;
    }
    return answer(code, `Location: ${location}\r\n`);
  }
}

function hostOf(host: string): string {
  const colon = host.lastIndexOf(':');
  return colon > host.lastIndexOf(']') ? host.slice(0, colon) : host;
}

function portOf(host: string): number | undefined {
  const name = hostOf(host);
  return name.length < host.length ? Number(host.slice(name.length + 1)) : undefined;
}

function portSuffix(port: number | undefined, scheme: string): string {
  return port === undefined || port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`;
}
