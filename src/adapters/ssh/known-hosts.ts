// The known_hosts format of OpenSSH, pure: parse, match, judge. Files are read and written by known-hosts-file.ts.
// Stricter than OpenSSH: a malformed line is an error, and a key of another type than the known ones counts as changed,
// since otherwise an impostor only had to offer a type that is not in the file.
import { createHash, createHmac } from 'node:crypto';

export interface KnownHost {
  readonly file: string;
  readonly line: number;
  readonly marker: 'cert-authority' | 'revoked' | null;
  /** Comma-separated patterns, or one hashed name `|1|salt|hash`. */
  readonly names: string;
  readonly type: string;
  /** The key blob in base64. */
  readonly key: string;
}

export interface MalformedLine {
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}

export type Judgement =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed' | 'revoked' | 'certified'; readonly entry: KnownHost };

/** Parses a known_hosts file; malformed lines come back beside the entries. */
export function parseKnownHosts(text: string, file: string): { entries: KnownHost[]; malformed: MalformedLine[] } {
  const entries: KnownHost[] = [];
  const malformed: MalformedLine[] = [];
  text.split('\n').forEach((raw, index) => {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) return;
    const entry = parseLine(content, file, index + 1);
    if (typeof entry === 'string') malformed.push({ file, line: index + 1, problem: entry });
    else entries.push(entry);
  });
  return { entries, malformed };
}

/** The name under which a host stands in the file: `[host]:port` unless the port is 22. */
export function knownHostName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether the names of an entry (patterns with `*`, `?`, `!`, or a hash) mean this host. */
function matchesHost(entry: KnownHost, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(entry.names);
  if (hashed) {
    const [, salt = '', hash = ''] = hashed;
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  let isMatch = false;
  for (const pattern of entry.names.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (globMatches(pattern.slice(1), name)) return false;
    } else if (globMatches(pattern, name)) isMatch = true;
  }
  return isMatch;
}

/** What the files say about a key that a host shows. */
export function judgeHostKey(entries: readonly KnownHost[], name: string, blob: Uint8Array): Judgement {
  const key = Buffer.from(blob).toString('base64');
  const ofHost = entries.filter((entry) => matchesHost(entry, name));
  const revoked = ofHost.find((entry) => entry.marker === 'revoked' && sameKey(entry.key, key));
  if (revoked) return { kind: 'revoked', entry: revoked };
  const plain = ofHost.filter((entry) => entry.marker === null);
  if (plain.some((entry) => sameKey(entry.key, key))) return { kind: 'known' };
  const type = keyTypeOf(blob);
  const other = plain.find((entry) => entry.type === type) ?? plain[0];
  if (other) return { kind: 'changed', entry: other };
  const authority = ofHost.find((entry) => entry.marker === 'cert-authority');
  return authority ? { kind: 'certified', entry: authority } : { kind: 'unknown' };
}

/** The key types known for a host: to be asked for first, so that it shows a key that can be compared. */
export function knownKeyTypes(entries: readonly KnownHost[], name: string): string[] {
  return entries.filter((entry) => entry.marker === null && matchesHost(entry, name)).map((entry) => entry.type);
}

/** The key type that a blob names in its first field. */
export function keyTypeOf(blob: Uint8Array): string {
  const bytes = Buffer.from(blob);
  if (bytes.length < 4) return '';
  return bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1');
}

/** `SHA256:...` as ssh-keygen -l prints it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The line that makes a key known. */
export function knownHostLine(name: string, blob: Uint8Array): string {
  return `${name} ${keyTypeOf(blob)} ${Buffer.from(blob).toString('base64')}`;
}

function parseLine(content: string, file: string, line: number): KnownHost | string {
  const fields = content.split(/[ \t]+/);
  const first = fields[0] ?? '';
  let marker: KnownHost['marker'] = null;
  if (first.startsWith('@')) {
    if (first !== '@revoked' && first !== '@cert-authority') return `unknown marker ${first}`;
    marker = first === '@revoked' ? 'revoked' : 'cert-authority';
    fields.shift();
  }
  const [names = '', type = '', key = ''] = fields;
  if (key === '') return 'expected: names, key type, key';
  if (names.startsWith('|') && !/^\|1\|[A-Za-z0-9+/]+=*\|[A-Za-z0-9+/]+=*$/.test(names)) return 'malformed hashed name';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return 'the key is not base64';
  if (keyTypeOf(Buffer.from(key, 'base64')) !== type) return `the key is not of type ${type}`;
  return { file, line, marker, names, type, key };
}

function globMatches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

function sameKey(left: string, right: string): boolean {
  return left.replace(/=+$/, '') === right.replace(/=+$/, '');
}
