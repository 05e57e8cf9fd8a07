// Filters on IP addresses: the ones of the collection ansible.utils that people use.
import { fail } from '../budget.ts';
import { elements, type Filter, integerArgument, textArgument } from '../callable.ts';
import { ipText, isWithin, type IpAddress, lastOf, networkOf, parseIp, sizeOf, widthOf } from '../ip-address.ts';
import type { Value } from '../value.ts';
import { isList, kindOf } from '../values.ts';
import { ipQueries, otherQuery, wrapped } from './ip-queries.ts';
import { didYouMean } from '../../lib/suggest.ts';

export const ipFilters: Readonly<Record<string, Filter>> = {
  ipaddr: asking(null),
  ipv4: asking(4),
  ipv6: asking(6),
  ipwrap: {
    parameters: ['query'],
    run: (value, [query], { budget }) => {
      const wrap = (part: Value): Value => {
        const asked = ask(part, textArgument(query, '', budget), null);
        const text = typeof asked === 'string' ? asked : part;
        const ip = typeof text === 'string' ? parseIp(text) : null;
        return ip && typeof text === 'string' ? wrapped(ip, text) : text;
      };
      return isList(value) ? elements(value, budget).map(wrap) : wrap(value);
    },
  },
  ipsubnet: {
    parameters: ['query', 'index'],
    run: (value, [query, index], { budget }) => subnet(value, textArgument(query, '', budget), index),
  },
  ipmath: {
    parameters: ['amount'],
    required: 1,
    run: (value, [amount]) => {
      const ip = ipArgument(value);
      return inRange(ip, ip.value + BigInt(integerArgument(amount, 0)));
    },
  },
  nthhost: {
    parameters: ['query'],
    required: 1,
    run: (value, [query]) => {
      const ip = ipArgument(value);
      const index = BigInt(integerArgument(query, 0));
      const found = index < 0n ? lastOf(ip) + 1n + index : networkOf(ip) + index;
      return found >= networkOf(ip) && found <= lastOf(ip) ? ipText(ip.version, found) : false;
    },
  },
  network_in_network: {
    parameters: ['test'],
    required: 1,
    run: (value, [test = null]) => isWithin(ipArgument(test), ipArgument(value)),
  },
  reduce_on_network: {
    parameters: ['network'],
    required: 1,
    run: (value, [network = null], { budget }) => {
      const outer = ipArgument(network);
      return elements(value, budget).filter((part) => {
        const ip = typeof part === 'string' ? parseIp(part) : null;
        return ip !== null && isWithin(ip, outer);
      });
    },
  },
  ip4_hex: {
    parameters: ['delimiter'],
    run: (value, [delimiter], { budget }) => {
      const ip = ipArgument(value);
      const hex = ip.value.toString(16).padStart(8, '0');
      return (hex.match(/../g) ?? []).join(textArgument(delimiter, '', budget));
    },
  },
};

function asking(version: 4 | 6 | null): Filter {
  return {
    parameters: ['query'],
    run: (value, [query], { budget }) => {
      const asked = textArgument(query, '', budget);
      if (!isList(value)) return ask(value, asked, version);
      return elements(value, budget)
        .map((part) => ask(part, asked, version))
        .filter((answer) => answer !== false);
    },
  };
}

/** `false` for what is no address, is of the other version, or has no answer to the question. */
function ask(value: Value, query: string, version: 4 | 6 | null): Value {
  const run = Object.hasOwn(ipQueries, query) ? ipQueries[query] : otherQuery(query);
  if (!run)
    return fail(`an address cannot be asked for '${query}'`, didYouMean(query, Object.keys(ipQueries)) ?? undefined);
  const ip = readIp(value);
  if (!ip || (version !== null && ip.version !== version)) return false;
  return run(ip, typeof value === 'string' ? value.trim() : ipText(ip.version, ip.value));
}

function readIp(value: Value): IpAddress | null {
  if (typeof value === 'string') return parseIp(value);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= 2 ** 32) return null;
  return { version: 4, value: BigInt(value), prefix: 32, hasPrefix: false };
}

function ipArgument(value: Value): IpAddress {
  return readIp(value) ?? fail(`${typeof value === 'string' ? `'${value}'` : kindOf(value)} is no IP address`);
}

function inRange(ip: IpAddress, value: bigint): Value {
  return value >= 0n && value < 1n << BigInt(widthOf(ip))
    ? ipText(ip.version, value)
    : fail('the address is out of range');
}

/**
 * A prefix length: how many subnets, or with an index the one of them; of an address, the network around it.
 * A network: which of its subnets this one is.
 */
function subnet(value: Value, query: string, index: Value | undefined): Value {
  const ip = readIp(value);
  if (!ip) return false;
  const text = (network: bigint, prefix: number): string => `${ipText(ip.version, network)}/${prefix}`;
  if (query === '') return text(networkOf(ip), ip.prefix);
  if (!/^\d+$/.test(query)) {
    const outer = parseIp(query) ?? fail(`'${query}' is no network`);
    if (!isWithin(ip, outer)) return fail(`${ipText(ip.version, ip.value)}/${ip.prefix} is not in the subnet ${query}`);
    return String((networkOf(ip) - networkOf(outer)) / sizeOf(ip) + 1n);
  }
  const prefix = Number(query);
  if (prefix > widthOf(ip)) return false;
  const around = { ...ip, prefix };
  const isAddress = sizeOf(ip) === 1n;
  if (index === undefined || index === null) {
    if (isAddress) return text(networkOf(around), prefix);
    return prefix >= ip.prefix ? String(1n << BigInt(prefix - ip.prefix)) : false;
  }
  const wanted = BigInt(integerArgument(index, 0));
  if (isAddress) return supernet(ip, prefix, wanted);
  if (prefix < ip.prefix) return false;
  const count = 1n << BigInt(prefix - ip.prefix);
  const at = wanted < 0n ? count + wanted : wanted;
  return at >= 0n && at < count ? text(networkOf(ip) + at * sizeOf(around), prefix) : false;
}

/** Networks around an address from the prefix to the address itself; the index counts them, the largest first. */
function supernet(ip: IpAddress, prefix: number, index: bigint): Value {
  const lengths = widthOf(ip) - prefix + 1;
  const at = Number(index < 0n ? BigInt(lengths) + index : index);
  if (at < 0 || at >= lengths) return false;
  const around = { ...ip, prefix: prefix + at };
  return `${ipText(ip.version, networkOf(around))}/${around.prefix}`;
}
