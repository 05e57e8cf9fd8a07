// What modules ask of services on the network (a cloud, a provider of DNS), and what becomes of it: plain data. Who answers is
// given to the engine by the composition root, so that modules stay pure and the engine knows no API.
import type { Change } from './change.ts';
import type { CloudRequest } from './cloud-requests.ts';
import type { Diff } from './resource.ts';
import type { Action } from './change.ts';
import type { JsonObject } from '../lib/json.ts';

/** The services as a run sees them: what one dry run foresees of them, a later request of it takes as done. */
export interface Cloud {
  /** Rejects with VezaError: what the service says, without secrets. */
  work(request: CloudRequest, options: CloudOptions): Promise<CloudReport>;
}

export interface CloudOptions {
  /** Nothing is sent that changes anything. */
  readonly checkMode: boolean;
  /** What would change is taken as changed by later requests (not for one task in check mode of a run that is not). */
  readonly foresee: boolean;
  /** The task's, over the controller's own: where credentials are that the arguments leave out. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Is told of every change before it is made or foreseen; what it throws keeps it from being made. */
  readonly decided: (key: string, change: Change<object>) => void;
}

export interface CloudReport {
  readonly changes: readonly CloudChange[];
  /** For `register`; what only a run can tell is unknown. */
  readonly result: JsonObject;
}

export interface CloudChange {
  /** For instance `hcloud_server:web1`. */
  readonly key: string;
  readonly action: Action;
  readonly diff: Diff;
}
