// Facts of interfaces, addresses and default routes.
import type { Json, JsonObject } from '../../lib/json.ts';
import { addresses4, addresses6, type Address4 } from './addresses.ts';
import { allLinks, base } from './links.ts';
import { known, type Collector, type FactSource } from './source.ts';

const folder = '/sys/class/net/*';

export const network: Collector = {
  name: 'network',
  parts: ['all_ipv4_addresses', 'all_ipv6_addresses', 'default_ipv4', 'default_ipv6', 'interfaces'],
  facts: ['all_ipv4_addresses', 'all_ipv6_addresses', 'default_ipv4', 'default_ipv6', 'interfaces'],
  files: [
    ...['address', 'mtu', 'operstate', 'type', 'flags', 'speed', 'bridge/bridge_id', 'bridge/stp_state'],
    ...['bonding/mode', 'bonding/miimon', 'bonding/lacp_rate', 'bonding/primary', 'bonding/slaves'],
    ...['bonding/all_slaves_active'],
  ]
    .map((file) => `${folder}/${file}`)
    .concat('/proc/net/if_inet6', '/proc/net/route', '/proc/net/ipv6_route', '/proc/net/fib_trie'),
  script: `vz ip; ! command -v ip || ip -o -4 addr show
vz route4; ip -4 route get 8.8.8.8
vz route6; ip -6 route get 2001:4860:4860::8888`,
  parse(source) {
    const names = [...source.matching(/^\/sys\/class\/net\/([^/]+)\/mtu$/)].map(([[, name = '']]) => name).sort();
    const v4 = addresses4(source);
    const v6 = addresses6(source);
    const facts: Record<string, Json> = {};
    for (const name of names) facts[name] = interfaceFacts(source, name, v4, v6);
    // An address with a label of its own is an interface of its own, as ifconfig had it.
    for (const { label, device, ...address } of v4) {
      if (label !== device) facts[label] = { ipv4: ipv4Facts(address) };
    }
    return {
      interfaces: Object.keys(facts),
      all_ipv4_addresses: v4.map(({ address }) => address).filter((address) => !address.startsWith('127.')),
      all_ipv6_addresses: v6.map(({ address }) => address).filter((address) => address !== '::1'),
      default_ipv4: default4(source, facts, v4),
      default_ipv6: default6(source, facts, v6),
      ...facts,
    };
  },
};

/** By the number of the hardware's kind: include/uapi/linux/if_arp.h. */
const types: Readonly<Record<string, string>> = {
  '1': 'ether',
  '32': 'infiniband',
  '512': 'ppp',
  '768': 'tunnel',
  '769': 'tunnel6',
  '772': 'loopback',
  '776': 'tunnel',
  '778': 'tunnel',
  '65534': 'tunnel',
};

function interfaceFacts(
  source: FactSource,
  name: string,
  v4: readonly Address4[],
  v6: ReturnType<typeof addresses6>,
): JsonObject {
  const at = (file: string) => source.first(`/sys/class/net/${name}/${file}`);
  const own = v4.filter(({ label }) => label === name);
  const [first, ...others] = own;
  const ipv6 = v6.filter(({ device }) => device === name).map(({ device: _device, ...address }) => address);
  const mac = at('address');
  const speed = at('speed');
  const links = allLinks(source);
  const target = (file: string) => links.find(({ path }) => path === `/sys/class/net/${name}/${file}`)?.target;
  const pci = target('device');
  const driver = target('device/driver/module');
  const bridge = at('bridge/bridge_id');
  const bond = at('bonding/mode');
  return known({
    device: name,
    active: at('operstate') !== 'down',
    type: bridge !== undefined ? 'bridge' : bond !== undefined ? 'bonding' : (types[at('type') ?? ''] ?? 'unknown'),
    macaddress: mac === undefined || /^(?:00:)*00$|^$/.test(mac) ? undefined : mac,
    mtu: Number(at('mtu')),
    promisc: (parseInt(at('flags') ?? '0', 16) & 0x100) !== 0,
    speed: speed === undefined ? undefined : Number(speed),
    pciid: pci === undefined ? undefined : base(pci),
    module: driver === undefined ? undefined : base(driver),
    ipv4: first && ipv4Facts(first),
    ipv4_secondaries: others.length === 0 ? undefined : others.map(ipv4Facts),
    ipv6: ipv6.length === 0 ? undefined : ipv6,
    ...(bridge === undefined ? {} : bridgeFacts(source, name, bridge)),
    ...(bond === undefined ? {} : bondFacts(source, name, bond)),
  });
}

