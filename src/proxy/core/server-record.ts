// What the master knows of one server: health, administration, weight, when it changed, what its checks said. Pure.
import type { AdminState, ServerView } from './balance/server-state.ts';
import type { BackendConfig, ServerConfig } from './config/model.ts';
import { serverKey } from './config/model.ts';
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
}

export class ServerRecord {
  readonly key: string;
  backend: BackendConfig;
  config: ServerConfig;
  health: Health | undefined;
  admin: AdminState;
  weight: number;
  lastCheck: CheckResult | undefined;
  /** False: an operator does not want it checked. */
  checking = true;
  checkFailures = 0;
  downTransitions = 0;
  changedAtMs: number;
  /** When its last recovery was seen; 0 = never. */
  risingSinceMs = 0;
  #downMs = 0;
  #downSinceMs = 0;

  constructor(backend: BackendConfig, config: ServerConfig, nowMs: number) {
    this.key = serverKey(backend.name, config.name);
    this.backend = backend;
    this.config = config;
    this.health = config.check && new Health(config.check);
    this.admin = config.disabled ? 'maint' : 'ready';
    this.weight = config.weight;
    this.changedAtMs = nowMs;
    if (!this.up) this.#downSinceMs = nowMs;
  }

  get up(): boolean {
    return this.health?.up ?? true;
  }

  /** Takes new settings on reload. A weight that the file changed wins over one set at runtime. */
  reconfigure(backend: BackendConfig, config: ServerConfig): void {
    if (config.weight !== this.config.weight) this.weight = config.weight;
    if (config.disabled !== this.config.disabled) this.admin = config.disabled ? 'maint' : 'ready';
    if (!config.check) this.health = undefined;
    else if (this.health) this.health.reconfigure(config.check);
    else this.health = new Health(config.check);
    this.backend = backend;
    this.config = config;
  }

  record(result: CheckResult, nowMs: number): HealthChange {
    this.lastCheck = result;
    if (!result.passed && this.up) this.checkFailures += 1;
    const change = this.health?.record(result.passed);
    if (change !== undefined) this.#changed(change, nowMs);
    return change;
  }

  /** Takes an operator's word for its health until a check says otherwise. False if it is not checked at all. */
  forceHealth(up: boolean, nowMs: number): boolean {
    if (!this.health) return false;
    const change = this.health.force(up);
    if (change !== undefined) this.#changed(change, nowMs);
    return true;
  }

  setAdmin(admin: AdminState, nowMs: number): boolean {
    if (admin === this.admin) return false;
    // Coming back from maintenance is a recovery; leaving a drain is not.
    if (this.admin === 'maint' && this.up) this.risingSinceMs = nowMs;
    this.admin = admin;
    this.changedAtMs = nowMs;
    return true;
  }

  downtimeMs(nowMs: number): number {
    return this.#downMs + (this.#downSinceMs === 0 ? 0 : nowMs - this.#downSinceMs);
  }

  /** As statistics show it. */
  describe(): string {
    if (this.admin === 'maint') return 'MAINT';
    if (this.admin === 'drain' && this.up) return 'DRAIN';
    return this.health?.describe() ?? 'no check';
  }

  view(nowMs: number): ServerView {
    const { key, up, admin, weight } = this;
    const risingForMs = this.risingSinceMs === 0 ? -1 : nowMs - this.risingSinceMs;
    return { key, up, admin, weight, risingForMs, silent: this.lastCheck?.silent ?? false };
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
