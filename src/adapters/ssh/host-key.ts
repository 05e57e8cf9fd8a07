// Decides whether the key that a host shows may be trusted, and which key types to ask for.
import { VezaError } from '../../lib/errors.ts';
import { quote } from '../../lib/shell.ts';
import type { HostAddress } from '../../engine/ports.ts';
import {
  type KnownHost,
  fingerprint,
  judgeHostKey,
  keyTypeOf,
  knownHostLine,
  knownHostName,
  knownKeyTypes,
} from './known-hosts.ts';
import { appendKnownHost, defaultKnownHostsFile, readKnownHosts } from './known-hosts-file.ts';

/** Key type in the file -> signature algorithms that show it, best first. This is also the order without known keys. */
const algorithmsOfType = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
} as const;

type HostKeyAlgorithm = (typeof algorithmsOfType)[keyof typeof algorithmsOfType][number];

export interface HostKeyCheck {
  readonly algorithms: HostKeyAlgorithm[];
  /** Resolves for a trusted key. Rejects with VezaError `host-key-unknown`, `host-key-changed`, `host-key-revoked`. */
  verify(blob: Uint8Array): Promise<void>;
}

/** Reads the known hosts once for a connection. Rejects with VezaError `known-hosts-invalid`. */
export async function prepareHostKeyCheck(host: HostAddress): Promise<HostKeyCheck> {
  if (host.hostKeys === 'off') return { algorithms: orderFor([]), verify: () => Promise.resolve() };
  const entries = await readKnownHosts(host.knownHostsFile);
  const name = knownHostName(host.address, host.port);
  return {
    algorithms: orderFor(knownKeyTypes(entries, name)),
    verify: (blob) => verify(host, name, entries, blob),
  };
}

async function verify(host: HostAddress, name: string, entries: readonly KnownHost[], blob: Uint8Array): Promise<void> {
  const judgement = judgeHostKey(entries, name, blob);
  switch (judgement.kind) {
    case 'known':
      return;
    case 'unknown': {
      if (host.hostKeys === 'strict') throw unknownKey(host, name, blob);
      const file = host.knownHostsFile ?? defaultKnownHostsFile();
      await appendKnownHost(file, knownHostLine(name, blob), (now) => {
        const latest = judgeHostKey(now, name, blob);
        if (latest.kind === 'changed') throw changedKey(host, name, latest.entry, blob);
        if (latest.kind === 'revoked') throw revokedKey(host, latest.entry, blob);
        return latest.kind === 'known';
      });
      return;
    }
    case 'changed':
      throw changedKey(host, name, judgement.entry, blob);
    case 'revoked':
      throw revokedKey(host, judgement.entry, blob);
    case 'certified':
      throw certifiedKey(host, name, judgement.entry, blob);
    default:
      judgement satisfies never;
  }
}

function orderFor(knownTypes: readonly string[]): HostKeyAlgorithm[] {
  const types = Object.entries(algorithmsOfType);
  const known = types.filter(([type]) => knownTypes.includes(type));
  const others = types.filter(([type]) => !knownTypes.includes(type));
  return [...known, ...others].flatMap(([, algorithms]) => [...algorithms]);
}

function unknownKey(host: HostAddress, name: string, blob: Uint8Array): VezaError {
  const file = host.knownHostsFile ?? defaultKnownHostsFile();
  return new VezaError(
    'host-key-unknown',
    `${host.name}: the host key of ${name} is not known: ${keyTypeOf(blob)} ${fingerprint(blob)}`,
    { hint: `Compare the fingerprint on the host, then accept it: ${acceptCommand(name, blob, file)}` },
  );
}

function changedKey(host: HostAddress, name: string, entry: KnownHost, blob: Uint8Array): VezaError {
  const known = fingerprint(Buffer.from(entry.key, 'base64'));
  return new VezaError(
    'host-key-changed',
    `${host.name}: the host key of ${name} has changed: known ${entry.type} ${known} ` +
      `(${entry.file} line ${entry.line}), shown ${keyTypeOf(blob)} ${fingerprint(blob)}`,
    {
      where: { file: entry.file, line: entry.line, column: 1 },
      hint:
        'Someone may be posing as this host. Only if it was reinstalled, forget the old key: ' +
        `ssh-keygen -R ${quote(name)} -f ${quote(entry.file)}`,
    },
  );
}

function revokedKey(host: HostAddress, entry: KnownHost, blob: Uint8Array): VezaError {
  return new VezaError(
    'host-key-revoked',
    `${host.name}: the host shows a revoked key: ${keyTypeOf(blob)} ${fingerprint(blob)} (${entry.file} line ${entry.line})`,
    {
      where: { file: entry.file, line: entry.line, column: 1 },
      hint: 'Give the host a new key; do not connect before.',
    },
  );
}

function certifiedKey(host: HostAddress, name: string, entry: KnownHost, blob: Uint8Array): VezaError {
  return new VezaError(
    'host-key-unknown',
    `${host.name}: ${name} is known only by a certificate authority (${entry.file} line ${entry.line}), ` +
      `which is not supported; its key is ${keyTypeOf(blob)} ${fingerprint(blob)}`,
    {
      where: { file: entry.file, line: entry.line, column: 1 },
      hint: `Compare the fingerprint, then accept the key itself: ${acceptCommand(name, blob, entry.file)}`,
    },
  );
}

/** Writes the very key that was shown: a second look over the network could be answered by someone else. */
function acceptCommand(name: string, blob: Uint8Array, file: string): string {
  return `echo ${quote(knownHostLine(name, blob))} >> ${quote(file)}`;
}
