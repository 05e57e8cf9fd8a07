// All records of one host and type in a zone, as one resource. A TXT record beside it says that the set is ours;
// sets of others are never touched.
import { difference, type Change } from '../../core/change.ts';
import type { RecordContent } from '../../core/cloud-requests.ts';
import { isUnknown, type Unknown } from '../../core/unknown.ts';
import { VezaError } from '../../lib/errors.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { allowedTtl, canonicalValue, fieldsOf, shownHost, shownValue } from '../cloudns/records.ts';
import type { DnsRecord } from '../cloudns/records.ts';
import type { ClouDns } from '../cloudns/client.ts';
import { referencesIn, resolveReferences, type Outputs } from '../outputs.ts';
import type { Call, CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { markerOf } from './ownership.ts';
import type { ZoneView } from './zone-view.ts';

export interface WantedSet {
  readonly zone: string;
  readonly host: string;
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
  /** Values may refer to outputs. */
  readonly values: readonly RecordContent[];
}

type SetValue = Omit<RecordContent, 'value'> & { readonly value: string | Unknown };

export interface RecordSetState {
  /** Seconds; null where the records of the set do not agree. */
  readonly ttl: number | null;
  /** Ordered by how they are shown. */
  readonly values: readonly SetValue[];
  /** The marker is there. */
  readonly owned: boolean;
  /** As they are in the zone, and the marker's id. Only observed. */
  readonly records: readonly DnsRecord[];
  readonly markerId: string | null;
}

export interface RecordSetOptions {
  /** Take over sets that others made. */
  readonly adopt: boolean;
  /** Write a marker. Without one, a set is changed because a person said so (`prod dns set`). */
  readonly marked: boolean;
  /** Seconds, ascending. */
  readonly allowedTtls: readonly number[];
}

export function recordSetResource(
  dns: ClouDns,
  view: ZoneView,
  wanted: WantedSet,
  options: RecordSetOptions,
): CloudResource<RecordSetState> {
  return {
    key: recordSetKey(wanted),
    needs: [...new Set(wanted.values.flatMap(({ value }) => referencesIn(value)))],
    gives: [],
    after: [],
    confirmLast: true,
    observe: async () => stateOf(await view.records(), wanted),
    desired: (current, outputs) => desiredSet(wanted, current, outputs, options),
    calls: (change, current) => callsOf(wanted, change, current, options),
    send: async (call, signal) => {
      view.forget();
      await dns.change(call.path, formOf(call.body), signal);
    },
    describe: (change) => attributeDiff(shownChange(change)),
  };
}

/** The removal of a set. */
export function absentRecordSet(
  dns: ClouDns,
  view: ZoneView,
  at: Pick<WantedSet, 'zone' | 'host' | 'type'>,
): CloudResource<RecordSetState> {
  const options = { adopt: true, marked: true, allowedTtls: [] };
  return { ...recordSetResource(dns, view, { ...at, ttl: 0, values: [] }, options), desired: () => null };
}

export function recordSetKey({ zone, host, type }: Pick<WantedSet, 'zone' | 'host' | 'type'>): string {
  return `dns:${zone}/${shownHost(host)}/${type}`;
}

function stateOf(records: readonly DnsRecord[], { host, type }: WantedSet): RecordSetState | null {
  const own = records.filter((record) => record.host === host && record.type === type);
  const [first] = own;
  const place = markerOf(host, type);
  const marker = records.find((one) => one.host === place.host && one.type === 'TXT' && one.value === place.value);
  // A marker alone is a set of ours that was begun: it is gone on with.
  if (!first) return marker ? { ttl: null, values: [], owned: true, records: [], markerId: marker.id } : null;
  const values = own.map(({ id: _id, host: _host, type: _type, ttl: _ttl, ...value }) => value);
  const agreed = own.every((record) => record.ttl === first.ttl);
  return {
    ttl: agreed ? first.ttl : null,
    values: values.toSorted(byShown),
    owned: marker !== undefined,
    records: own,
    markerId: marker?.id ?? null,
  };
}

/** Throws VezaError `foreign-resource`. */
function desiredSet(
  wanted: WantedSet,
  current: RecordSetState | null,
  outputs: Outputs,
  { adopt, marked, allowedTtls }: RecordSetOptions,
): Partial<RecordSetState> {
  const values = wanted.values.map((one): SetValue => {
    const value = resolveReferences(one.value, outputs);
    return { ...one, value: isUnknown(value) ? value : canonicalValue(wanted.type, value) };
  });
  const desired = { ttl: allowedTtl(wanted.ttl, allowedTtls), values: values.toSorted(byShown) };
  if (!marked) return desired;
  if (!current || current.owned || adopt) return { ...desired, owned: true };
  // What others made as it should be can stay theirs.
  if (difference<RecordSetState>(current, desired).action === 'no-op') return desired;
  const place = `${shownHost(wanted.host)} ${wanted.type} in ${wanted.zone}`;
  const there = current.values.map(shownPart).join(', ');
  throw new VezaError('foreign-resource', `${place} is there already (${there}) and was not made by veza-run`, {
    hint: 'Correct the file, remove the record, or run with --adopt to let it be managed.',
  });
}

function callsOf(
  wanted: WantedSet,
  change: Change<RecordSetState>,
  current: RecordSetState | null,
  options: RecordSetOptions,
): readonly Call[] {
  const { zone, host, type } = wanted;
  if (change.action === 'delete') {
    const marker = current?.markerId ?? null;
    return [...(current?.records ?? []), ...(marker === null ? [] : [{ id: marker }])].map(({ id }) =>
      remove(zone, id),
    );
  }
  const ttl = change.after?.ttl ?? current?.ttl ?? wanted.ttl;
  const calls = recordCalls(
    { zone, host, type, ttl },
    current?.records ?? [],
    change.after?.values ?? current?.values ?? [],
  );
  if (change.after?.owned !== true) return calls;
  const marker = { ...markerOf(host, type), type: 'TXT', ttl: allowedTtl(markerTtl, options.allowedTtls) };
  // First, so that a run that ends in the middle leaves nothing that the next one takes for somebody else's.
  return [add(zone, fieldsOf(marker)), ...calls];
}

/** Markers change when sets come and go. Seconds. */
const markerTtl = 3600;

interface Place {
  readonly zone: string;
  readonly host: string;
  readonly type: string;
  readonly ttl: number;
}

/** Records that stay are kept (with a new TTL where it differs), others are rewritten, the rest is added or removed. */
function recordCalls(place: Place, records: readonly DnsRecord[], target: readonly SetValue[]): readonly Call[] {
  const { zone, ttl } = place;
  const spare = [...records];
  const kept: Call[] = [];
  const missing: SetValue[] = [];
  for (const value of target) {
    const index = spare.findIndex((record) => shownPart(record) === shownPart(value));
    const [same] = index === -1 ? [] : spare.splice(index, 1);
    if (!same) missing.push(value);
    else if (same.ttl !== ttl) kept.push(modify(zone, same.id, fields(place, value)));
  }
  const written = missing.map((value) => {
    const reused = spare.shift();
    return reused ? modify(zone, reused.id, fields(place, value)) : add(zone, fields(place, value));
  });
  return [...kept, ...written, ...spare.map(({ id }) => remove(zone, id))];
}

/** As `fieldsOf`, with a value that may not be known yet. */
function fields({ host, type, ttl }: Place, value: SetValue): JsonObject {
  if (!isUnknown(value.value)) return fieldsOf({ ...value, value: value.value, host, type, ttl });
  const known = fieldsOf({ ...value, value: '', host, type, ttl });
  // Unknown parts are data of a dry run; they are never sent.
  return { ...known, [type === 'CAA' ? 'caa_value' : 'record']: value.value as unknown as Json };
}

function add(zone: string, form: JsonObject): Call {
  return { api: 'cloudns', method: 'POST', path: '/dns/add-record.json', body: { 'domain-name': zone, ...form } };
}

function modify(zone: string, id: string, form: JsonObject): Call {
  const body = { 'domain-name': zone, 'record-id': id, ...form };
  return { api: 'cloudns', method: 'POST', path: '/dns/mod-record.json', body };
}

function remove(zone: string, id: string): Call {
  const body = { 'domain-name': zone, 'record-id': id };
  return { api: 'cloudns', method: 'POST', path: '/dns/delete-record.json', body };
}

function formOf(body: JsonObject | null): Record<string, string> {
  return Object.fromEntries(
    Object.entries(body ?? {}).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

/** Values as people write them, without what is only observed. */
function shownChange({ action, before, after }: Change<RecordSetState>): Change<object> {
  const shown = (state: Partial<RecordSetState> | null) => {
    if (state === null) return null;
    const { values, ttl } = state;
    return {
      ...(values && { values: values.map(shownPart) }),
      ...(ttl !== undefined && { ttl: ttl ?? 'different ones' }),
      ...(state.owned !== undefined && (state.owned || action === 'update') && { marker: state.owned }),
    };
  };
  return { action, before: shown(before), after: shown(after) };
}

function shownPart(value: SetValue): string {
  return shownValue({ ...value, value: isUnknown(value.value) ? '(known after apply)' : value.value });
}

function byShown(one: SetValue, other: SetValue): number {
  const [left, right] = [shownPart(one), shownPart(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}
