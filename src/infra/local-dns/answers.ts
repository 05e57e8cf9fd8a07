// What a zone answers to a question (RFC 1034 section 4.3.2, RFC 4592 for wildcards). Pure.
import { canonicalValue, type NewRecord } from '../cloudns/records.ts';

export type ZoneAnswer =
  /** `cname`: where to go on from; the records on the way are in `records`. */
  | { readonly kind: 'records'; readonly records: readonly NamedRecord[]; readonly cname?: string }
  /** The name is there, but nothing of this type. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'no-such-name' };

export interface NamedRecord extends NewRecord {
  /** Complete, without a dot at the end. */
  readonly name: string;
}

/** The zone of `zones` that a name is in: the longest one that it ends with. */
export function zoneOf(name: string, zones: readonly string[]): string | null {
  const fits = zones.filter((zone) => name === zone || name.endsWith(`.${zone}`));
  return fits.toSorted((one, other) => other.length - one.length)[0] ?? null;
}

/** `name` is in lower case and in the zone. `type` such as `A` or `ANY`. */
export function answerOf(zone: string, records: readonly NewRecord[], name: string, type: string): ZoneAnswer {
  const host = name === zone ? '' : name.slice(0, -zone.length - 1);
  const own = recordsFor(records, host);
  if (own === null) return { kind: 'no-such-name' };
  const named = own.map((record) => ({ ...record, name }));
  const alias = named.find((record) => record.type === 'CNAME');
  if (alias && type !== 'CNAME' && type !== 'ANY') {
    return { kind: 'records', records: [alias], cname: canonicalValue('CNAME', alias.value) };
  }
  const found = named.filter((record) => type === 'ANY' || record.type === type);
  return found.length === 0 ? { kind: 'empty' } : { kind: 'records', records: found };
}

/** Records of a host, or of the wildcard that stands for it; `null` where there is no such name. */
function recordsFor(records: readonly NewRecord[], host: string): readonly NewRecord[] | null {
  const own = records.filter((record) => record.host === host);
  // A name that only has names below it is there too, with nothing at it; so is the zone itself.
  if (own.length > 0 || host === '' || hasBelow(records, host)) return own;
  for (let parent = parentOf(host); parent !== null; parent = parentOf(parent)) {
    const wild = records.filter((record) => record.host === (parent === '' ? '*' : `*.${parent}`));
    if (wild.length > 0) return wild;
    // Wildcards do not reach over a name that is there.
    if (parent !== '' && (records.some((record) => record.host === parent) || hasBelow(records, parent))) return null;
  }
  return null;
}

function hasBelow(records: readonly NewRecord[], host: string): boolean {
  return records.some((record) => record.host.endsWith(`.${host}`));
}

function parentOf(host: string): string | null {
  if (host === '') return null;
  const dot = host.indexOf('.');
  return dot === -1 ? '' : host.slice(dot + 1);
}

/** Names that lead to this machine: those reserved for it or for tests (RFC 2606, RFC 6762), and names given. */
export function isLocalName(name: string, more: readonly string[] = []): boolean {
  return more.includes(name) || ['localhost', 'test', 'local'].some((top) => name === top || name.endsWith(`.${top}`));
}
