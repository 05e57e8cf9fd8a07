// TLS in a worker: the terminators of its frontends and what the master sends for them. What did not change is kept:
// contexts cost time to make, and thousands of names may be served.
import type { ProxyConfig } from '../core/config/model.ts';
import type { TlsMaterial } from './tls-material.ts';
import { TlsTerminator } from './tls-terminator.ts';
import { type KeptUpstream, type UpstreamTls, upstreamsOf } from './upstream-tls.ts';

interface Kept {
  readonly made: string;
  readonly terminator: TlsTerminator;
}

export class WorkerTls {
  #terminators = new Map<string, Kept>();
  #upstreams = new Map<string, KeptUpstream>();
  #staples = new Map<string, Buffer>();
  #keys: Buffer | undefined;

  /** Takes what a configuration says, or throws and stays as it was. */
  configure(config: ProxyConfig, material: TlsMaterial): void {
    const next = new Map<string, Kept>();
    for (const { name, tls } of config.frontends) {
      const own = material.frontends[name];
      if (!tls || !own) continue;
      const made = JSON.stringify([tls, own]);
      const known = this.#terminators.get(name);
      if (known?.made === made) {
        next.set(name, known);
        continue;
      }
      const terminator = new TlsTerminator(name, tls, own, () => this.#staples);
      if (this.#keys) terminator.setTicketKeys(this.#keys);
      next.set(name, { made, terminator });
    }
    const upstreams = upstreamsOf(config, material, this.#upstreams);
    this.#terminators = next;
    this.#upstreams = upstreams;
  }

  /** What connections to the servers of a backend are opened with; undefined = no TLS. */
  upstream(backend: string): UpstreamTls | undefined {
    return this.#upstreams.get(backend)?.tls;
  }

  terminator(frontend: string): TlsTerminator | undefined {
    return this.#terminators.get(frontend)?.terminator;
  }

  setTicketKeys(keys: Buffer): void {
    this.#keys = keys;
    for (const { terminator } of this.#terminators.values()) terminator.setTicketKeys(keys);
  }

  setStaples(staples: Readonly<Record<string, string>>): void {
    this.#staples = new Map(
      Object.entries(staples).map(([fingerprint, text]) => [fingerprint, Buffer.from(text, 'base64')]),
    );
  }
}
