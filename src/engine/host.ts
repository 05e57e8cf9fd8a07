// One host during a run: what it has registered, what is known of it, and its connections. Lives from its first play to the end.
import { HostState } from '../core/host-state.ts';
import type { Templated, Value } from '../language/value.ts';
import type { Node, RoleUse } from '../playbook/ast.ts';
import type { Host } from '../inventory/model.ts';
import type { HostTotals, TaskInfo, TaskResult } from './events.ts';
import type { HostAddress, Session } from './ports.ts';
import { Slots } from './slots.ts';

/** One way to reach a host, and what is known of the machine at its end. */
export interface Reach {
  readonly state: HostState;
  /** The connection, made when it is first needed. Rejects as Transport.connect. */
  session(): Promise<Session>;
  /** Closes it; the next use makes a new one. */
  close(): Promise<void>;
}

interface HostRunOptions {
  readonly dryRun: boolean;
  readonly connect: (address: HostAddress) => Promise<Session>;
}

export class HostRun implements AsyncDisposable {
  readonly host: Host;
  /** `register` and `set_fact`. */
  readonly facts: Record<string, Value> = {};
  /** What was gathered on the host (`setup`): weaker than the variables of plays, stronger than the inventory. */
  readonly gathered: Record<string, Value> = {};
  /** What `include_vars` has read for this host. */
  readonly included = new Map<string, Templated>();
  /** Names of handlers notified and not yet run. */
  readonly notified = new Set<string>();
  /** Those who work here for other hosts do it one after the other. */
  readonly turns = new Slots(1);
  /** Handlers, and roles whose variables the rest of the play sees, that includes brought to this host in this play. */
  readonly includedHandlers: Node[] = [];
  readonly includedRoles: RoleUse[] = [];
  /** Out of the run. */
  lost: 'failed' | 'unreachable' | 'interrupted' | null = null;
  /** It failed at a task whose failure is to end the play for all (`any_errors_fatal`). */
  fatal = false;
  /** The task whose change is being made right now: what a lost connection cuts off. */
  working: TaskInfo | null = null;
  /** The host that it is delegated to. */
  workingOn: string | null = null;
  /** Out of the current play only (`meta: end_host`). */
  ended = false;
  readonly #options: HostRunOptions;
  /** By address. */
  readonly #reaches = new Map<string, OneReach>();
  /** By machine: other users and other passwords see the same one. */
  readonly #states = new Map<string, HostState>();
  readonly #totals = { ok: 0, changed: 0, unreachable: 0, failed: 0, skipped: 0, rescued: 0, ignored: 0, unknown: 0 };

  constructor(host: Host, options: HostRunOptions) {
    this.host = host;
    this.#options = options;
  }

  get totals(): HostTotals {
    return this.#totals;
  }

  /** The way to reach the host by this address; the same address is the same way. */
  reach(address: HostAddress): Reach {
    const key = JSON.stringify(address);
    const known = this.#reaches.get(key);
    if (known) return known;
    const machine = address.connection === 'local' ? 'local' : `${address.address}:${address.port}`;
    const state = this.#states.get(machine) ?? new HostState({ dryRun: this.#options.dryRun });
    this.#states.set(machine, state);
    const reach = new OneReach(state, () => this.#options.connect(address));
    this.#reaches.set(key, reach);
    return reach;
  }

  /** Forgets all that was seen: the next look is a look at the host. */
  forget(): void {
    for (const state of this.#states.values()) state.forget();
  }

  async roundTrips(): Promise<number> {
    const counts = await Promise.all([...this.#reaches.values()].map((reach) => reach.roundTrips()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Closes all connections; the next use makes new ones (`meta: reset_connection`). */
  async reset(): Promise<void> {
    await Promise.all([...this.#reaches.values()].map((reach) => reach.close()));
  }

  /** Counts a task's result as Ansible's recap does: `changed` is also `ok`, an ignored failure is `ok` and `ignored`. */
  count(result: TaskResult): void {
    const totals = this.#totals;
    if (result.ignored) {
      totals.ok += 1;
      totals.ignored += 1;
    } else if (result.status === 'changed') {
      totals.ok += 1;
      totals.changed += 1;
    } else {
      totals[result.status] += 1;
    }
  }

  rescued(): void {
    this.#totals.rescued += 1;
    this.#totals.failed -= 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reset();
  }
}

class OneReach implements Reach {
  readonly state: HostState;
  readonly #connect: () => Promise<Session>;
  #session: Promise<Session> | null = null;
  #roundTripsBefore = 0;

  constructor(state: HostState, connect: () => Promise<Session>) {
    this.state = state;
    this.#connect = connect;
  }

  session(): Promise<Session> {
    this.#session ??= this.#connect();
    return this.#session;
  }

  async roundTrips(): Promise<number> {
    const session = await this.#session?.catch(() => null);
    return this.#roundTripsBefore + (session?.roundTrips ?? 0);
  }

  async close(): Promise<void> {
    const closing = this.#session;
    this.#session = null;
    const session = await closing?.catch(() => null);
    this.#roundTripsBefore += session?.roundTrips ?? 0;
    await session?.[Symbol.asyncDispose]();
  }
}
