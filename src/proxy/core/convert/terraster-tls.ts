// TLS of a terraster file: services with certificates, redirects to them, servers that are spoken to over TLS.
import { isRecord } from '../config/places.ts';
import type { Spot } from './report.ts';
import type { Converter, Entries } from './seed.ts';

/** What becomes a frontend: all services of one port. */
export interface Port {
  readonly rules: unknown[];
  /** Undefined: without TLS. */
  tls: Entries | undefined;
}

export class Ports {
  readonly #found = new Map<number, Port>();

  /** The one for a service; HTTP and HTTPS do not share a port. */
  of(number: number, tls: unknown, spot: Spot, { report }: Converter): Port {
    const secured = isRecord(tls) && tls['enabled'] === true ? tls : undefined;
    const known = this.#found.get(number);
    const port: Port = known ?? { rules: [], tls: undefined };
    this.#found.set(number, port);
    if (known && (known.tls !== undefined) !== (secured !== undefined))
      report.error(spot, `port ${number} cannot have HTTP and HTTPS`, 'Give one of them another port.');
    if (!secured) return port;
    port.tls ??= { bind: [`*:${number}`], certificates: [] };
    (port.tls['certificates'] as unknown[]).push({ cert: secured['cert_file'], key: secured['key_file'] });
    if (secured['session_tickets_disabled'] === true) port.tls['sessionTickets'] = false;
    const offered = secured['http2'] === false ? ['http/1.1'] : secured['next_protos'];
    if (Array.isArray(offered)) port.tls['alpn'] = offered.filter((name) => name === 'h2' || name === 'http/1.1');
    if (secured['cipher_suites'] !== undefined)
      report.warning(spot, "`cipher_suites`: Mozilla's intermediate ones are offered", 'Look at `tls.ciphers`.');
    return port;
  }

  get frontends(): Entries[] {
    return [...this.#found].map(([number, { rules, tls }]) => ({
      name: `${tls ? 'https' : 'http'}-${number}`,
      ...(tls ? { tls } : { bind: [`*:${number}`] }),
      ruleOrder: 'specific',
      rules,
    }));
  }
}

/** `http_redirect`: of a service without TLS, all its requests go there; of one with TLS, those to the port of HTTP. */
export function redirects(service: Entries, root: Entries, ports: Ports, spot: Spot, converter: Converter): boolean {
  const { host, tls, port, redirect_port: wanted = 443 } = service;
  if (service['http_redirect'] !== true) return false;
  const isSecured = isRecord(tls) && tls['enabled'] === true;
  const from = isSecured ? (root['http_port'] ?? 80) : (port ?? 80);
  const to = isSecured ? (port ?? 443) : wanted;
  const redirect = { scheme: 'https', ...(to !== 443 && { port: to }), code: 301 };
  const rule = { ...(typeof host === 'string' && { host }), redirect };
  converter.draft.push(ports.of(Number(from), undefined, spot, converter).rules, rule, spot);
  return !isSecured;
}

/** `https://` in the URLs of servers; what they say of it must be the same for all. */
export function serversTls(
  given: readonly unknown[],
  backend: Entries,
  spotOf: (index: number) => Spot,
  { draft, report }: Converter,
): void {
  let first: string | undefined;
  given.filter(isRecord).forEach((each, index) => {
    const { url, skip_tls_verify: skip, sni } = each;
    const isSecured = String(url).startsWith('https://');
    const tls = isSecured && {
      ...(skip === true && { insecureSkipVerify: true }),
      ...(typeof sni === 'string' && { serverName: sni }),
    };
    const text = JSON.stringify(tls);
    if (first !== undefined && text !== first)
      report.error(spotOf(index), 'the servers of a location must all speak TLS in the same way, or none');
    if (first === undefined && tls !== false) draft.put(backend, 'tls', tls, spotOf(index));
    first ??= text;
  });
}
