// DNS records as ClouDNS has them, and as people write them. Pure.
import type { RecordContent } from '../../core/cloud-requests.ts';
import type { JsonObject } from '../../lib/json.ts';

/** Types of records that are written here; the API has more, which are read and left alone. */
export const recordTypes = ['A', 'AAAA', 'ALIAS', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SPF', 'SRV', 'TXT'] as const;

export interface NewRecord extends RecordContent {
  /** Below the zone; the apex is the empty text. */
  readonly host: string;
  readonly type: string;
  /** Seconds; one that the API allows. */
  readonly ttl: number;
}

export interface DnsRecord extends NewRecord {
  readonly id: string;
}

/** ClouDNS's allowed TTLs in seconds, where it cannot be asked. */
export const usualTtls: readonly number[] = [
  60, 300, 900, 1800, 3600, 21_600, 43_200, 86_400, 172_800, 259_200, 604_800, 1_209_600, 2_592_000,
];

/** The next allowed TTL that is no shorter; the longest one beyond that. */
export function allowedTtl(ttl: number, allowed: readonly number[] = usualTtls): number {
  return allowed.find((one) => one >= ttl) ?? allowed.at(-1) ?? ttl;
}

/** `@` and the zone's own name are the apex; names with the zone at their end lose it. */
export function hostIn(zone: string, name: string): string {
  const plain = name.replace(/\.$/, '').toLowerCase();
  if (plain === '@' || plain === '' || plain === zone) return '';
  return plain.endsWith(`.${zone}`) ? plain.slice(0, -zone.length - 1) : plain;
}

/** For people: the apex as `@`. */
export function shownHost(host: string): string {
  return host === '' ? '@' : host;
}

/** A value in the one form in which it is compared and sent: no dot at the end of names, no quotes around texts. */
export function canonicalValue(type: string, value: string): string {
  if (['CNAME', 'ALIAS', 'MX', 'NS', 'PTR', 'SRV'].includes(type)) return value.replace(/\.$/, '').toLowerCase();
  if (type === 'TXT' || type === 'SPF') return value.replace(/^"([\s\S]*)"$/, '$1');
  return type === 'AAAA' ? value.toLowerCase() : value;
}

/** A record of the API's list. */
export function readRecord(one: JsonObject): DnsRecord {
  const text = (key: string) => {
    const value = one[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  const number = (key: string) => (text(key) === '' ? undefined : Number(text(key)));
  const type = text('type');
  const [priority, weight, port, flag] = ['priority', 'weight', 'port', 'caa_flag'].map(number);
  const caa = type === 'CAA';
  return {
    id: text('id'),
    host: text('host').toLowerCase(),
    type,
    ttl: number('ttl') ?? 0,
    value: canonicalValue(type, caa ? text('caa_value') : text('record')),
    ...((type === 'MX' || type === 'SRV') && priority !== undefined && { priority }),
    ...(type === 'SRV' && weight !== undefined && { weight }),
    ...(type === 'SRV' && port !== undefined && { port }),
    ...(caa && { flag: flag ?? 0, tag: text('caa_type') }),
  };
}

/** The fields of a record in a request. */
export function fieldsOf(record: NewRecord): Record<string, string> {
  const { type, host, ttl, value, priority, weight, port, flag, tag } = record;
  const more = Object.entries({ priority, weight, port, caa_flag: flag, caa_type: tag });
  const given = more.flatMap(([name, one]) => (one === undefined ? [] : [[name, String(one)] as const]));
  return {
    'record-type': type,
    host,
    ttl: String(ttl),
    ...(type === 'CAA' ? { caa_value: value } : { record: value }),
    ...Object.fromEntries(given),
  };
}

/** How a value is shown, and what two values are equal by. */
export function shownValue(value: RecordContent): string {
  const { priority, weight, port, flag, tag } = value;
  return [priority, weight, port, flag, tag, value.value].filter((part) => part !== undefined).join(' ');
}
