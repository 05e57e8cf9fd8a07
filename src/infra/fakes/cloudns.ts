// ClouDNS with zones and records in memory: failures are HTTP 200 with `Failed`, lists are maps by id, numbers are texts.
import { isIPv6 } from 'node:net';
import { recordTypes } from '../cloudns/records.ts';
import { startFake, type FakeAnswer, type FakeRequest, type FakeService } from './server.ts';

export interface FakeRecord {
  readonly id: string;
  readonly type: string;
  readonly host: string;
  readonly record: string;
  /** Seconds, as text. */
  readonly ttl: string;
  readonly priority?: string;
  readonly weight?: string;
  readonly port?: string;
  readonly caa_flag?: string;
  readonly caa_type?: string;
  readonly caa_value?: string;
  readonly status: 1;
}

export interface FakeClouDnsOptions {
  readonly authId: string;
  readonly password: string;
  readonly subAuthUser?: string;
  readonly zones: readonly string[];
  /** Requests a second; default 10, as ClouDNS has it. */
  readonly requestsPerSecond?: number;
  readonly latencyMs?: number;
  /** Records of an earlier start, by zone. */
  readonly saved?: Readonly<Record<string, readonly FakeRecord[]>> | undefined;
}

export interface FakeClouDns extends FakeService {
  /** By zone; what is there now. */
  readonly zones: ReadonlyMap<string, Map<string, FakeRecord>>;
  /** All records, to be given to the next start. */
  save(): Record<string, readonly FakeRecord[]>;
  /** Adds a record as somebody else would. */
  plant(zone: string, record: Omit<FakeRecord, 'id' | 'status'>): FakeRecord;
}

const ttls = [60, 300, 900, 1800, 3600, 21_600, 43_200, 86_400, 172_800, 259_200, 604_800, 1_209_600, 2_592_000];
const rowsPerPage = ['10', '20', '30', '50', '100'];

export async function startFakeClouDns(options: FakeClouDnsOptions): Promise<FakeClouDns> {
  const zones = new Map(
    options.zones.map((name) => [name, new Map((options.saved?.[name] ?? []).map((record) => [record.id, record]))]),
  );
  let lastId = Math.max(100_000_000, ...[...zones.values()].flatMap((zone) => [...zone.keys()].map(Number)));
  const nextId = () => String((lastId += 1));
  const answer = (request: FakeRequest): FakeAnswer => {
    const form = new URLSearchParams(request.text);
    for (const [name, value] of request.query) form.set(name, value);
    return { status: 200, body: respond(request.path, form, options, zones, nextId) };
  };
  const requests = options.requestsPerSecond ?? 10;
  const beyond = { status: 429, body: failed('Too many requests.'), headers: { 'retry-after': '1' } };
  const service = await startFake({
    answer,
    rateLimit: { requests, windowMs: 1000, beyond },
    ...(options.latencyMs !== undefined && { latencyMs: options.latencyMs }),
  });
  const plant: FakeClouDns['plant'] = (zone, record) => {
    const planted: FakeRecord = { ...record, id: nextId(), status: 1 };
    zones.get(zone)?.set(planted.id, planted);
    return planted;
  };
  const save = () => Object.fromEntries([...zones].map(([name, records]) => [name, [...records.values()]]));
  return { ...service, zones, plant, save };
}

type Zones = ReadonlyMap<string, Map<string, FakeRecord>>;

function respond(
  path: string,
  form: URLSearchParams,
  options: FakeClouDnsOptions,
  zones: Zones,
  nextId: () => string,
): unknown {
  const refused = refusal(form, options);
  if (refused) return refused;
  if (path === '/dns/get-available-ttl.json') return ttls;
  if (path === '/dns/list-zones.json') {
    const all = [...zones.keys()].map((name) => ({ name, type: 'master', zone: 'domain', status: '1' }));
    return pageOf(all, form) ?? failed('Wrong rows-per-page.');
  }
  const zone = zones.get(form.get('domain-name') ?? '');
  if (!zone) return failed('Missing domain-name');
  switch (path) {
    case '/dns/records.json':
      return listed(zone, form);
    case '/dns/add-record.json':
      return add(zone, form, nextId());
    case '/dns/mod-record.json':
      return modify(zone, form);
    case '/dns/delete-record.json':
      if (!zone.delete(form.get('record-id') ?? '')) return failed('Invalid record-id param.');
      return { status: 'Success', statusDescription: 'The record was deleted successfully.' };
    default:
      return failed('Unknown method.');
  }
}

