// Under which key of a stick table a request stands: what it is known by, read as the table's type, as HAProxy reads it.
import { type Address, isIpv4, networkOf, parseAddress, showAddress } from '../address.ts';
import type { KeyConfig } from '../config/model.ts';
import type { StickTableConfig } from '../config/stick-model.ts';
import { hashKeyOf, type KeySource } from './hash-key.ts';

type KeyShape = Pick<StickTableConfig, 'type' | 'len'>;

/** The key of a request; undefined if it has none. `client` is the key of `source`. */
export function stickKeyOf(
  config: KeyConfig,
  shape: KeyShape,
  request: KeySource,
  client: Address | undefined,
): string | undefined {
  if (config.key !== 'source') return readStickKey(hashKeyOf(config, request) ?? '', shape);
  if (!client) return undefined;
  const network = networkOf(client, config.ipv4Prefix, config.ipv6Prefix);
  return shape.type === 'integer' ? integerOf(network) : readStickKey(showAddress(network), shape);
}

/** A text as a key of the table, however it was written; undefined if it cannot be one. */
export function readStickKey(text: string, { type, len }: KeyShape): string | undefined {
  switch (type) {
    case 'string':
      return text === '' ? undefined : text.slice(0, len);
    case 'integer':
      return /^[+-]?[0-9]{1,15}$/.test(text) ? String(Number(BigInt.asUintN(32, BigInt(text)))) : undefined;
    case 'ip':
    case 'ipv6': {
      const address = parseAddress(text);
      return address && showAddress(address, type === 'ipv6' || !isIpv4(address));
    }
    default:
      return type satisfies never;
  }
}

function integerOf(address: Address): string | undefined {
  return isIpv4(address) ? String((address[6] ?? 0) * 65_536 + (address[7] ?? 0)) : undefined;
}

/** The order in which HAProxy shows keys: by value. */
export function compareKeys(type: StickTableConfig['type'], one: string, other: string): number {
  if (type === 'integer') return Number(one) - Number(other);
  if (type === 'string') return one < other ? -1 : one > other ? 1 : 0;
  const [first, second] = [parseAddress(one), parseAddress(other)];
  const at = first?.findIndex((group, index) => group !== second?.[index]) ?? -1;
  return at < 0 ? 0 : (first?.[at] ?? 0) - (second?.[at] ?? 0);
}
