// The PROXY protocol: headers of both versions, whole, in pieces and broken.
import { describe, expect, it } from 'vitest';
import { crc32c, proxyHeader, readProxyHeader } from '../../../src/proxy/core/proxy-protocol.ts';

const four = { source: '192.0.2.1', sourcePort: 56_324, destination: '198.51.100.1', destinationPort: 443 };
const six = { source: '2001:db8::1', sourcePort: 4124, destination: '2001:db8::2', destinationPort: 443 };

const signature = '0d0a0d0a000d0a515549540a';
const v2 = (rest: string): Buffer => Buffer.from(signature + rest.replaceAll(' ', ''), 'hex');

describe('the PROXY protocol', () => {
  it.each([
    ['v1', four],
    ['v1', six],
    ['v2', four],
    ['v2', six],
    ['v1', undefined],
    ['v2', undefined],
  ] as const)('%s says %j, and is understood whole and in pieces', (version, endpoints) => {
    const header = proxyHeader(version, endpoints);
    const bytes = Buffer.concat([header, Buffer.from('GET')]);
    expect(readProxyHeader(bytes)).toEqual({ state: 'done', end: header.length, endpoints });
    for (let size = 1; size < header.length; size += 1)
      expect(readProxyHeader(header.subarray(0, size))).toEqual({ state: 'more' });
  });

  it('tells an IPv4 client of an IPv6 address in one family', () => {
    const mixed = { ...four, destination: '2001:db8::2' };
    expect(proxyHeader('v1', mixed).toString()).toBe('PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 56324 443\r\n');
  });

  it.each([
    ['PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n', { ...four }],
    ['PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n', undefined],
  ])('reads %j', (text, endpoints) => {
    expect(readProxyHeader(Buffer.from(text))).toEqual({ state: 'done', end: text.length, endpoints });
  });

  it.each([
    'GET / HTTP/1.1\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n',
    'PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n',
    'PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n',
    `PROXY UNKNOWN ${'x'.repeat(110)}\r\n`,
  ])('refuses %j', (text) => {
    const { state } = readProxyHeader(Buffer.from(text.padEnd(120, ' ')));
    expect(state).toBe('bad');
  });

  it('reads version 2 with extensions, unix sockets and LOCAL, and passes over what says nothing of use', () => {
    const addresses = 'c0000201 c6336401 dc04 01bb';
    const noop = '04 0003 000000';
    expect(readProxyHeader(v2(`21 11 0012 ${addresses} ${noop}`))).toEqual({ state: 'done', end: 34, endpoints: four });
    expect(readProxyHeader(v2('20 00 0000'))).toEqual({ state: 'done', end: 16, endpoints: undefined });
    expect(readProxyHeader(v2(`20 11 000c ${addresses}`))).toEqual({ state: 'done', end: 28, endpoints: undefined });
    expect(readProxyHeader(v2(`21 31 00d8 ${'00'.repeat(216)}`)).state).toBe('done');
  });

  it('refuses version 2 that is broken', () => {
    expect(readProxyHeader(v2('11 11 0000')).state).toBe('bad');
    expect(readProxyHeader(v2('22 11 000c')).state).toBe('bad');
    expect(readProxyHeader(v2('21 11 0004 c0000201')).state).toBe('bad');
    expect(readProxyHeader(v2('21 11 000f c0000201 c6336401 dc04 01bb 04ffff')).state).toBe('bad');
  });

  it('holds a checksum against the header', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    const header = v2('21 11 0013 c0000201 c6336401 dc04 01bb 03 0004 00000000');
    const sum = crc32c(header);
    expect(readProxyHeader(header).state).toBe('bad');
    header.writeUInt32BE(sum, header.length - 4);
    expect(readProxyHeader(header)).toMatchObject({ state: 'done', endpoints: four });
  });
});
