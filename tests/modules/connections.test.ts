// Reading the kernel's table of TCP connections.
import { expect, it } from 'vitest';
import { countConnections, defaultActiveStates } from '../../src/modules/shared/connections.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:1F90 0200007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 2 1
   2: 0500000A:1F90 0600000A:D432 06 00000000:00000000 00:00000000 00000000     0        0 3 1
  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000300007F:1234 01 00000000:00000000
   1: 00000000000000000000000001000000:1F90 00000000000000000000000001000000:1235 08 00000000:00000000
`;
const count = (host: string, more: object = {}) =>
  countConnections(table, { host, port: 8080, states: defaultActiveStates, excludedPeers: [], ...more });

it('counts active connections of an address, mapped ones included', () => {
  expect(count('127.0.0.1')).toBe(2);
  expect(count('10.0.0.5')).toBe(1);
  expect(count('0.0.0.0')).toBe(3);
  expect(count('some.name')).toBe(3);
  expect(count('::1')).toBe(0);
});

it('counts other states and leaves out peers when told to', () => {
  expect(count('::1', { states: ['CLOSE_WAIT'] })).toBe(1);
  expect(count('0.0.0.0', { excludedPeers: ['127.0.0.2', '127.0.0.3'] })).toBe(1);
  expect(count('0.0.0.0', { port: 80 })).toBe(0);
});
