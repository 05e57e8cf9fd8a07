// Picks the server of a request: persistence first, then the policy, among those that may be used. Pure: states and the
// clock come in, a choice goes out.
import type { BackendConfig } from '../config/model.ts';
import { policyFor } from './policies.ts';
import type { Policy } from './policy.ts';
import { Quota } from './quota.ts';
import { Refilled } from './refilled.ts';
import type { ServerState } from './server-state.ts';

export interface PickRequest<S> {
  readonly nowMs: number;
  /** Servers that already failed this request. */
  readonly tried: readonly S[];
  /** The server that the client is bound to, if any. */
  readonly bound: S | undefined;
  /** It gets that one whatever its state is. */
  readonly forced?: boolean;
  /** Number of the key that a hash policy goes by. */
  readonly hash: number | undefined;
}

/**
 * A server without a free slot: wait for that one, as the client is bound to it. `full`: wait for a slot anywhere.
 * `none`: wait for a server.
 */
export type Pick<S> = S | 'full' | 'none';

export class Balancer<S extends ServerState> {
  #config: BackendConfig;
  #servers: readonly S[];
  #policy: Policy<S>;
  readonly #seed: number;
  /** The backend's `maxconn`. */
  readonly quota = new Quota();
  /** What this worker has, and what the others have, with those that wait. */
  loadHere: () => number;
  loadElsewhere = 0;
  /** Some server has a limit that follows the load. */
  #followsLoad = false;
  // Filled at each pick: nothing is to be allocated for a request.
  readonly #sound = new Refilled<S>();
  readonly #tried = new Refilled<S>();
  readonly #doubtful = new Refilled<S>();
  readonly #last = new Refilled<S>();
  #full = false;

  constructor(config: BackendConfig, servers: readonly S[], seed = 0) {
    this.#config = config;
    this.#servers = servers;
    this.#seed = seed;
    this.#policy = policyFor({ config, servers, seed });
    this.loadHere = () => this.inFlight;
  }

  /** States or weights changed: what was computed from them is void. */
  invalidate(): void {
    this.#policy.invalidate();
    this.#followsLoad = this.#servers.some((server) => server.config.minconn > 0);
  }

  reconfigure(config: BackendConfig, servers: readonly S[]): void {
    this.#config = config;
    this.#servers = servers;
    this.#policy = policyFor({ config, servers, seed: this.#seed });
    this.invalidate();
  }

  get followsLoad(): boolean {
    return this.#followsLoad;
  }

  /** Some policy wants to know how long servers take. */
  get timesResponses(): boolean {
    return this.#config.balance === 'least-response-time' || this.#config.balance === 'adaptive';
  }

  pick(request: PickRequest<S>): Pick<S> {
    const { nowMs, tried, bound } = request;
    const load = this.#followsLoad ? this.load : 0;
    if (bound && this.#takesBound(bound, request, load)) return bound;
    if (bound && request.forced === true && bound.address !== '' && !tried.includes(bound)) return bound;
    if (this.isFull) return 'full';
    let usable = this.#gather(false, nowMs, tried, load);
    // Backups are no place to go for who finds the others merely busy.
    if (!usable && !this.#full) usable = this.#gather(true, nowMs, tried, load);
    if (!usable && this.#full) return 'full';
    if (!usable && !this.#last.isEmpty) usable = this.#last.items();
    if (!usable) return this.#config.allDown === 'any' ? this.#anyone(request) : 'none';
    const [first] = usable;
    return (usable.length === 1 ? first : this.#policy.choose(usable, nowMs, request.hash)) ?? 'none';
  }

  /** Can a request start on this server now. `waited`: it is one of those that wait for it. */
  isFree(server: S, nowMs: number, waited: boolean): boolean {
    if (this.isFull) return false;
    const load = this.#followsLoad ? this.load : 0;
    return waited ? server.hasSlot(nowMs, load) : server.isFree(nowMs, load);
  }

  /** May who waits for any server get this one: not a drained one. A doubtful one is better than none, as in a pick. */
  servesAnyone(server: S, nowMs: number): boolean {
    return server.accepts() && server.suspicionAt(nowMs) !== 'unreachable';
  }

  /** May who is bound to it wait for it. */
  keepsBound(server: S, nowMs: number): boolean {
    return this.#config.persist ? server.address !== '' : server.acceptsBound() && server.isSound(nowMs);
  }

  #takesBound(server: S, { tried, nowMs }: PickRequest<S>, load: number): boolean {
    if (tried.includes(server) || !this.keepsBound(server, nowMs)) return false;
    return server.isFree(nowMs, load) || server.mayQueue(nowMs);
  }

  /** Best class of servers that is not empty: untried and sound; tried but sound; silent or ejected. */
  #gather(backup: boolean, nowMs: number, tried: readonly S[], load: number): readonly S[] | undefined {
    if (!backup) {
      this.#full = false;
      this.#last.clear();
    }
    this.#sound.clear();
    this.#tried.clear();
    this.#doubtful.clear();
    for (const server of this.#servers) {
      if (server.config.backup !== backup || !server.accepts()) continue;
      if (server.suspicionAt(nowMs) === 'unreachable') {
        if (nowMs >= server.retryAtMs && server.isFree(nowMs, load)) this.#last.add(server);
      } else if (!server.isFree(nowMs, load)) this.#full = true;
      else if (!server.isSound(nowMs)) this.#doubtful.add(server);
      else if (tried.length > 0 && tried.includes(server)) this.#tried.add(server);
      else this.#sound.add(server);
    }
    const usable = !this.#sound.isEmpty ? this.#sound : !this.#tried.isEmpty ? this.#tried : this.#doubtful;
    return usable.isEmpty ? undefined : usable.items(backup && !this.#config.allBackups ? 1 : Infinity);
  }

  /** Rather a server that is thought to be ill than none: for who says so. */
  #anyone({ nowMs, tried }: PickRequest<S>): Pick<S> {
    const candidates = this.#servers.filter(
      (server) => server.admin === 'ready' && server.weight > 0 && !tried.includes(server) && server.isFree(nowMs, 1),
    );
    const [first] = candidates;
    if (!first) return 'none';
    return candidates.length === 1 ? first : (this.#policy.choose(candidates, nowMs, undefined) ?? first);
  }

  /** The backend has as many as it may, in this worker. */
  get isFull(): boolean {
    return this.quota.slots !== Infinity && this.inFlight >= this.quota.slots;
  }

  /** Requests under way in this worker. */
  get inFlight(): number {
    let sum = 0;
    for (const server of this.#servers) sum += server.inFlight;
    return sum;
  }

  /** What the backend has over all workers, with those that wait. */
  get load(): number {
    return this.loadHere() + this.loadElsewhere;
  }
}
