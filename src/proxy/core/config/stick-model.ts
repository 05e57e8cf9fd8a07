// Stick tables: which client goes to which server, and what is counted of clients: the part of a backend's model.
import type { KeyConfig } from './model.ts';

/** What a table can hold beside the server, in the order in which HAProxy shows it. */
export const stickDataNames = [
  'gpc0',
  'conn_cnt',
  'conn_rate',
  'http_req_cnt',
  'http_req_rate',
  'http_err_cnt',
  'http_err_rate',
  'bytes_in_cnt',
  'bytes_in_rate',
  'bytes_out_cnt',
  'bytes_out_rate',
] as const;

export type StickDataName = (typeof stickDataNames)[number];

export interface StickDatum {
  readonly name: StickDataName;
  /** Of a rate; 0 = it is a count. */
  readonly periodMs: number;
}

export type StickType = 'ip' | 'ipv6' | 'integer' | 'string';

export interface StickTableConfig {
  readonly name: string;
  readonly type: StickType;
  /** Longer keys of the type string are cut. */
  readonly len: number;
  readonly size: number;
  /** After the last use; 0 = never. */
  readonly expireMs: number;
  /** A full table takes nothing new instead of dropping the oldest. */
  readonly nopurge: boolean;
  readonly data: readonly StickDatum[];
  /** The section of machines that share it. */
  readonly peers: string | undefined;
}

/** One key of requests: whether its entry says the server, and whether the server is written under it. */
export interface StickKeyConfig extends KeyConfig {
  readonly match: boolean;
  readonly store: boolean;
}

export interface StickConfig {
  readonly table: StickTableConfig;
  readonly keys: readonly StickKeyConfig[];
}
