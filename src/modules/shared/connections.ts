// Counts the TCP connections of a port from the kernel's tables; no ss or netstat is needed.
import type { Contact } from '../../core/module.ts';
import { ipv6Text } from '../../lib/ip-text.ts';
import { rawShell } from '../../lib/shell.ts';

/** The states that Ansible's wait_for counts as active. */
export const defaultActiveStates = [
  'ESTABLISHED',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'SYN_RECV',
  'SYN_SENT',
  'TIME_WAIT',
] as const;

/** Numbers of states in /proc/net/tcp: include/net/tcp_states.h. */
const stateNames: Readonly<Record<string, string>> = {
  '01': 'ESTABLISHED',
  '02': 'SYN_SENT',
  '03': 'SYN_RECV',
  '04': 'FIN_WAIT1',
  '05': 'FIN_WAIT2',
  '06': 'TIME_WAIT',
  '08': 'CLOSE_WAIT',
  '09': 'LAST_ACK',
  '0B': 'CLOSING',
};

export interface ConnectionFilter {
  /** The local address; 0.0.0.0, :: and names stand for every one. */
  readonly host: string;
  readonly port: number;
  readonly states: readonly string[];
  readonly excludedPeers: readonly string[];
}

export async function activeConnections(contact: Pick<Contact, 'look'>, filter: ConnectionFilter): Promise<number> {
  const looked = await contact.look(rawShell('cat /proc/net/tcp /proc/net/tcp6 2>/dev/null'));
  return countConnections(looked.stdout, filter);
}

export function countConnections(table: string, filter: ConnectionFilter): number {
  const anyAddress = !/^[\d.]+$|:/.test(filter.host) || filter.host === '0.0.0.0' || filter.host === '::';
  return table.split('\n').filter((line) => {
    const [, local, peer, state] = line.trim().split(/\s+/);
    const [localAddress, localPort] = endpoint(local);
    if (localPort !== filter.port || state === undefined) return false;
    if (!anyAddress && localAddress !== filter.host) return false;
    const [peerAddress] = endpoint(peer);
    return filter.states.includes(stateNames[state] ?? '') && !filter.excludedPeers.includes(peerAddress);
  }).length;
}

/** `0100007F:1F90` is 127.0.0.1 and 8080: addresses are words in the byte order of the (little-endian) host. */
function endpoint(text: string | undefined): readonly [string, number] {
  const [address = '', port = ''] = (text ?? '').split(':');
  if (!/^(?:[0-9A-F]{8}){1,4}$/i.test(address)) return ['', -1];
  const words = (address.match(/.{8}/g) ?? []).map((word) => word.match(/../g)?.reverse() ?? []);
  const bytes = words.flat().map((byte) => parseInt(byte, 16));
  const number = parseInt(port, 16);
  if (bytes.length === 4) return [bytes.join('.'), number];
  const mapped = bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 255));
  return [mapped ? bytes.slice(12).join('.') : ipv6Text(bytes), number];
}
