// What a thing in the cloud is: it can be looked at, compared with what is wanted, and changed by calls that are data.
// The calls of a change are computed before any is sent, so a dry run tells exactly those that the run makes.
import type { Change } from '../core/change.ts';
import type { Diff } from '../core/resource.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Outputs } from './outputs.ts';

/** One request that changes something. */
export interface Call {
  readonly api: 'hcloud' | 'cloudns' | 'acme';
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** May hold unknown parts in a dry run. */
  readonly body: JsonObject | null;
}

export interface CloudResource<S extends object = object> {
  /** For instance `dns_record:example.com/www/A`. */
  readonly key: string;
  /** Outputs that its desired state refers to; what gives them comes first. */
  readonly needs: readonly string[];
  readonly gives: readonly string[];
  /** Keys of resources that are to be changed before this one where they change at all. */
  readonly after: readonly string[];
  /** What was changed is looked at again when all are done, not one by one: it is read together. */
  readonly confirmLast?: boolean;
  /** An update puts another thing in its place: what it gives is not known before. */
  readonly replaces?: boolean;
  observe(signal?: AbortSignal): Promise<S | null>;
  /** `null`: it must not be there. Throws VezaError where the wanted state cannot be reached from here. */
  desired(current: S | null, outputs: Outputs): Partial<S> | null;
  calls(change: Change<S>, current: S | null): readonly Call[];
  /** Makes one of its calls. A lost answer is looked up before anything is sent again. */
  send(call: Call, signal?: AbortSignal): Promise<void>;
  /** What others may refer to. */
  outputs?(state: S | null): Outputs;
  describe(change: Change<S>, current: S | null): Diff;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one place where resources of any state meet
export type AnyCloudResource = CloudResource<any>;
