// What the master knows of one server: health, administration, weight, when it changed, what its checks said. Pure.
import { Breaker } from './balance/breaker.ts';
import { Observer } from './balance/observer.ts';
import type { AdminState, ServerView } from './balance/server-state.ts';
import type { BackendConfig, ServerConfig } from './config/model.ts';
import type { AgentReport } from './agent.ts';
import { serverKey } from './config/model.ts';
import { type Endpoint, isNamed } from './server-address.ts';
import { Health, type HealthChange } from './health.ts';

/** Outcome of one check, in HAProxy's words. */
export interface CheckResult {
  readonly passed: boolean;
  /** L4OK, L4TOUT, L4CON, L7OK, L7TOUT, L7RSP, L7STS. */
  readonly code: string;
  readonly status: number | undefined;
  readonly durationMs: number;
  readonly detail: string;
  /** Nothing on the host said anything: no answer, no refusal, no reset. */
  readonly silent?: boolean;
  /** It says that it is about to stop. */
  readonly stopping?: boolean;
}

export class ServerRecord {
  readonly key: string;
  backend: BackendConfig;
  config: ServerConfig;
  health: Health | undefined;
  /** What traffic says of it, over all workers. */
  readonly breaker = new Breaker();
  readonly observer = new Observer();
  admin: AdminState;
  weight: number;
  lastCheck: CheckResult | undefined;
  /** False: an operator does not want it checked. */
  checking = true;
  /** False: an operator does not want its agent asked. */
  asking = true;
  checkFailures = 0;
  downTransitions = 0;
  changedAtMs: number;
  /** When its last recovery was seen; 0 = never. */
  risingSinceMs = 0;
  /** Its check says that it is about to stop: only bound clients come. */
  stopping = false;
  /** What its agent said last. */
  agent: AgentReport | undefined;
  /** The server that it is as well as. */
  tracked: ServerRecord | undefined;
  #trackedUp = true;
  /** An operator says so of one that nothing checks. */
  #forcedDown = false;
  /** Where it is now; '' = its name has no address that is known. */
  address: string;
  port: number;
  #downMs = 0;
  #downSinceMs = 0;

  constructor(backend: BackendConfig, config: ServerConfig, nowMs: number) {
    this.key = serverKey(backend.name, config.name);
    this.backend = backend;
    this.config = config;
    this.health = config.check && new Health(config.check);
    this.admin = config.disabled ? 'maint' : 'ready';
    this.weight = config.weight;
    this.address = isNamed(config.address) ? config.initAddr : config.address;
    this.port = config.port;
    this.changedAtMs = nowMs;
    if (!this.up) this.#downSinceMs = nowMs;
  }

  get up(): boolean {
    const well = this.tracked ? this.#trackedUp : (this.health?.up ?? !this.#forcedDown);
    return well && this.agent?.up !== false;
  }

  /** What counts: its own state, that of the server that it tracks, and whether it is anywhere at all. */
  get adminNow(): AdminState {
    const states = [this.admin, this.tracked?.adminNow];
    if (this.isUnresolved || states.includes('maint')) return 'maint';
    return states.includes('drain') ? 'drain' : 'ready';
  }

  /** Whose check tells how it is. */
  get checked(): ServerRecord {
    return this.tracked?.checked ?? this;
  }

  /** Takes over how the server is that it tracks. */
  follow(nowMs: number): HealthChange {
    const wasUp = this.up;
    this.#trackedUp = this.tracked?.up ?? true;
    this.stopping = this.tracked?.stopping ?? this.stopping;
    return this.#settle(wasUp, nowMs);
  }

  /** The weight that counts: what its agent grants of it. */
  get weightNow(): number {
    const percent = this.agent?.weightPercent;
    return percent === undefined ? this.weight : Math.round((this.weight * percent) / 100);
  }

  /** The limit that counts: its agent's word before the file's. */
  get maxconnNow(): number {
    return this.agent?.maxconn ?? this.config.maxconn;
  }

  /** Takes new settings on reload. A weight that the file changed wins over one set at runtime. */
  reconfigure(backend: BackendConfig, config: ServerConfig): void {
    if (config.weight !== this.config.weight) this.weight = config.weight;
    if (config.disabled !== this.config.disabled) this.admin = config.disabled ? 'maint' : 'ready';
    if (!config.check) this.health = undefined;
    else if (this.health) this.health.reconfigure(config.check);
    else this.health = new Health(config.check);
    // Nobody would close what nobody watches any more.
    if (!backend.breaker) this.breaker.close();
    this.backend = backend;
    this.config = config;
  }

