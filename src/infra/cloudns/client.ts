// ClouDNS's API (cloudns.net/wiki): every failure is HTTP 200 with `status: Failed`, so the body decides, not the status.
import { isJsonObject, type JsonObject } from '../../lib/json.ts';
import { ApiClient, type ApiAccess } from '../http/client.ts';
import type { ApiErrorCode } from '../http/errors.ts';
import { readRecord, type DnsRecord } from './records.ts';

const clouDnsUrl = 'https://api.cloudns.net';

export interface ClouDnsOptions extends ApiAccess {
  /** One of the three kinds of users that the API knows. */
  readonly auth:
    | { readonly id: string; readonly password: string }
    | { readonly subId: string; readonly password: string }
    | { readonly subUser: string; readonly password: string };
  readonly requestsPerSecond?: number;
}

export interface Zone {
  readonly name: string;
  readonly type: string;
  readonly status: string;
}

/** Undocumented, known by its users. */
const usualRequestsPerSecond = 10;
const pageSize = 100;

export class ClouDns {
  readonly #client: ApiClient;

  constructor(options: ClouDnsOptions) {
    const { auth } = options;
    options.redactor.add(auth.password);
    const credentials = {
      'auth-password': auth.password,
      ...('id' in auth ? { 'auth-id': auth.id } : {}),
      ...('subId' in auth ? { 'sub-auth-id': auth.subId } : {}),
      ...('subUser' in auth ? { 'sub-auth-user': auth.subUser } : {}),
    };
    this.#client = new ApiClient({
      ...options,
      prefix: 'cloudns API',
      baseUrl: options.baseUrl ?? clouDnsUrl,
      requestsPerSecond: options.requestsPerSecond ?? usualRequestsPerSecond,
      // In the body, never in the URL, which ends up in logs.
      authorize: (_headers, form) => {
        for (const [name, value] of Object.entries(credentials)) form?.set(name, value);
      },
    });
  }

  async zones(signal?: AbortSignal): Promise<readonly Zone[]> {
    const zones: Zone[] = [];
    for (let page = 1; ; page += 1) {
      const form = { page: String(page), 'rows-per-page': String(pageSize) };
      const found = listOf(await this.#read('/dns/list-zones.json', form, signal)).filter((one) => isJsonObject(one));
      zones.push(
        ...found.map((one) => ({
          name: textOf(one, 'name'),
          type: textOf(one, 'type'),
          status: textOf(one, 'status'),
        })),
      );
      if (found.length < pageSize) return zones;
    }
  }

  /** All records of a zone, ordered by host, type and value. */
  async records(zone: string, signal?: AbortSignal): Promise<readonly DnsRecord[]> {
    const records = new Map<string, DnsRecord>();
    for (let page = 1; ; page += 1) {
      const form = { 'domain-name': zone, page: String(page), 'rows-per-page': String(pageSize) };
      const found = listOf(await this.#read('/dns/records.json', form, signal)).filter((one) => isJsonObject(one));
      for (const one of found) {
        const record = readRecord(one);
        records.set(record.id, record);
      }
      if (found.length < pageSize) return [...records.values()].toSorted(byPlace);
    }
  }

  /** Seconds that a TTL may be, ascending. */
  async availableTtls(signal?: AbortSignal): Promise<readonly number[]> {
    const answer = await this.#read('/dns/get-available-ttl.json', {}, signal);
    return listOf(answer)
      .map(Number)
      .filter((ttl) => Number.isInteger(ttl) && ttl > 0)
      .toSorted((a, b) => a - b);
  }

  /** Changes something. Rejects with ApiError, `uncertain` where an answer was lost. */
  async change(path: string, form: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void> {
    this.#refuseFailed(await this.#client.json({ method: 'POST', path, form, signal }));
  }

  /** Asks; with POST, so that the password is in the body. Reading twice does no harm. */
  async #read(path: string, form: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<unknown> {
    const answer = await this.#client.json({ method: 'POST', path, form, repeatable: true, signal });
    this.#refuseFailed(answer);
    return answer;
  }

  #refuseFailed(answer: unknown): void {
    if (!isJsonObject(answer) || answer['status'] !== 'Failed') return;
    const said = textOf(answer, 'statusDescription') || 'Failed, without a reason';
    const { code, hint } = meaningOf(said);
    throw this.#client.error(code, said, hint === undefined ? {} : { hint });
  }
}

function meaningOf(said: string): { readonly code: ApiErrorCode; readonly hint?: string } {
  if (said.startsWith('Invalid authentication')) {
    return {
      code: 'api-unauthorized',
      hint: 'Check CLOUDNS_AUTH_ID (or CLOUDNS_SUB_AUTH_ID, CLOUDNS_SUB_AUTH_USER) and CLOUDNS_AUTH_PASSWORD.',
    };
  }
  if (said.startsWith('Missing domain-name')) {
    return { code: 'api-not-found', hint: 'The account has no such zone, or the sub-user may not see it.' };
  }
  return { code: 'api-refused' };
}

/** Lists come as lists, as maps by id, and as `[]` or `{}` where there is nothing. */
function listOf(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  return isJsonObject(answer) ? Object.values(answer) : [];
}

function textOf(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function byPlace(one: DnsRecord, other: DnsRecord): number {
  return (
    one.host.localeCompare(other.host, 'en') ||
    one.type.localeCompare(other.type, 'en') ||
    one.value.localeCompare(other.value, 'en')
  );
}
