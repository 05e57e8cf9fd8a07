// Machines that share stick tables: a section of the configuration.
import type { Bind } from '../config/model.ts';

export interface PeerMember {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface PeerTimeouts {
  readonly connectMs: number;
  readonly reconnectMs: number;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  readonly resyncMs: number;
}

/** Files of the certificate that this machine shows, and of who issued those of all. */
export interface PeerTlsConfig {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export interface PeersConfig {
  readonly name: string;
  /** Name of this machine. */
  readonly local: string;
  readonly bind: Extract<Bind, { readonly kind: 'tcp' }>;
  /** The others. */
  readonly members: readonly PeerMember[];
  readonly tls: PeerTlsConfig | undefined;
  readonly timeouts: PeerTimeouts;
}
