// One host during a run: what it has registered, what is known of it, and its connection. Lives from its first play to the end.
import { HostState } from '../core/host-state.ts';
import type { Templated, Value } from '../language/value.ts';
import type { Node, RoleUse } from '../playbook/ast.ts';
import type { Host } from '../inventory/model.ts';
import { HostFacts } from './host-facts.ts';
import type { HostTotals, TaskInfo, TaskResult } from './events.ts';
import type { HostAddress, Session } from './ports.ts';

export class HostRun implements AsyncDisposable {
  /** As the inventory has it by now. */
  host: Host;
  readonly state: HostState;
  /** `register` and `set_fact`. */
  readonly facts: Record<string, Value> = {};
  /** What was gathered on the host (`setup`): weaker than the variables of plays, stronger than the inventory. */
  readonly gathered = new HostFacts();
  /** What `include_vars` has read for this host. */
  readonly included = new Map<string, Templated>();
  /** Names of handlers notified and not yet run. */
  readonly notified = new Set<string>();
  /** Handlers, and roles whose variables the rest of the play sees, that includes brought to this host in this play. */
  readonly includedHandlers: Node[] = [];
  readonly includedRoles: RoleUse[] = [];
  /** Out of the run. */
  lost: 'failed' | 'unreachable' | 'interrupted' | null = null;
  /** It failed at a task whose failure is to end the play for all (`any_errors_fatal`). */
  fatal = false;
  /** The task whose change is being made right now: what a lost connection cuts off. */
  working: TaskInfo | null = null;
  /** Out of the current play only (`meta: end_host`). */
  ended = false;
  /** Uses of roles that have nothing more to do here (`meta: end_role`). */
  readonly endedRoles = new Set<RoleUse>();
  readonly #connect: (address: HostAddress) => Promise<Session>;
  #session: Promise<Session> | null = null;
  #address = '';
  #roundTripsBefore = 0;
  readonly #totals = { ok: 0, changed: 0, unreachable: 0, failed: 0, skipped: 0, rescued: 0, ignored: 0, unknown: 0 };

  constructor(
    host: Host,
    options: { readonly dryRun: boolean; readonly connect: (address: HostAddress) => Promise<Session> },
  ) {
    this.host = host;
    this.state = new HostState({ dryRun: options.dryRun });
    this.#connect = options.connect;
  }

  get totals(): HostTotals {
    return this.#totals;
  }

  /** The connection, made when it is first needed, and anew where a play wants another one. */
  async session(address: HostAddress): Promise<Session> {
    const key = JSON.stringify(address);
    if (this.#session && key !== this.#address) await this.reset();
    this.#address = key;
    this.#session ??= this.#connect(address);
    return this.#session;
  }

  async roundTrips(): Promise<number> {
    const session = await this.#session?.catch(() => null);
    return this.#roundTripsBefore + (session?.roundTrips ?? 0);
  }

  /** Closes the connection; the next use makes a new one (`meta: reset_connection`). */
  async reset(): Promise<void> {
    const session = await this.#session?.catch(() => null);
    this.#session = null;
    this.#roundTripsBefore += session?.roundTrips ?? 0;
    await session?.[Symbol.asyncDispose]();
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
