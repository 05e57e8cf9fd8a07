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

export interface PeersConfig {
  readonly name: string;
  /** Name of this machine. */
  readonly local: string;
  readonly bind: Extract<Bind, { readonly kind: 'tcp' }>;
  /** The others. */
  readonly members: readonly PeerMember[];
  readonly timeouts: PeerTimeouts;
}
