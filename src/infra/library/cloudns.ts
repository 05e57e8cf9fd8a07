// ClouDNS for programs: zones and records by the names that the library has for them. What keeps record sets as they should be
// is the same as in `veza-run prod dns`.
import { systemAcmeClock } from '../../acme/clock.ts';
import type { RecordContent } from '../../core/cloud-requests.ts';
import { ClouDns, type ClouDnsOptions, type Zone } from '../cloudns/client.ts';
import { canonicalValue, type DnsRecord, fieldsOf, hostIn, usualTtls } from '../cloudns/records.ts';
import { converge } from '../converge.ts';
import { absentRecordSet, recordSetResource } from '../desired/record-set.ts';
import { zoneView } from '../desired/zone-view.ts';
import { ApiError } from '../http/errors.ts';
import { accessOf, type LibraryAccess } from './access.ts';

export interface CloudNSOptions extends LibraryAccess {
  /** One of the three kinds of users that the API knows, with its password. */
  readonly auth: ClouDnsOptions['auth'];
}

/** A record to be: `host` is below the zone, '' or `@` the zone itself; `ttl` in seconds. */
export interface NewDnsRecord extends RecordContent {
  readonly host: string;
  readonly type: string;
  readonly ttl: number;
}

const challengeHost = '_acme-challenge';
const challengeTtl = 60;

/** Every method rejects with ApiError; an abort signal may come last. */
export class CloudNS {
  readonly #dns: ClouDns;

  constructor(options: CloudNSOptions) {
    this.#dns = new ClouDns({ ...accessOf(options), auth: options.auth });
  }

  listZones(signal?: AbortSignal): Promise<readonly Zone[]> {
    return this.#dns.zones(signal);
  }

  /** All records of a zone. */
  listRecords(domain: string, signal?: AbortSignal): Promise<readonly DnsRecord[]> {
    return this.#dns.records(domain, signal);
  }

  /** Adds a record, beside others of the same name; resolves with its id. */
  async createRecord(domain: string, record: NewDnsRecord, signal?: AbortSignal): Promise<string> {
    const before = new Set((await this.#alike(domain, record, signal)).map(({ id }) => id));
    const fields = fieldsOf({ ...record, host: hostIn(domain, record.host) });
    await this.#dns.change('/dns/add-record.json', { 'domain-name': domain, ...fields }, signal);
    const made = (await this.#alike(domain, record, signal)).find(({ id }) => !before.has(id));
    if (made) return made.id;
    throw new ApiError('api-bad-response', 'cloudns API: the record was added, but is not in the zone');
  }

  async updateRecord(domain: string, id: string, record: NewDnsRecord, signal?: AbortSignal): Promise<void> {
    const fields = fieldsOf({ ...record, host: hostIn(domain, record.host) });
    await this.#dns.change('/dns/mod-record.json', { 'domain-name': domain, 'record-id': id, ...fields }, signal);
  }

  async deleteRecord(domain: string, id: string, signal?: AbortSignal): Promise<void> {
    await this.#dns.change('/dns/delete-record.json', { 'domain-name': domain, 'record-id': id }, signal);
  }

  /** Makes this the only record of its host and type, with this TTL. Resolves with whether anything had to change. */
  ensureRecord(domain: string, record: NewDnsRecord, signal?: AbortSignal): Promise<boolean> {
    return this.ensureRecords(domain, record, [record], signal);
  }

  /** Makes these the records of a host and type, no others; none removes them. Resolves with whether anything had to change. */
  async ensureRecords(
    domain: string,
    { host, type, ttl }: Pick<NewDnsRecord, 'host' | 'type' | 'ttl'>,
    values: readonly RecordContent[],
    signal?: AbortSignal,
  ): Promise<boolean> {
    const wanted = {
      ...{ zone: domain, host: hostIn(domain, host), type, ttl },
      values: values.map(({ value, priority, weight, port, flag, tag }) => ({
        value,
        ...(priority !== undefined && { priority }),
        ...(weight !== undefined && { weight }),
        ...(port !== undefined && { port }),
        ...(flag !== undefined && { flag }),
        ...(tag !== undefined && { tag }),
      })),
    };
    const view = zoneView(this.#dns, domain, signal);
    const options = { adopt: true, marked: false, allowedTtls: usualTtls };
    const isGone = values.length === 0;
    const set = isGone ? absentRecordSet(this.#dns, view, wanted) : recordSetResource(this.#dns, view, wanted, options);
    const [result] = await converge([set], {
      ...{ dryRun: false, allowDestroy: isGone, concurrency: 1, clock: systemAcmeClock, outputs: new Map(), signal },
      onResult: () => undefined,
    });
    if (result?.error) throw result.error;
    return result?.status === 'changed';
  }

  /** Adds a value for dns-01 of a domain; resolves with the id of the record. */
  setACMEChallenge(domain: string, value: string, signal?: AbortSignal): Promise<string> {
    return this.createRecord(domain, { host: challengeHost, type: 'TXT', value, ttl: challengeTtl }, signal);
  }

  async #alike(domain: string, wanted: NewDnsRecord, signal: AbortSignal | undefined): Promise<readonly DnsRecord[]> {
    const host = hostIn(domain, wanted.host);
    const value = canonicalValue(wanted.type, wanted.value);
    const records = await this.#dns.records(domain, signal);
    return records.filter((one) => one.host === host && one.type === wanted.type && one.value === value);
  }
}
