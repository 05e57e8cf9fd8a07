// `ssl` and the words around it behind `server` -> `tls` of the backend, names and checks of its servers.
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import type { ServerOptions } from './server-options.ts';
import { fileOf, offerOf, type TlsDefaults, type TlsWord } from './tls.ts';

type Entries = Record<string, unknown>;

interface Server {
  readonly entry: Entries;
  readonly options: ServerOptions;
  readonly spot: Spot;
}

/** Puts `tls` into the backend. `check`: what its servers are asked, if they are. */
export function convertServerTls(
  servers: readonly Server[],
  backend: Entries,
  check: Entries | undefined,
  defaults: TlsDefaults,
  draft: Draft,
  report: Report,
): void {
  const [first] = servers.filter(({ options }) => options.values.has('ssl'));
  if (!first) {
    for (const { options } of servers) {
      const wanted = options.values.get('check-ssl');
      if (wanted) report.error(wanted.spot, 'checks over TLS of servers that do not speak it cannot be carried over');
    }
    return;
  }
  const other = servers.find(({ options }) => !options.values.has('ssl'));
  if (other) report.error(other.spot, '`ssl` must be the same for all servers of a backend');
  const tls: Entries = {};
  draft.put(backend, 'tls', tls, first.options.values.get('ssl')?.spot ?? first.spot);
  const words = wordsOf(first.options, defaults);
  for (const { options, spot } of servers) same(words, wordsOf(options, defaults), spot, report);
  for (const { key, value, spot } of offerOf(words, report)) draft.put(tls, key, value, spot);
  const own = words.find(({ name }) => name === 'crt');
  if (own) for (const key of ['cert', 'key']) draft.put(tls, key, fileOf(own.text, defaults.crtBase), own.spot);
  const names = servers.map((server) => nameOf(server, report));
  verification(words, names, tls, first.spot, defaults, draft, report);
  putNames(servers, names, tls, draft);
  for (const server of servers) tell(server, nameOf(server)?.text, report);
  if (check) checkTls(servers, check, draft, report);
}

/** What we say once for all servers. */
const shared: ReadonlySet<string> = new Set([
  'verify', 'ca-file', 'crt', 'ciphers', 'ciphersuites', 'curves', 'ssl-min-ver', 'ssl-max-ver', 'no-tlsv12',
  'no-tlsv13', 'force-sslv3', 'force-tlsv10', 'force-tlsv11', 'force-tlsv12', 'force-tlsv13',
]); // prettier-ignore

function wordsOf({ values }: ServerOptions, defaults: TlsDefaults): TlsWord[] {
  const own = [...values].flatMap(([name, { text, spot }]) => (shared.has(name) ? [{ name, text, spot }] : []));
  return [...defaults.servers.filter(({ name }) => !values.has(name)), ...own];
}

function same(one: readonly TlsWord[], other: readonly TlsWord[], spot: Spot, report: Report): void {
  for (const name of shared) {
    const [first, second] = [one, other].map((words) => words.find((word) => word.name === name));
    if (first?.text === second?.text) continue;
    report.error(second?.spot ?? spot, `\`${name}\` must be the same for all servers of a backend`);
  }
}

/** The name that is asked for and that the certificate must have. Reports what it depends on otherwise. */
function nameOf({ options }: Server, report?: Report): { text: string; spot: Spot } | undefined {
  const [sni, host] = [options.values.get('sni'), options.values.get('verifyhost')];
  const asked = sni && /^str\(['"]?([A-Za-z0-9.-]+)['"]?\)$/.exec(sni.text)?.[1];
  if (sni && asked === undefined) {
    report?.error(
      sni.spot,
      `\`sni ${sni.text}\`: a server is always asked for the same name here, since its connections serve all clients`,
      'Write `sni str(NAME)`, or a backend for each name.',
    );
    return undefined;
  }
  if (host && asked !== undefined && host.text.toLowerCase() !== asked.toLowerCase())
    report?.error(host.spot, 'the name that is asked for is the one that the certificate must have');
  const found = host ?? sni;
  return found && { text: host?.text ?? asked ?? '', spot: found.spot };
}

function verification(
  words: readonly TlsWord[],
  names: readonly (object | undefined)[],
  tls: Entries,
  spot: Spot,
  defaults: TlsDefaults,
  draft: Draft,
  report: Report,
): void {
  const verify = words.findLast(({ name }) => name === 'verify');
  const ca = words.findLast(({ name }) => name === 'ca-file');
  const isVerified = verify ? verify.text === 'required' : defaults.verifiesServers;
  if (!isVerified) {
    draft.put(tls, 'insecureSkipVerify', true, verify?.spot ?? spot);
    return;
  }
  if (!ca)
    report.error(
      verify?.spot ?? spot,
      '`ssl` of a server needs `ca-file`: HAProxy does not start without it',
      'Name the file of the authority, or `ca-file @system-ca`.',
    );
  else if (ca.text === '@system-ca') report.info(ca.spot, 'the well-known authorities are those of Node.js');
  else draft.put(tls, 'ca', fileOf(ca.text, defaults.caBase), ca.spot);
  // HAProxy looks at names only where it is told one.
  if (names.some((name) => name === undefined)) draft.put(tls, 'verifyName', false, verify?.spot ?? spot);
}

function putNames(
  servers: readonly Server[],
  names: readonly ({ text: string; spot: Spot } | undefined)[],
  tls: Entries,
  draft: Draft,
): void {
  const [first] = names;
  if (first && names.every((name) => name?.text === first.text)) draft.put(tls, 'serverName', first.text, first.spot);
  else
    servers.forEach(({ entry }, index) => {
      const name = names[index];
      if (name) draft.put(entry, 'serverName', name.text, name.spot);
    });
}

/** What is of no use here, or cannot be. */
function tell({ options: { values } }: Server, name: string | undefined, report: Report): void {
  for (const [key, { text, spot }] of values) {
    if (key === 'crl-file') report.error(spot, '`crl-file` of a server cannot be carried over');
    else if (key === 'check-sni' && text !== name)
      report.warning(spot, `checks ask for the same name as requests: ${name ?? 'none'}`);
    else if (key === 'ssl-reuse' || key === 'no-ssl-reuse' || key === 'no-tls-tickets' || key === 'tls-tickets')
      report.info(spot, `\`${key}\` of a server: sessions are resumed where the server allows it`);
    else if (/^(?:send-proxy-v2-ssl|send-proxy-v2-ssl-cn)$/.test(key))
      report.error(spot, `\`${key}\` cannot be carried over`);
  }
}

/** Other ports and addresses are checked without TLS, unless it is said. */
function checkTls(servers: readonly Server[], check: Entries, draft: Draft, report: Report): void {
  const wanted = servers.map(({ options: { values } }) => values.get('check-ssl') ?? values.get('no-check-ssl'));
  const [first] = wanted;
  const isOn = servers[0]?.options.values.has('check-ssl') === true;
  for (const [index, { options, spot }] of servers.entries()) {
    if (options.values.has('check-ssl') === isOn && (wanted[index] === undefined) === (first === undefined)) continue;
    report.error(wanted[index]?.spot ?? spot, '`check-ssl` must be the same for all servers of a backend');
  }
  if (first) draft.put(check, 'tls', isOn, first.spot);
}