function ipv4Facts({ address, broadcast, netmask, network, prefix }: Omit<Address4, 'label' | 'device'>): JsonObject {
  return { address, broadcast, netmask, network, prefix };
}

function bridgeFacts(source: FactSource, name: string, id: string): JsonObject {
  const ports = allLinks(source).flatMap(({ path, target }) => {
    const [, port] = /^\/sys\/class\/net\/([^/]+)\/master$/.exec(path) ?? [];
    return port !== undefined && base(target) === name ? [port] : [];
  });
  return { id, stp: source.first(`/sys/class/net/${name}/bridge/stp_state`) === '1', interfaces: ports };
}

function bondFacts(source: FactSource, name: string, mode: string): JsonObject {
  const at = (file: string) => source.first(`/sys/class/net/${name}/bonding/${file}`);
  const words = (text: string | undefined) => text?.split(' ').filter(Boolean) ?? [];
  return known({
    slaves: words(at('slaves')),
    mode: mode.split(' ')[0],
    miimon: at('miimon'),
    lacp_rate: at('lacp_rate')?.split(' ')[0],
    primary: at('primary'),
    all_slaves_active: at('all_slaves_active') === '1',
  });
}

interface Route {
  readonly device: string;
  readonly gateway?: string;
  readonly address?: string;
}

/** `8.8.8.8 via 192.0.2.1 dev eth0 src 192.0.2.2`, as `ip route get` prints it. */
function routeOf(text: string): Route | null {
  const word = (name: string) => new RegExp(` ${name} (\\S+)`).exec(text)?.[1];
  const device = word('dev');
  if (device === undefined) return null;
  const [gateway, address] = [word('via'), word('src')];
  return { device, ...(gateway === undefined ? {} : { gateway }), ...(address === undefined ? {} : { address }) };
}

/** Of a host without `ip`: its default route with the lowest metric. */
function tableRoute(source: FactSource): Route | null {
  const rows = source.lines('/proc/net/route').map((line) => line.trim().split(/\s+/));
  const [best] = rows
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .toSorted((left, right) => Number(left[6]) - Number(right[6]));
  if (!best) return null;
  const [device = '', , gateway = ''] = best;
  const bytes = (gateway.match(/../g) ?? []).map((byte) => parseInt(byte, 16)).toReversed();
  return { device, gateway: bytes.join('.') };
}

function default4(source: FactSource, facts: JsonObject, all: readonly Address4[]): JsonObject {
  const route = routeOf(source.output('route4')) ?? tableRoute(source);
  if (!route) return {};
  const own = all.filter(({ device }) => device === route.device);
  const address = own.find((one) => one.address === route.address) ?? own[0];
  return known({
    interface: route.device,
    ...(address ? { ...ipv4Facts(address), alias: address.label } : { address: route.address }),
    gateway: route.gateway,
    ...ofInterface(facts[route.device]),
  });
}

function default6(source: FactSource, facts: JsonObject, all: ReturnType<typeof addresses6>): JsonObject {
  const route = routeOf(source.output('route6'));
  if (!route || route.device === 'lo') return {};
  const address = all.find((one) => one.device === route.device && one.address === route.address);
  return known({
    interface: route.device,
    address: address?.address ?? route.address,
    ...(address ? { prefix: address.prefix, scope: address.scope } : {}),
    gateway: route.gateway,
    ...ofInterface(facts[route.device]),
  });
}

function ofInterface(facts: Json | undefined): Readonly<Record<string, Json | undefined>> {
  const { macaddress, mtu, type } = (facts ?? {}) as JsonObject;
  return { macaddress, mtu, type };
}
