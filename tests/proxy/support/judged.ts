// A backend whose servers are judged by their traffic: the master's side, and what some workers see and are told.
import { Balancer } from '../../../src/proxy/core/balance/balancer.ts';
import type { Observation } from '../../../src/proxy/core/balance/observer.ts';
import type { ServerState } from '../../../src/proxy/core/balance/server-state.ts';
import { Sightings } from '../../../src/proxy/core/balance/sightings.ts';
import type { BackendConfig } from '../../../src/proxy/core/config/model.ts';
import { ServerRecord } from '../../../src/proxy/core/server-record.ts';
import { TrafficJudge } from '../../../src/proxy/core/traffic-judge.ts';
import { aBackend, statesOf } from './builders.ts';

class JudgedWorker {
  readonly states: ServerState[];
  readonly balancer: Balancer<ServerState>;
  readonly sightings: readonly Sightings[];

  constructor(config: BackendConfig, worker: number, workers: number) {
    this.states = statesOf(config);
    for (const state of this.states) state.quota.share(state.config.maxconn, worker, workers);
    this.balancer = new Balancer(config, this.states);
    this.sightings = this.states.map(() => new Sightings());
  }

  state(index: number): ServerState {
    const state = this.states[index];
    if (!state) throw new Error(`no server ${index}`);
    return state;
  }

  /** Those that are picked by twelve requests. */
  picks(nowMs: number, cookie?: string): Set<string> {
    const bound = this.states.find(({ config }) => config.cookie === cookie);
    const request = { nowMs, tried: [], bound, hash: undefined };
    const found = Array.from({ length: 12 }, () => this.balancer.pick(request));
    return new Set(found.map((picked) => (typeof picked === 'string' ? picked : picked.config.name)));
  }
}

export class Judged {
  readonly config: BackendConfig;
  readonly records: readonly ServerRecord[];
  readonly workers: readonly JudgedWorker[];
  /** Messages to the master, and those in which it asks to hear of successes. */
  told = 0;
  watched = 0;
  trips = 0;
  readonly #judge = new TrafficJudge();

  constructor(backend: object, workers = 1) {
    this.config = aBackend(backend);
    this.records = this.config.servers.map((server) => new ServerRecord(this.config, server, 0));
    this.workers = Array.from({ length: workers }, (_, worker) => new JudgedWorker(this.config, worker, workers));
  }

  worker(index = 0): JudgedWorker {
    const worker = this.workers[index];
    if (!worker) throw new Error(`no worker ${index}`);
    return worker;
  }

  /** A worker meets something; true: it wants to tell it soon. */
  meet(index: number, seen: Observation, nowMs: number, worker = 0, elapsedMs = -1): boolean {
    const { sightings } = this.worker(worker);
    const { breaker } = this.config;
    const { config, circuit } = this.worker(worker).state(index);
    return sightings[index]?.note(seen, elapsedMs, circuit, breaker, config.check, nowMs) ?? false;
  }

  /** A worker tells what there is to tell, and all hear what comes of it. Returns who was taken out. */
  tell(nowMs: number, worker = 0): string[] {
    const out: string[] = [];
    this.records.forEach((record, index) => {
      const seen = this.worker(worker).sightings[index]?.drain();
      if (!seen) return;
      this.told += 1;
      const { opened, trips, watch } = this.#judge.take(record, seen, this.records, nowMs);
      out.push(...opened.map(({ config }) => config.name));
      this.trips += trips;
      if (!watch.breaker && !watch.check) return;
      this.watched += 1;
      for (const { sightings } of this.workers) sightings[index]?.watch(watch.breaker, watch.check);
    });
    for (const { states } of this.workers)
      states.forEach((state, index) => {
        const record = this.records[index];
        if (record) state.apply(record.view(nowMs), nowMs);
      });
    return out;
  }

  /** Both at once, `times` times. */
  meets(index: number, seen: Observation, times: number, nowMs: number, worker = 0): string[] {
    return Array.from({ length: times }, () => {
      this.meet(index, seen, nowMs, worker);
      return this.tell(nowMs, worker);
    }).flat();
  }
}
