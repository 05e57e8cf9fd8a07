// `bind` lines of a frontend -> `bind`, and `tls` with all addresses that speak TLS.
import type { Draft } from '../draft.ts';
import type { Report, Spot } from '../report.ts';
import type { ReadFile } from './conditions.ts';
import { crtList, type ListedCertificate } from './crt-list.ts';
import { fileOf, isTlsFlag, offerOf, type TlsDefaults, type TlsEntry, tlsValued, type TlsWord } from './tls.ts';
import { bindsOf } from './units.ts';
import type { Line, Word } from './words.ts';

type Entries = Record<string, unknown>;

export interface BindContext {
  readonly draft: Draft;
  readonly report: Report;
  readonly readFile: ReadFile;
  readonly tls: TlsDefaults;
  /** Of the whole process. */
  readonly maxconn: Word | undefined;
  /** What says that clients of HTTP/2 open no WebSockets there. */
  readonly noWebSockets: Word | undefined;
  /** Where rules speak of CONNECT: who has none does not mean it to go through. */
  readonly connects: Word | undefined;
}

interface Bind {
  readonly address: Word;
  readonly addresses: readonly string[];
  /** Undefined: without TLS. */
  readonly tls: readonly TlsWord[] | undefined;
  /** `accept-proxy` */
  readonly proxied: Word | undefined;
}

/** Puts `bind`, `tls` and `acceptProxy` into the frontend. */
export function convertBinds(lines: readonly Line[], spot: Spot, frontend: Entries, context: BindContext): void {
  const { draft, report } = context;
  const binds = lines.flatMap((line) => bindOf(line, frontend, context) ?? []);
  const proxied = binds.find((bind) => bind.proxied)?.proxied;
  const other = proxied && binds.find((bind) => !bind.proxied);
  if (other)
    report.error(
      other.address,
      '`accept-proxy` must be the same for all addresses of a frontend',
      'Make a frontend of its own of this address.',
    );
  const clear: unknown[] = [];
  const secured = binds.filter(({ tls }) => tls !== undefined);
  if (clear.length < binds.length - secured.length || secured.length === 0)
    draft.put(frontend, 'bind', clear, binds[0]?.address ?? spot);
  for (const { address, addresses, tls } of binds)
    if (!tls) for (const each of addresses) draft.push(clear, each, address);
  if (secured.length > 0) convertTls(secured, frontend, context);
  if (binds.length === 0) report.error(spot, 'this section has no bind that could be carried over');
}

function bindOf({ first, words }: Line, frontend: Entries, { draft, report, tls }: BindContext): Bind | undefined {
  const [, address, ...options] = words;
  if (first.text !== 'bind' || !address) return undefined;
  const addresses = bindsOf(address.text);
  if (!addresses) {
    report.error(address, `\`${address.text}\` cannot be listened on here`);
    return undefined;
  }
  const found: TlsWord[] = [];
  let proxied: Word | undefined;
  for (let at = 0; at < options.length; at += 1) {
    const option = options[at];
    if (!option) continue;
    const name = option.text;
    if (isTlsFlag(name)) found.push({ name, text: '', spot: option });
    else if (tlsValued.has(name)) found.push({ name, text: options[(at += 1)]?.text ?? '', spot: option });
    else if (name === 'accept-proxy') {
      proxied = option;
      draft.put(frontend, 'acceptProxy', ['0.0.0.0/0', '::/0'], option);
    } else if (name === 'proto') protocol(options[(at += 1)], option, frontend, draft, report);
    else if (withoutEffect.has(name)) at += flags.has(name) ? 0 : 1;
    else report.error(option, `\`${name}\` of a bind cannot be carried over`);
  }
  const isSecured = found.some(({ name }) => name === 'ssl');
  const [useless] = found;
  if (!isSecured && useless) report.info(useless.spot, `\`${useless.name}\` means nothing without \`ssl\``);
  return { address, addresses, tls: isSecured ? [...tls.binds, ...found] : undefined, proxied };
}

/** `proto h2`: clients that begin with HTTP/2 without TLS speak it, others HTTP/1. */
function protocol(value: Word | undefined, spot: Word, frontend: Entries, draft: Draft, report: Report): void {
  if (value?.text === 'h2') draft.put(draft.record(frontend, 'http2', spot), 'clear', true, spot);
  else if (value?.text !== 'h1') report.error(spot, `\`proto ${value?.text ?? ''}\` cannot be carried over`);
}

/** Options of a bind that clients do not notice. */
const withoutEffect: ReadonlySet<string> = new Set([
  'backlog', 'defer-accept', 'gid', 'group', 'id', 'interface', 'level', 'maxconn', 'mode', 'name', 'nice',
  'process', 'shards', 'tfo', 'thread', 'transparent', 'uid', 'user', 'v4v6', 'v6only', 'mss', 'namespace',
]); // prettier-ignore
const flags: ReadonlySet<string> = new Set(['defer-accept', 'tfo', 'transparent', 'v4v6', 'v6only']);

