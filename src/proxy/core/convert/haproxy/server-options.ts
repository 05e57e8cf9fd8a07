// The words behind a `server`: `check inter 2s weight 10 backup`. Which of them take a value, and what they say.
import type { Report, Spot } from '../report.ts';
import { durationOf } from './units.ts';
import type { Line, Word } from './words.ts';

export interface ServerOptions {
  /** Values by keyword; '' for those without one. */
  readonly values: ReadonlyMap<string, { readonly text: string; readonly spot: Spot }>;
}

const flags: ReadonlySet<string> = new Set([
  'allbackups', 'backup', 'check', 'check-send-proxy', 'check-ssl', 'disabled', 'enabled', 'no-check', 'no-backup',
  'no-check-ssl', 'no-ssl', 'no-verifyhost', 'non-stick', 'send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl',
  'send-proxy-v2-ssl-cn', 'ssl', 'stick', 'tfo', 'no-tfo', 'no-send-proxy', 'no-send-proxy-v2', 'check-via-socks4',
  'force-sslv3', 'force-tlsv10', 'force-tlsv11', 'force-tlsv12', 'force-tlsv13', 'no-sslv3', 'no-tlsv10', 'no-tlsv11',
  'no-tlsv12', 'no-tlsv13', 'no-tls-tickets', 'tls-tickets', 'ssl-reuse', 'no-ssl-reuse', 'agent-check', 'no-agent-check',
]); // prettier-ignore

const valued: ReadonlySet<string> = new Set([
  'addr', 'agent-addr', 'agent-inter', 'agent-port', 'agent-send', 'alpn', 'ca-file', 'check-alpn', 'check-proto',
  'check-sni', 'ciphers', 'ciphersuites', 'cookie', 'crl-file', 'crt', 'downinter', 'error-limit', 'fall', 'fastinter',
  'id', 'init-addr', 'inter', 'log-proto', 'max-reuse', 'maxconn', 'maxqueue', 'minconn', 'namespace', 'observe',
  'on-error', 'on-marked-down', 'on-marked-up', 'pool-low-conn', 'pool-max-conn', 'pool-purge-delay', 'port', 'proto',
  'proxy-v2-options', 'redir', 'resolve-net', 'resolve-opts', 'resolve-prefer', 'resolvers', 'rise', 'slowstart', 'sni',
  'socks4', 'source', 'ssl-max-ver', 'ssl-min-ver', 'tcp-ut', 'track', 'usesrc', 'verify', 'verifyhost', 'weight', 'ws',
  'ktls', 'curves', 'sigalgs', 'client-sigalgs', 'shard', 'check-alpn', 'npn', 'log-bufsize', 'init-state',
]); // prettier-ignore

/** A `server` or `server-template` line with the options that hold for it. */
export interface ServerLine {
  readonly keyword: Word;
  readonly name: Word;
  /** Of a template: `3` or `2-4`. */
  readonly count: Word | undefined;
  readonly address: Word;
  readonly options: ServerOptions;
}

/** All servers of a section; `default-server` holds for those below it. */
export function serverLines(lines: readonly Line[], report: Report): ServerLine[] {
  let base: ServerOptions | undefined;
  return lines.flatMap(({ first, words }): ServerLine[] => {
    if (first.text === 'default-server') base = serverOptions(words.slice(1), base, report);
    if (first.text !== 'server' && first.text !== 'server-template') return [];
    const isTemplate = first.text === 'server-template';
    const [, name, count] = words;
    const [address, ...rest] = words.slice(isTemplate ? 3 : 2);
    if (name && address) {
      const options = serverOptions(rest, base, report);
      return [{ keyword: first, name, count: isTemplate ? count : undefined, address, options }];
    }
    report.error(address ?? first, noAddress);
    return [];
  });
}

/** Said of a server that cannot be reached as it is written. */
export const noAddress = 'a server needs a name and an IP address, a host name or the path of a unix socket';

