// TLS words that binds and servers share: what `global` says for all of them, versions, ciphers, names of files.
import { cipherSuites, oldCiphers } from '../../tls/profile.ts';
import type { Report, Spot } from '../report.ts';
import type { Line, Word } from './words.ts';

/** A word behind `bind` or `server` with its value, '' for those without one. */
export interface TlsWord {
  readonly name: string;
  readonly text: string;
  readonly spot: Spot;
}

/** What `global` says for all binds and servers. */
export interface TlsDefaults {
  readonly crtBase: string | undefined;
  readonly caBase: string | undefined;
  readonly binds: readonly TlsWord[];
  readonly servers: readonly TlsWord[];
  /** `ssl-server-verify none` */
  readonly verifiesServers: boolean;
}

/** A value for a key of `tls`, with its place. */
export interface TlsEntry {
  readonly key: string;
  readonly value: unknown;
  readonly spot: Spot;
}

const versionFlags = /^(?:no|force)-(?:sslv3|tlsv1[0-3])$/;

/** Words without a value. */
export const tlsFlags: ReadonlySet<string> = new Set([
  'ssl', 'no-tls-tickets', 'tls-tickets', 'strict-sni', 'no-strict-sni', 'prefer-client-ciphers',
  'no-prefer-client-ciphers', 'allow-0rtt', 'no-ca-names', 'generate-certificates',
]); // prettier-ignore

export function isTlsFlag(name: string): boolean {
  return tlsFlags.has(name) || versionFlags.test(name);
}

/** Words of `bind` with a value. */
export const tlsValued: ReadonlySet<string> = new Set([
  'alpn', 'ca-file', 'ca-ignore-err', 'ca-sign-file', 'ca-sign-pass', 'ca-verify-file', 'ciphers', 'ciphersuites',
  'client-sigalgs', 'crl-file', 'crt', 'crt-ignore-err', 'crt-list', 'curves', 'ecdhe', 'npn', 'ocsp-update', 'sigalgs',
  'ssl-max-ver', 'ssl-min-ver', 'tls-ticket-keys', 'verify',
]); // prettier-ignore

export function tlsDefaultsOf(lines: readonly Line[]): TlsDefaults {
  const valueOf = (name: string): string | undefined =>
    lines.findLast(({ first }) => first.text === name)?.words[1]?.text;
  return {
    crtBase: valueOf('crt-base'),
    caBase: valueOf('ca-base'),
    binds: defaultWords('ssl-default-bind-', lines),
    servers: defaultWords('ssl-default-server-', lines),
    verifiesServers: valueOf('ssl-server-verify') !== 'none',
  };
}

function defaultWords(prefix: string, lines: readonly Line[]): TlsWord[] {
  return lines.flatMap(({ first, words }): TlsWord[] => {
    if (!first.text.startsWith(prefix)) return [];
    const name = first.text.slice(prefix.length);
    const [, value] = words;
    return name === 'options' ? tlsWords(words.slice(1)) : value ? [{ name, text: value.text, spot: value }] : [];
  });
}

/** `no-tls-tickets ssl-min-ver TLSv1.2` */
function tlsWords(words: readonly Word[]): TlsWord[] {
  const found: TlsWord[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (!word) continue;
    const text = isTlsFlag(word.text) ? '' : (words[(at += 1)]?.text ?? '');
    found.push({ name: word.text, text, spot: word });
  }
  return found;
}

/** A file as HAProxy finds it. */
export function fileOf(text: string, base: string | undefined): string {
  return text.startsWith('/') || base === undefined ? text : `${base.replace(/\/$/, '')}/${text}`;
}

/** Versions, ciphers and groups; of several words that say the same the last holds. */
export function offerOf(words: readonly TlsWord[], report: Report): TlsEntry[] {
  const found = new Map<string, TlsEntry>();
  const put = (key: string, value: unknown, spot: Spot): void => void found.set(key, { key, value, spot });
  for (const { name, text, spot } of words) {
    switch (name) {
      case 'ssl-min-ver':
        lowest(text, spot, report, found, put);
        break;
      case 'ssl-max-ver':
        highest(text, spot, report, found, put);
        break;
      case 'force-tlsv13':
      case 'no-tlsv12':
        put('minVersion', 'TLSv1.3', spot);
        break;
      case 'force-tlsv12':
      case 'no-tlsv13':
        put('maxVersion', 'TLSv1.2', spot);
        break;
      case 'force-sslv3':
      case 'force-tlsv10':
      case 'force-tlsv11':
        report.error(spot, `\`${name}\`: TLS 1.2 is the lowest version here`);
        break;
      case 'ciphers':
        if (isSame(withoutFinite(text), oldCiphers)) found.delete('ciphers');
        else put('ciphers', text, spot);
        break;
      case 'ciphersuites':
        if (isSame(text, cipherSuites)) found.delete('cipherSuites');
        else put('cipherSuites', text, spot);
        break;
      case 'curves':
      case 'ecdhe':
        put('groups', text, spot);
        break;
      default:
    }
  }
  return [...found.values()];
}

type Put = (key: string, value: unknown, spot: Spot) => void;

function lowest(text: string, spot: Spot, report: Report, found: Map<string, TlsEntry>, put: Put): void {
  if (text === 'TLSv1.3') put('minVersion', text, spot);
  else found.delete('minVersion');
  if (/^(?:SSLv3|TLSv1\.[01])$/.test(text))
    report.warning(spot, `\`${text}\`: whoever does not speak TLS 1.2 is turned away here`);
}

function highest(text: string, spot: Spot, report: Report, found: Map<string, TlsEntry>, put: Put): void {
  if (text === 'TLSv1.2') put('maxVersion', text, spot);
  else if (text === 'TLSv1.3') found.delete('maxVersion');
  else report.error(spot, `\`${text}\`: TLS 1.2 is the lowest version here`);
}

/** The exchange by finite fields is not offered; whoever has it has the other ones. */
function withoutFinite(ciphers: string): string {
  return ciphers
    .split(':')
    .filter((name) => !/^DHE-/.test(name))
    .join(':');
}

/** The same names in any order: clients choose here. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => text.split(':').toSorted().join(':'));
  return first === second;
}