/** One `tls` for all of them: what they say of it must be the same. */
function convertTls(binds: readonly Bind[], frontend: Entries, context: BindContext): void {
  const { draft, report } = context;
  const [first] = binds;
  if (!first) return;
  const tls: Entries = {};
  draft.put(frontend, 'tls', tls, first.address);
  const addresses: unknown[] = [];
  const certificates: unknown[] = [];
  draft.put(tls, 'bind', addresses, first.address);
  draft.put(tls, 'certificates', certificates, first.address);
  let known: readonly TlsEntry[] | undefined;
  for (const { address, addresses: texts, tls: words = [] } of binds) {
    for (const text of texts) draft.push(addresses, text, address);
    const before = certificates.length;
    const own = certificatesOf(words, context);
    for (const { value, spot } of own) {
      const isKnown = certificates.some((each) => JSON.stringify(each) === JSON.stringify(value));
      if (!isKnown) draft.push(certificates, value, spot);
    }
    if (before > 0 && certificates.length > before)
      report.warning(address, 'the addresses of a frontend share their certificates: clients are served by name');
    if (own.length === 0) report.error(address, '`ssl` needs a certificate', 'Write `crt FILE`.');
    const entries = settingsOf(words, context);
    if (!known) for (const { key, value, spot } of entries) draft.put(tls, key, value, spot);
    else differences(known, entries, address, report);
    known ??= entries;
  }
}

function differences(one: readonly TlsEntry[], other: readonly TlsEntry[], spot: Spot, report: Report): void {
  for (const key of new Set([...one, ...other].map((entry) => entry.key))) {
    const [first, second] = [one, other].map((list) => list.find((entry) => entry.key === key));
    if (JSON.stringify(first?.value) === JSON.stringify(second?.value)) continue;
    report.error(
      second?.spot ?? spot,
      `\`${key}\` must be the same for all addresses of a frontend that speak TLS`,
      'Make a frontend of its own of this address.',
    );
  }
}

function certificatesOf(words: readonly TlsWord[], context: BindContext): readonly ListedCertificate[] {
  return words.flatMap(({ name, text, spot }) => {
    if (name === 'crt') return [{ value: fileOf(text, context.tls.crtBase), spot }];
    if (name !== 'crt-list') return [];
    const list = context.readFile(text);
    if (list === undefined) context.report.error(spot, `the list \`${text}\` cannot be read`);
    return list === undefined ? [] : crtList(text, list, words, spot, context);
  });
}

function settingsOf(words: readonly TlsWord[], context: BindContext): TlsEntry[] {
  const { report } = context;
  const last = (name: string): TlsWord | undefined => words.findLast((word) => word.name === name);
  const found = offerOf(words, report);
  const tickets = words.findLast(({ name }) => name === 'no-tls-tickets' || name === 'tls-tickets');
  if (tickets?.name === 'no-tls-tickets') found.push({ key: 'sessionTickets', value: false, spot: tickets.spot });
  found.push(protocols(last('alpn'), words, report));
  const strict = words.findLast(({ name }) => name === 'strict-sni' || name === 'no-strict-sni');
  if (strict?.name === 'strict-sni') found.push({ key: 'strictSni', value: true, spot: strict.spot });
  const auth = clientAuth(last('verify'), last('ca-file'), last('crl-file'), context);
  if (auth) found.push(auth);
  const update = last('ocsp-update');
  if (update?.text === 'on') found.push({ key: 'ocsp', value: 'on', spot: update.spot });
  for (const { name, text, spot } of words) {
    const reason = ignored[name];
    if (reason !== undefined) report.info(spot, `\`${name}\`: ${reason}`);
    else if (refused.has(name)) report.error(spot, `\`${name} ${text}\` cannot be carried over`.replace(' `', '`'));
  }
  return found;
}

const ignored: Readonly<Record<string, string>> = {
  'prefer-client-ciphers': 'the order of clients counts',
  'allow-0rtt': 'early data is not taken; clients send it again',
  'no-ca-names': 'clients are told whose certificates are taken',
  'tls-ticket-keys': 'keys of tickets are made, shared by all workers and renewed here',
  npn: 'clients have ALPN in its place',
  sigalgs: 'OpenSSL says which signatures are taken',
};

/** Lets in whom others would turn away, or makes certificates. */
const refused: ReadonlySet<string> = new Set([
  'ca-ignore-err', 'ca-sign-file', 'ca-sign-pass', 'ca-verify-file', 'client-sigalgs', 'crt-ignore-err',
  'generate-certificates',
]); // prettier-ignore

/** Without `alpn` HAProxy 2.6 speaks HTTP/1.1 only. */
function protocols(alpn: TlsWord | undefined, words: readonly TlsWord[], report: Report): TlsEntry {
  const spot = alpn?.spot ?? words.findLast(({ name }) => name === 'ssl')?.spot;
  const offered = (alpn?.text ?? '').split(',').filter((name) => name === 'h2' || name === 'http/1.1');
  if (!alpn && spot) report.info(spot, 'without `alpn` clients get HTTP/1.1', 'Write `alpn h2,http/1.1` for HTTP/2.');
  const value = offered.length === 0 ? ['http/1.1'] : offered;
  return { key: 'alpn', value, spot: spot as Spot };
}

function clientAuth(
  verify: TlsWord | undefined,
  ca: TlsWord | undefined,
  crl: TlsWord | undefined,
  { report, tls }: BindContext,
): TlsEntry | undefined {
  if (!verify || verify.text === 'none') {
    if (ca) report.info(ca.spot, '`ca-file` means nothing without `verify`');
    return undefined;
  }
  if (verify.text !== 'required' && verify.text !== 'optional') {
    report.error(verify.spot, `\`verify ${verify.text}\`: there are none, optional and required`);
    return undefined;
  }
  if (!ca || ca.text.startsWith('@')) {
    report.error(verify.spot, '`verify` needs the file of an authority', 'Write `ca-file FILE`.');
    return undefined;
  }
  const value = {
    ca: fileOf(ca.text, tls.caBase),
    mode: verify.text,
    ...(crl && { crl: fileOf(crl.text, tls.caBase) }),
  };
  return { key: 'clientAuth', value, spot: verify.spot };
}