/** Reads options over those of `default-server`. */
function serverOptions(words: readonly Word[], base: ServerOptions | undefined, report: Report): ServerOptions {
  const values = new Map(base?.values);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (!word) continue;
    const { text } = word;
    if (text === 'no-check-ssl') {
      values.delete('check-ssl');
      values.set(text, { text: '', spot: word });
    } else if (/^no-(?:sslv3|tlsv1[0-3]|ssl-reuse|tls-tickets)$/.test(text)) values.set(text, { text: '', spot: word });
    else if (text.startsWith('no-') && (flags.has(text.slice(3)) || text === 'no-check')) values.delete(text.slice(3));
    else if (flags.has(text)) values.set(text, { text: '', spot: word });
    else if (valued.has(text)) values.set(text, { text: words[(at += 1)]?.text ?? '', spot: word });
    else report.error(word, `HAProxy has no \`${text}\` of a server`);
  }
  return { values };
}

/** Read by others (server.ts, checks.ts). */
const known: ReadonlySet<string> = new Set([
  'addr', 'minconn', 'maxqueue', 'backup', 'check', 'check-proto', 'check-send-proxy', 'cookie', 'disabled', 'downinter', 'enabled', 'fall', 'fastinter',
  'inter', 'maxconn', 'on-marked-down', 'on-marked-up', 'port', 'proto', 'rise', 'send-proxy', 'send-proxy-v2', 'slowstart', 'weight', 'id',
  'init-addr', 'resolvers', 'resolve-prefer', 'track', 'observe', 'on-error', 'error-limit',
]); // prettier-ignore

/** Read by server-tls.ts where there is `ssl`. */
const ofTls: ReadonlySet<string> = new Set([
  'alpn', 'ca-file', 'check-alpn', 'check-sni', 'check-ssl', 'ciphers', 'ciphersuites', 'crl-file', 'crt', 'curves',
  'force-sslv3', 'force-tlsv10', 'force-tlsv11', 'force-tlsv12', 'force-tlsv13', 'no-check-ssl', 'no-sslv3',
  'no-ssl-reuse', 'no-tls-tickets', 'no-tlsv10', 'no-tlsv11', 'no-tlsv12', 'no-tlsv13', 'sni', 'ssl', 'ssl-max-ver',
  'ssl-min-ver', 'ssl-reuse', 'tls-tickets', 'verify', 'verifyhost',
]); // prettier-ignore

/** Changes nothing of what clients get. */
const tuning: ReadonlySet<string> = new Set([
  'resolve-opts', 'resolve-net', 'max-reuse', 'pool-low-conn',
  'pool-max-conn', 'pool-purge-delay', 'tcp-ut', 'tfo',
  'non-stick', 'stick', 'shard', 'agent-check', 'agent-addr', 'agent-inter', 'agent-port', 'agent-send',
  'source', 'init-state', 'no-verifyhost', 'ws',
]); // prettier-ignore

export function reportOthers({ values }: ServerOptions, report: Report): void {
  for (const [name, { spot }] of values) {
    if (known.has(name) || name === 'no-check' || (values.has('ssl') && ofTls.has(name))) continue;
    if (tuning.has(name)) report.warning(spot, `\`${name}\` of a server has no counterpart here`, hints[name]);
    else if (!values.has('ssl') && /ssl|tls|verify|ca-file|crt|sni|alpn|cipher|crl/.test(name))
      report.info(spot, `\`${name}\` means nothing without \`ssl\``);
    else report.error(spot, `\`${name}\` of a server cannot be carried over`);
  }
}

const hints: Readonly<Record<string, string>> = {
  ws: 'WebSockets go over HTTP/1.1 where a server speaks both, and over HTTP/2 where it speaks nothing else.',
  'resolve-opts': 'Servers of a backend with the same name and port get different addresses of it.',
};

/** The duration of an option; reports what is none. */
export function optionDuration(options: ServerOptions, name: string, report: Report): string | undefined {
  const found = options.values.get(name);
  if (!found) return undefined;
  const duration = durationOf(found.text);
  if (duration === undefined) report.error(found.spot, `\`${found.text}\` is not a duration`);
  return duration;
}
