// DNS records that a playbook asks for: a whole set, one record in its place, or one among others.
import type { CloudReport } from '../../core/cloud.ts';
import type { RecordContent, RecordRequest } from '../../core/cloud-requests.ts';
import { isUnknown } from '../../core/unknown.ts';
import { VezaError } from '../../lib/errors.ts';
import type { ClouDns } from '../cloudns/client.ts';
import { canonicalValue, hostIn, shownHost, shownValue } from '../cloudns/records.ts';
import { recordSetResource, type RecordSetState, type WantedSet } from '../desired/record-set.ts';
import { zoneView } from '../desired/zone-view.ts';
import type { CloudResource } from '../resource.ts';
import { callsTold } from './told.ts';
import type { Worker } from './worker.ts';

/** Rejects with VezaError. */
export async function workRecord(dns: ClouDns, worker: Worker, request: RecordRequest): Promise<CloudReport> {
  const { zone, type, ttl } = request;
  const { signal } = worker.options;
  const host = hostIn(zone, request.host);
  const wanted: WantedSet = { zone, host, type, ttl, values: request.values.map((one) => canonical(type, one)) };
  const allowedTtls = await dns.availableTtls(signal);
  const view = zoneView(dns, zone, signal);
  const options = { adopt: true, marked: false, allowedTtls };
  const resource: CloudResource<RecordSetState> = {
    ...recordSetResource(dns, view, wanted, options),
    desired: (current, outputs) => {
      refuseManaged(wanted, current, request.force);
      const values =
        request.state === 'absent' ? remaining(request, wanted, current) : becoming(request, wanted, current);
      if (values === null) return null;
      const set = recordSetResource(dns, view, { ...wanted, values }, options).desired(current, outputs);
      // What is left of a set keeps its TTL.
      return request.state === 'absent' && set ? { values: set.values ?? [] } : set;
    },
  };
  const { changes, calls, state } = await worker.work(resource);
  const values = state === null ? [] : valuesOf(state as RecordSetState).map(shownValue);
  const record = {
    domain: zone,
    host: shownHost(host),
    type,
    ttl: state ? Number(Reflect.get(state, 'ttl')) : ttl,
    values,
  };
  return { changes, result: { record, calls: callsTold(calls) } };
}

/** Values that are there; those of a set are never unknown here. */
function valuesOf(state: RecordSetState | null): readonly RecordContent[] {
  return (state?.values ?? []).flatMap(({ value, ...rest }) => (isUnknown(value) ? [] : [{ ...rest, value }]));
}

function canonical(type: string, one: RecordContent): RecordContent {
  return { ...one, value: canonicalValue(type, one.value) };
}

function sameAs(one: RecordContent): (other: RecordContent) => boolean {
  return (other) => shownValue(other) === shownValue(one);
}

/** Throws VezaError `ambiguous-record`. */
function becoming(
  { extent }: RecordRequest,
  wanted: WantedSet,
  current: RecordSetState | null,
): readonly RecordContent[] {
  const there = valuesOf(current);
  const missing = wanted.values.filter((value) => !there.some(sameAs(value)));
  if (extent === 'set' || there.length === 0) return wanted.values;
  if (extent === 'among' || missing.length === 0) return [...there, ...missing];
  if (there.length === 1) return wanted.values;
  throw ambiguous(wanted, there, 'give all values as a list, or say `exclusive: false` to add this one.');
}

/** What is left; null where nothing is. Throws VezaError `ambiguous-record`. */
function remaining(
  { force }: RecordRequest,
  wanted: WantedSet,
  current: RecordSetState | null,
): readonly RecordContent[] | null {
  const there = valuesOf(current);
  if (wanted.values.length === 0) {
    if (there.length > 1 && !force)
      throw ambiguous(wanted, there, 'give the value to remove, or say `force: true` to remove all.');
    return null;
  }
  // A record is named by its value; a priority that was not given does not matter.
  const named = (one: RecordContent) =>
    wanted.values.some((value) => one.value === value.value && (value.priority ?? one.priority) === one.priority);
  const left = there.filter((one) => !named(one));
  return left.length === 0 ? null : left;
}

function ambiguous({ host, type, zone }: WantedSet, there: readonly RecordContent[], hint: string): VezaError {
  const values = there.map(shownValue).join(', ');
  const message = `there are ${there.length} ${type} records of ${shownHost(host)} in ${zone}: ${values}`;
  return new VezaError('ambiguous-record', message, { hint: `Which one is meant? Please ${hint}` });
}

/** What infra.yaml manages would be put back by the next `prod setup`. Throws VezaError `foreign-resource`. */
function refuseManaged({ host, type, zone }: WantedSet, current: RecordSetState | null, force: boolean): void {
  if (!current?.owned || force) return;
  const message = `${shownHost(host)} ${type} in ${zone} belongs to infra.yaml (veza-run prod setup)`;
  throw new VezaError('foreign-resource', message, {
    hint: 'Change it there, or say `force: true` to change it all the same.',
  });
}
