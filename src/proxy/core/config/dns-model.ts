// How names of servers become addresses: the part of a configuration's model.

/** Times are in milliseconds. */
export interface DnsConfig {
  /** Empty: those of the system. */
  readonly servers: readonly string[];
  readonly prefer: 'ipv4' | 'ipv6';
  readonly timeoutMs: number;
  readonly tries: number;
  readonly minTtlMs: number;
  readonly maxTtlMs: number;
  readonly holdMs: number;
}