  record(result: CheckResult, nowMs: number): HealthChange {
    this.lastCheck = result;
    const wasUp = this.up;
    // Who is DOWN and about to stop need not come back.
    const passed = result.passed && (result.stopping !== true || wasUp);
    if (!passed && wasUp) this.checkFailures += 1;
    this.health?.record(passed, nowMs);
    this.stopping = passed && result.stopping === true;
    return this.#settle(wasUp, nowMs);
  }

  /** Traffic met too many errors in a row. */
  observe(nowMs: number): { readonly change: HealthChange; readonly check: boolean } {
    const { check } = this.config;
    const wasUp = this.up;
    const outcome = check && this.health?.observe(check.onError);
    return { change: this.#settle(wasUp, nowMs), check: outcome?.check ?? false };
  }

  /** Takes over what its agent says. */
  report(report: AgentReport, nowMs: number): HealthChange {
    const wasUp = this.up;
    this.agent = {
      ...report,
      up: report.up ?? this.agent?.up,
      weightPercent: report.weightPercent ?? this.agent?.weightPercent,
      maxconn: report.maxconn ?? this.agent?.maxconn,
    };
    if (report.admin !== undefined) this.setAdmin(report.admin, nowMs);
    return this.#settle(wasUp, nowMs);
  }

  #settle(wasUp: boolean, nowMs: number): HealthChange {
    if (wasUp === this.up) return undefined;
    const change = this.up ? 'up' : 'down';
    this.#changed(change, nowMs);
    return change;
  }

  /** Takes an operator's word for its health until a check says otherwise. */
  forceHealth(health: 'up' | 'stopping' | 'down', nowMs: number): HealthChange {
    const wasUp = this.up;
    // Who is stopping gets no new clients, and those that are bound to it still come.
    this.stopping = health === 'stopping';
    if (health === 'stopping') return undefined;
    this.health?.force(health === 'up');
    this.#forcedDown = !this.health && health === 'down';
    return this.#settle(wasUp, nowMs);
  }

  setAdmin(admin: AdminState, nowMs: number): boolean {
    if (admin === this.admin) return false;
    // Coming back from maintenance is a recovery; leaving a drain is not.
    if (this.admin === 'maint' && this.up) this.risingSinceMs = nowMs;
    this.admin = admin;
    this.changedAtMs = nowMs;
    return true;
  }

  /** No traffic, no checks: its name has no address. */
  get isUnresolved(): boolean {
    return this.address === '';
  }

  /** Where its name leads now; undefined = nowhere. Returns whether that is new. */
  moveTo(endpoint: Endpoint | undefined, nowMs: number): boolean {
    const address = endpoint?.address ?? '';
    const port = endpoint === undefined || endpoint.port === 0 ? this.config.port : endpoint.port;
    if (address === this.address && port === this.port) return false;
    if (this.isUnresolved !== (address === '')) this.changedAtMs = nowMs;
    this.address = address;
    this.port = port;
    return true;
  }

  downtimeMs(nowMs: number): number {
    return this.#downMs + (this.#downSinceMs === 0 ? 0 : nowMs - this.#downSinceMs);
  }

  /** As statistics show it. */
  describe(): string {
    if (this.admin === 'maint') return 'MAINT';
    if (this.isUnresolved) return 'MAINT (resolution)';
    if (this.adminNow === 'maint') return `MAINT (via ${this.checked.key})`;
    if (this.adminNow === 'drain' && this.up) return 'DRAIN';
    if (this.agent?.up === false) return 'DOWN (agent)';
    if (this.stopping) return 'NOLB';
    if (this.tracked) return this.up ? 'UP' : 'DOWN';
    return this.health?.describe() ?? (this.#forcedDown ? 'DOWN' : 'no check');
  }

  view(nowMs: number): ServerView {
    const { key, up, stopping, weightNow: weight, address, port } = this;
    const endpoint = address === this.config.address ? undefined : { address, port };
    const admin = this.adminNow;
    const risingForMs = this.risingSinceMs === 0 ? -1 : nowMs - this.risingSinceMs;
    const maxconn = this.agent?.maxconn;
    const silent = this.lastCheck?.silent ?? false;
    const circuit = this.breaker.circuit.view(nowMs);
    return { key, up, admin, weight, maxconn, stopping, risingForMs, endpoint, silent, circuit };
  }

  #changed(change: 'up' | 'down', nowMs: number): void {
    this.changedAtMs = nowMs;
    if (change === 'down') {
      this.downTransitions += 1;
      this.#downSinceMs = nowMs;
    } else {
      this.#downMs += this.#downSinceMs === 0 ? 0 : nowMs - this.#downSinceMs;
      this.#downSinceMs = 0;
      this.risingSinceMs = nowMs;
    }
  }
}
