// Filters on IP addresses, by the documentation of ansible.utils; texts and networks checked against Python's netaddr.
import { describe, expect, it } from 'vitest';
import { ipText, parseIp } from '../../src/language/ip-address.ts';
import { errorOf, evaluate } from './support.ts';

const list = [
  '192.24.2.1',
  'host.fqdn',
  '::1',
  '192.168.32.0/24',
  'fe80::100/10',
  true,
  '',
  '42540766412265424405338506004571095040/64',
  '192.168.1.1/24',
];

describe('IP addresses', () => {
  it.each<readonly [string, unknown]>([
    ["'192.0.2.1' | ipaddr", '192.0.2.1'],
    ["'192.0.2.300' | ipaddr", false],
    ["'not an address' | ansible.utils.ipaddr", false],
    ['none | ipaddr', false],
    ['list | ipaddr', ['192.24.2.1', '::1', '192.168.32.0/24', 'fe80::100/10', '192.168.1.1/24']],
    ['list | ipv4', ['192.24.2.1', '192.168.32.0/24', '192.168.1.1/24']],
    ['list | ipv6', ['::1', 'fe80::100/10']],
    ["list | ipaddr('address')", ['192.24.2.1', '::1', 'fe80::100', '192.168.1.1']],
    ["list | ipaddr('net')", ['192.168.32.0/24']],
    ["list | ipaddr('host')", ['192.24.2.1/32', '::1/128', 'fe80::100/10', '192.168.1.1/24']],
    ["list | ipaddr('private')", ['192.168.32.0/24', '192.168.1.1/24']],
    ["list | ipaddr('public')", ['192.24.2.1']],
    ["list | ipaddr('192.168.0.0/16')", ['192.168.32.0/24', '192.168.1.1/24']],
    ["'192.0.2.1/24' | ipaddr('prefix')", 24],
    ["'192.0.2.1/24' | ipaddr('netmask')", '255.255.255.0'],
    ["'192.0.2.1/24' | ipaddr('network')", '192.0.2.0'],
    ["'192.0.2.1/24' | ipaddr('subnet')", '192.0.2.0/24'],
    ["'192.0.2.1/24' | ipaddr('broadcast')", '192.0.2.255'],
    ["'192.0.2.1/24' | ipaddr('hostmask')", '0.0.0.255'],
    ["'192.0.2.1/24' | ipaddr('size')", 256],
    ["'192.0.2.1/24' | ipaddr('type')", 'address'],
    ["'192.0.2.0/24' | ipaddr('type')", 'network'],
    ["'192.0.2.1/255.255.255.0' | ipaddr('prefix')", 24],
    ["'192.0.2.1' | ipaddr('version')", 4],
    ["'192.0.2.0/24' | ipaddr('first_usable')", '192.0.2.1'],
    ["'192.0.2.0/24' | ipaddr('last_usable')", '192.0.2.254'],
    ["'192.0.2.0/24' | ipaddr('range_usable')", '192.0.2.1-192.0.2.254'],
    ["'192.0.2.0/24' | ipaddr('size_usable')", 254],
    ["'192.0.2.5/24' | ipaddr('next_usable')", '192.0.2.6'],
    ["'192.0.2.5/24' | ipaddr('previous_usable')", '192.0.2.4'],
    ["'192.0.2.5/24' | ipaddr('network/prefix')", '192.0.2.0/24'],
    ["'192.0.2.5/24' | ipaddr('host/prefix')", '192.0.2.5/24'],
    ["'192.0.2.5/24' | ipaddr('ip_netmask')", '192.0.2.5 255.255.255.0'],
    ["'192.0.2.1' | ipaddr('int')", 3221225985],
    ["'192.0.2.1' | ipaddr('revdns')", '1.2.0.192.in-addr.arpa.'],
    ["'2001:db8::1' | ipaddr('revdns')", '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.'],
    ["'192.0.2.0/24' | ipaddr(1)", '192.0.2.1/24'],
    ["'192.0.2.0/24' | ipaddr('-1')", '192.0.2.255/24'],
    ["'192.0.2.0/24' | ipaddr(300)", false],
    ["'10.0.0.0/30' | ipaddr('peer')", false],
    ["'10.0.0.1/30' | ipaddr('peer')", '10.0.0.2'],
    ["'10.0.0.1/31' | ipaddr('peer')", '10.0.0.0'],
    ["'127.0.0.1' | ipaddr('loopback')", '127.0.0.1'],
    ["'fe80::1' | ipaddr('link-local')", 'fe80::1'],
    ["'224.0.0.1' | ipaddr('multicast')", '224.0.0.1'],
    ["'2001:db8::1' | ipwrap", '[2001:db8::1]'],
    ["'2001:db8::/32' | ipwrap", '[2001:db8::]/32'],
    ["['::1', '10.0.0.1', 'host'] | ipwrap", ['[::1]', '10.0.0.1', 'host']],
    ["'192.168.144.5' | ipsubnet", '192.168.144.5/32'],
    ["'192.168.0.0/16' | ipsubnet(20)", '16'],
    ["'192.168.0.0/16' | ipsubnet(20, 0)", '192.168.0.0/20'],
    ["'192.168.0.0/16' | ipsubnet(20, -1)", '192.168.240.0/20'],
    ["'192.168.144.5' | ipsubnet(20)", '192.168.144.0/20'],
    ["'192.168.144.5' | ipsubnet(18, 0)", '192.168.128.0/18'],
    ["'192.168.144.5' | ipsubnet(18, -1)", '192.168.144.5/32'],
    ["'192.168.144.16/30' | ipsubnet('192.168.144.0/24')", '5'],
    ["'192.168.1.5' | ipmath(5)", '192.168.1.10'],
    ["'192.168.1.5' | ipmath(-10)", '192.168.0.251'],
    ["'2001::1' | ipmath(8)", '2001::9'],
    ["'10.0.0.0/8' | nthhost(305)", '10.0.1.49'],
    ["'192.168.0.0/24' | network_in_network('192.168.0.64/26')", true],
    ["['192.168.0.34', '10.3.0.3', 'x'] | reduce_on_network('192.168.0.0/24')", ['192.168.0.34']],
    ["'192.0.2.1' | ip4_hex", 'c0000201'],
  ])('%s', (source, result) => expect(evaluate(source, { list })).toEqual(result));

  it.each([
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['fe80:0:0:1::', 'fe80:0:0:1::'],
    ['0:0:1::', '0:0:1::'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is printed as %s', (text, printed) => {
    const ip = parseIp(text);
    expect(ip && ipText(ip.version, ip.value)).toBe(printed);
  });

  it.each([
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.4/33',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    '::1/129',
    '1.2.3.4/255.0.255.0',
    '',
    '/24',
    'g::',
  ])('%j is no address', (text) => expect(parseIp(text)).toBeNull());

  it('says which questions there are', () => {
    const error = errorOf(() => evaluate("'10.0.0.1/8' | ipaddr('netmaks')"));
    expect([error.message, error.hint]).toEqual([
      "an address cannot be asked for 'netmaks'",
      "did you mean 'netmask'?",
    ]);
  });
});
