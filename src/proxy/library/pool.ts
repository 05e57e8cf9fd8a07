// A pool of backends and the policy by which one is picked, for programs that carry the traffic themselves.
import { Balancer } from '../core/balance/balancer.ts';
import { ServerState } from '../core/balance/server-state.ts';
import type { BackendConfig } from '../core/config/model.ts';
import { nearName } from '../core/config/explain.ts';
import { readConfig } from '../core/config/read.ts';
import { VezaError } from '../../lib/errors.ts';

const algorithms = ['roundrobin', 'static-rr', 'leastconn', 'first', 'random'] as const;
export type Algorithm = (typeof algorithms)[number];

export interface BackendSettings {
  /** `http://192.0.2.1:8080`; names it in the pool. */
  readonly url: string;
  readonly weight?: number;
  /** 0 = no limit. */
  readonly maxConnections?: number;
  readonly backup?: boolean;
}

/** One backend, with what is under way there. */
export class Backend extends ServerState {
  readonly url: string;
  successCount = 0;
  failureCount = 0;

  constructor(url: string, config: BackendConfig['servers'][number], slowstartMs: number) {
    super(config, slowstartMs);
    this.url = url;
    this.quota.share(config.maxconn, 0, 1);
  }

  get isAlive(): boolean {
    return this.up;
  }

  setAlive(alive: boolean): void {
    this.up = alive;
  }

  getConnectionCount(): number {
    return this.inFlight;
  }

  /** False when it has as many as it may. */
  incrementConnections(): boolean {
    if (this.inFlight >= this.quota.slots) return false;
    this.inFlight += 1;
    return true;
  }

  decrementConnections(): void {
    this.inFlight = Math.max(0, this.inFlight - 1);
  }
}

export interface PoolConfig {
  readonly algorithm: Algorithm;
  /** Of backends that say none themselves; 0 = no limit. */
  readonly maxConnections: number;
}

export class Pool {
  #config: PoolConfig;
  #settings: readonly BackendSettings[] = [];
  #backends: readonly Backend[] = [];
  #balancer: Balancer<Backend> | undefined;

  /** Throws VezaError if there is no such algorithm. */
  constructor(algorithm: Algorithm = 'roundrobin') {
    this.#config = { algorithm, maxConnections: 0 };
    checkConfig(this.#config);
  }

  getAlgorithm(): Algorithm {
    return this.#config.algorithm;
  }

  /** Throws VezaError if there is no such algorithm; then all stays as it was. */
  setAlgorithm(algorithm: Algorithm): void {
    this.updateConfig({ algorithm });
  }

  getMaxConnections(): number {
    return this.#config.maxConnections;
  }

  setMaxConnections(maxConnections: number): void {
    this.updateConfig({ maxConnections });
  }

  getConfig(): PoolConfig {
    return this.#config;
  }

  /** What is left out stays. Throws VezaError for what cannot be; then all stays as it was. */
  updateConfig(changes: Partial<PoolConfig>): void {
    const config = { ...this.#config, ...changes };
    checkConfig(config);
    this.#config = config;
    this.#rebuild();
  }

  /** Throws VezaError if the URL is none or is there already. */
  addBackend(settings: BackendSettings): Backend {
    if (this.getBackendByUrl(settings.url))
      throw new VezaError('duplicate-name', `there is already a backend ${settings.url}`);
    this.updateBackends([...this.#settings, settings]);
    const added = this.getBackendByUrl(settings.url);
    if (!added) throw new VezaError('bad-value', `${settings.url} cannot be used`);
    return added;
  }

  /** Throws VezaError if there is no such backend. */
  removeBackend(url: string): void {
    if (!this.getBackendByUrl(url)) throw new VezaError('unknown-backend', `backend not found: ${url}`);
    this.updateBackends(this.#settings.filter((each) => each.url !== url));
  }

  /** Replaces all; those with the same URL keep their state and counters. Changes nothing if one of them is wrong. */
  updateBackends(settings: readonly BackendSettings[]): void {
    const before = this.#settings;
    this.#settings = settings;
    try {
      this.#rebuild();
    } catch (error) {
      this.#settings = before;
      throw error;
    }
  }

  getAllBackends(): readonly Backend[] {
    return this.#backends;
  }

  getBackendByUrl(url: string): Backend | undefined {
    return this.#backends.find((backend) => backend.url === url);
  }

  /** False if there is no such backend. */
  markBackendStatus(url: string, alive: boolean): boolean {
    const backend = this.getBackendByUrl(url);
    if (!backend) return false;
    backend.setAlive(alive);
    this.#balancer?.invalidate();
    return true;
  }

  /** The next backend by the policy; `tried` ones only if there is no other. Undefined if none can take a request. */
  getNextPeer(nowMs = performance.now(), tried: readonly Backend[] = []): Backend | undefined {
    const picked = this.#balancer?.pick({ nowMs, tried, bound: undefined, hash: undefined });
    return typeof picked === 'string' ? undefined : picked;
  }

  #rebuild(): void {
    if (this.#settings.length === 0) {
      this.#backends = [];
      this.#balancer = undefined;
      return;
    }
    const config = configOf(this.#settings, this.#config);
    this.#backends = config.servers.map((server, index) => {
      const { url } = this.#settings[index] ?? { url: '' };
      const known = this.getBackendByUrl(url);
      if (!known) return new Backend(url, server, config.slowstartMs);
      known.config = server;
      known.weight = server.weight;
      known.quota.share(server.maxconn, 0, 1);
      return known;
    });
    if (this.#balancer) this.#balancer.reconfigure(config, this.#backends);
    else this.#balancer = new Balancer(config, this.#backends);
    this.#balancer.invalidate();
  }
}

/** Programs in JavaScript may ask for anything. */
function checkConfig({ algorithm, maxConnections }: PoolConfig): void {
  if (!algorithms.includes(algorithm)) {
    const hint = nearName(algorithm, algorithms);
    throw new VezaError('bad-value', `there is no algorithm \`${algorithm}\``, hint === undefined ? {} : { hint });
  }
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 0)
    throw new VezaError('bad-value', `maxConnections must be 0 (no limit) or more, not ${maxConnections}`);
}

/** Judged as a configuration file is. Throws VezaError. */
function configOf(settings: readonly BackendSettings[], pool: PoolConfig): BackendConfig {
  const servers = settings.map(({ url, weight, maxConnections = pool.maxConnections, backup }, index) => {
    const match = /^https?:\/\/(\[[^\]]+\]|[^/:]+)(?::([0-9]+))?\/?$/.exec(url);
    if (!match?.[1])
      throw new VezaError('bad-value', `${url} is not the URL of a backend`, { hint: 'Write http://HOST:PORT.' });
    return {
      name: `server${index + 1}`,
      address: match[1].replace(/^\[|\]$/g, ''),
      port: Number(match[2] ?? (url.startsWith('https') ? 443 : 80)),
      ...(weight !== undefined && { weight }),
      ...(maxConnections !== 0 && { maxconn: maxConnections }),
      ...(backup !== undefined && { backup }),
    };
  });
  const text = JSON.stringify({
    frontends: [{ name: 'x', bind: ['127.0.0.1:0'] }],
    backends: [{ name: 'pool', balance: pool.algorithm, servers }],
  });
  const result = readConfig(text, 'pool');
  const [config] = result.ok ? result.config.backends : [];
  if (!config) throw new VezaError('bad-value', result.diagnostics.map(({ message }) => message).join('; '));
  return config;
}
