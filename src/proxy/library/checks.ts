// Single checks of servers, for programs: as the balancer makes them, over HTTP, TCP and TLS, without its schedule.
import { readConfig } from '../core/config/read.ts';
import { DiagnosticsError, VezaError } from '../../lib/errors.ts';
import type { CheckTarget } from '../server/check-many.ts';
import { UpstreamTls } from '../server/upstream-tls.ts';

export { checkAll, checkWithRetry, type CheckTarget, type RetryOptions } from '../server/check-many.ts';
export type { CheckResult } from '../core/server-record.ts';

export interface CheckSettings {
  /** As `check` in the configuration file: method, host, headers, expect, body, timeout, send, ... */
  readonly check?: Readonly<Record<string, unknown>>;
  /** PEM of who issued the certificate; left out: the well-known authorities. */
  readonly ca?: string;
  /** The name in the certificate; left out: the host of the URL. */
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

const kinds: Readonly<Record<string, { readonly type: 'http' | 'tcp'; readonly port: string; readonly tls: boolean }>> =
  {
    'http:': { type: 'http', port: '80', tls: false },
    'https:': { type: 'http', port: '443', tls: true },
    'tcp:': { type: 'tcp', port: '', tls: false },
    'tls:': { type: 'tcp', port: '', tls: true },
  };

/** What to check: `http://`, `https://`, `tcp://` or `tls://`. Throws VezaError, or DiagnosticsError for wrong settings. */
export function checkTarget(url: string, settings: CheckSettings = {}): CheckTarget {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const kind = kinds[protocol];
  const at = Number(port === '' ? kind?.port : port);
  if (!kind || hostname === '' || !(at > 0)) {
    throw new VezaError('bad-url', `nothing can be checked at ${url}`, {
      hint: 'Write http://HOST, https://HOST, tcp://HOST:PORT or tls://HOST:PORT.',
    });
  }
  const { check = {}, ca = '', serverName, insecureSkipVerify = false } = settings;
  const address = hostname.replace(/^\[|\]$/g, '');
  const own = kind.type === 'http' ? { path: `${pathname}${search}` } : {};
  const tls = { insecureSkipVerify, ...(serverName !== undefined && { serverName }) };
  const document = {
    frontends: [{ name: 'none', bind: ['*:1'] }],
    backends: [
      {
        name: 'check',
        ...(kind.tls && { tls }),
        check: { type: kind.type, inter: '1h', ...own, ...check },
        servers: [{ name: 'one', address, port: at }],
      },
    ],
  };
  const result = readConfig(JSON.stringify(document), `${url}.json`);
  if (!result.ok) throw new DiagnosticsError(result.diagnostics);
  const [backend] = result.config.backends;
  const resolved = backend?.servers[0]?.check;
  if (!resolved) throw new VezaError('bad-url', `nothing can be checked at ${url}`);
  return { check: resolved, ...(backend.tls && { tls: new UpstreamTls(backend.tls, { ca, cert: '', key: '' }) }) };
}