function refusal(form: URLSearchParams, { authId, password, subAuthUser }: FakeClouDnsOptions): object | null {
  if (form.has('sub-auth-user') || form.has('sub-auth-id')) {
    const right = form.get('sub-auth-user') === subAuthUser && form.get('auth-password') === password;
    return right ? null : failed('Invalid authentication, incorrect sub-auth-id, sub-auth-user or auth-password.');
  }
  const right = form.get('auth-id') === authId && form.get('auth-password') === password;
  return right ? null : failed('Invalid authentication, incorrect auth-id or auth-password.');
}

function listed(zone: ReadonlyMap<string, FakeRecord>, form: URLSearchParams): unknown {
  const fits = ({ host, type }: FakeRecord) =>
    (!form.has('host') || form.get('host') === host) && (!form.has('type') || form.get('type') === type);
  const page = pageOf([...zone.values()].filter(fits), form);
  if (!page) return failed('Wrong rows-per-page.');
  // Nothing is an empty list, something is a map: as the true one answers.
  return page.length === 0 ? [] : Object.fromEntries(page.map((record) => [record.id, record]));
}

function pageOf<T>(all: readonly T[], form: URLSearchParams): readonly T[] | null {
  const rows = form.get('rows-per-page') ?? '100';
  if (!rowsPerPage.includes(rows)) return null;
  const size = Number(rows);
  const page = Math.max(1, Number(form.get('page') ?? '1'));
  return all.slice((page - 1) * size, page * size);
}

function add(zone: Map<string, FakeRecord>, form: URLSearchParams, id: string): object {
  const record = recordOf(form, id);
  if ('status' in record && record.status === 'Failed') return record;
  const made = record;
  const twin = [...zone.values()].some((one) => sameContent(one, made));
  if (twin) return failed('The record already exists.');
  if (clashes(zone, made)) return failed('CNAME records cannot co-exist with other records.');
  zone.set(id, made);
  return { status: 'Success', statusDescription: 'The record was added successfully.', data: { id: Number(id) } };
}

function modify(zone: Map<string, FakeRecord>, form: URLSearchParams): object {
  const id = form.get('record-id') ?? '';
  const before = zone.get(id);
  if (!before) return failed('Invalid record-id param.');
  form.set('record-type', before.type);
  const record = recordOf(form, id);
  if (record.status === 'Failed') return record;
  zone.set(id, record);
  return { status: 'Success', statusDescription: 'The record was modified successfully.' };
}

function recordOf(form: URLSearchParams, id: string): FakeRecord | { readonly status: 'Failed' } {
  const text = (name: string) => form.get(name) ?? '';
  const type = text('record-type');
  if (!recordTypes.some((known) => known === type)) return failed('Invalid record-type param.');
  // The zone itself is the empty host: an "@" would be a name of its own.
  if (text('host').includes('@')) return failed('Invalid host param.');
  if (!ttls.includes(Number(text('ttl')))) return failed('Invalid TTL. Choose from the list of the values we support.');
  if (type === 'MX' && !form.has('priority')) return failed('Missing priority');
  if (type === 'SRV' && !['priority', 'weight', 'port'].every((name) => form.has(name))) return failed('Missing port');
  const record = text('record');
  if (type === 'A' && !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(record)) return failed('Wrong IP address');
  if (type === 'AAAA' && !isIPv6(record)) return failed('Wrong IPv6 address');
  if (type !== 'CAA' && record === '') return failed('Missing record');
  const optional = ['priority', 'weight', 'port', 'caa_flag', 'caa_type', 'caa_value'];
  const more = Object.fromEntries(optional.filter((name) => form.has(name)).map((name) => [name, text(name)]));
  return { id, type, host: text('host'), record, ttl: text('ttl'), status: 1, ...more };
}

function clashes(zone: ReadonlyMap<string, FakeRecord>, made: FakeRecord): boolean {
  const others = [...zone.values()].filter(({ host }) => host === made.host);
  return made.type === 'CNAME' ? others.length > 0 : others.some(({ type }) => type === 'CNAME');
}

function sameContent(one: FakeRecord, other: FakeRecord): boolean {
  const mark = ({ id: _id, ttl: _ttl, ...rest }: FakeRecord) => JSON.stringify(Object.entries(rest).toSorted());
  return mark(one) === mark(other);
}

function failed(statusDescription: string): { readonly status: 'Failed'; readonly statusDescription: string } {
  return { status: 'Failed', statusDescription };
}
