// The kinds of data that entries of HAProxy's stick tables can have, by their numbers in the peers protocol.

/** count: a number. rate: the age of its period and what came in this one and the one before. name: a text, sent once. */
export type PeerDataKind = 'count' | 'rate' | 'name';

export interface PeerDataType {
  readonly bit: number;
  readonly name: string;
  readonly kind: PeerDataKind;
  /** As many of them as the definition of the table says. */
  readonly isList: boolean;
}

const one = (bit: number, name: string, kind: PeerDataKind = 'count'): PeerDataType => ({
  bit,
  name,
  kind: name.endsWith('_rate') ? 'rate' : kind,
  isList: false,
});
const list = (bit: number, name: string): PeerDataType => ({ ...one(bit, name), isList: true });

/** In the order of their numbers, in which they stand in entries. */
export const peerDataTypes: readonly PeerDataType[] = [
  one(0, 'server_id'),
  one(1, 'gpt0'),
  one(2, 'gpc0'),
  one(3, 'gpc0_rate'),
  one(4, 'conn_cnt'),
  one(5, 'conn_rate'),
  one(6, 'conn_cur'),
  one(7, 'sess_cnt'),
  one(8, 'sess_rate'),
  one(9, 'http_req_cnt'),
  one(10, 'http_req_rate'),
  one(11, 'http_err_cnt'),
  one(12, 'http_err_rate'),
  one(13, 'bytes_in_cnt'),
  one(14, 'bytes_in_rate'),
  one(15, 'bytes_out_cnt'),
  one(16, 'bytes_out_rate'),
  one(17, 'gpc1'),
  one(18, 'gpc1_rate'),
  one(19, 'server_key', 'name'),
  one(20, 'http_fail_cnt'),
  one(21, 'http_fail_rate'),
  list(22, 'gpt'),
  list(23, 'gpc'),
  list(24, 'gpc_rate'),
];
