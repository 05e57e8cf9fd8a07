// Sees that certificates, keys, authorities or stapled answers were replaced on disk: files that a configuration names and that
// somebody else renews. Looks from time to time, and calls back when what changed is at rest.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../lib/errors.ts';
import type { ProxyConfig } from '../core/config/model.ts';

/** What changes between two looks is not at rest: a certificate and its key are two files. */
const lookMs = 1000;

export class CertificateWatcher {
  readonly #config: () => ProxyConfig;
  readonly #changed: () => void;
  readonly #timer: NodeJS.Timeout;
  #names = '';
  #seen = '';
  #moving: string | undefined;

  /** `config`: the one that runs now. */
  constructor(config: () => ProxyConfig, changed: () => void) {
    this.#config = config;
    this.#changed = changed;
    this.#look();
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const files = tlsFiles(this.#config());
    const names = files.join('\n');
    const now = files.map(stampIfReadable).join('\n');
    // Another configuration was read with its files.
    if (names !== this.#names) this.#seen = now;
    this.#names = names;
    const isAtRest = now === this.#moving;
    this.#moving = now === this.#seen || isAtRest ? undefined : now;
    if (now === this.#seen || !isAtRest) return;
    this.#seen = now;
    this.#changed();
  }
}

/** Files and folders that the TLS keys of a configuration name, each once. */
function tlsFiles({ frontends, backends, acme }: ProxyConfig): readonly string[] {
  const found = frontends.flatMap(({ tls }) => [
    ...(tls?.certificates ?? []).flatMap((source) => {
      if (typeof source === 'string') return [source, `${source}.ocsp`];
      return 'cert' in source ? [source.cert, `${source.cert}.ocsp`, source.key] : [];
    }),
    tls?.clientAuth?.ca,
    tls?.clientAuth?.crl,
  ]);
  const others = backends.flatMap(({ tls }) => [tls?.ca, tls?.cert, tls?.key]);
  return [...new Set([...found, ...others, acme?.trust].filter((file) => file !== undefined))];
}

function stampIfReadable(path: string): string {
  try {
    return stampOf(path);
  } catch (error) {
    return messageOf(error);
  }
}

/** Another text for other content; for a folder, of all its files. Links are followed: certificates are often behind one. */
function stampOf(path: string): string {
  const own = fileStamp(path);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return own;
  const inside = readdirSync(path).sort();
  return [own, ...inside.map((name) => `${name} ${fileStamp(join(path, name))}`)].join(', ');
}

function fileStamp(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : 'none';
}
