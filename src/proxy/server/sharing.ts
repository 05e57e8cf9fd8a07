// What a worker tells the others and hears of them, through the master: slots that are lent, loads, what rate limits let in,
// where clients stick, what servers do.
import type { FromWorker, Loads, ToWorker } from './ipc.ts';
import type { LendingPorts } from './lending.ts';
import { maxStickBatch } from './limits.ts';
import type { Serving, WorkerPlace } from './serving.ts';
import { Witness } from './witness.ts';

type Types = 'lend' | 'slot' | 'no-slot' | 'shares' | 'load' | 'taken' | 'stuck' | 'unstick' | 'watch';
export type SharedNews = Extract<ToWorker, { readonly type: Types }>;

export class Sharing {
  readonly #serving: Serving;
  readonly #send: (message: FromWorker) => void;
  readonly #now: () => number;
  readonly witness: Witness;
  #place: WorkerPlace = { worker: 0, workers: 1 };
  /** Of the shares of slots: what is lent counts within one. */
  #epoch = 0;
  #told: Loads = {};

  constructor(serving: (ports: LendingPorts) => Serving, send: (message: FromWorker) => void, now: () => number) {
    this.#send = send;
    this.#now = now;
    this.witness = new Witness(send, now);
    this.#serving = serving({
      now,
      need: (shared, sinceMs) => send({ type: 'need-slot', worker: this.#place.worker, shared, sinceMs }),
      lend: (shared, to, slot) => send({ type: 'lend-slot', to, shared, slot, epoch: this.#epoch }),
      refuse: (shared, to) => send({ type: 'refuse-slot', to, shared, epoch: this.#epoch }),
    });
  }

  get serving(): Serving {
    return this.#serving;
  }

  get place(): WorkerPlace {
    return this.#place;
  }

  /** Which of the workers this one is, from the beginning of an epoch. */
  begin(place: WorkerPlace, epoch: number): void {
    this.#place = place;
    this.#epoch = epoch;
  }

  take(message: SharedNews): void {
    const serving = this.#serving;
    switch (message.type) {
      case 'shares':
        this.#epoch = message.epoch;
        serving.share(this.#place);
        return;
      case 'lend':
        serving.lending(message.shared)?.wanted(message.to, message.sinceMs);
        return;
      case 'slot':
        if (message.epoch === this.#epoch) serving.lending(message.shared)?.got(message.slot);
        return;
      case 'no-slot':
        if (message.epoch === this.#epoch) serving.lending(message.shared)?.refused();
        return;
      case 'load':
        for (const [name, load] of Object.entries(message.loads)) serving.backend(name)?.takeLoad(load);
        return;
      case 'taken':
        serving.limits.add(message.taken, this.#now());
        return;
      case 'stuck':
        serving.sticks.follow(message.changes, this.#now());
        return;
      case 'unstick':
        serving.sticks.forget(message.table, message.keys);
        return;
      case 'watch':
        serving.server(message.key)?.sightings.watch(message.breaker, message.check);
        return;
      default:
        message satisfies never;
    }
  }

  /** Limits that follow the load of a backend follow what it has in all workers. */
  followLoads(): void {
    const loads = this.#serving.loads();
    if (!loads) return;
    for (const name of Object.keys(loads)) {
      const backend = this.#serving.backend(name);
      if (backend?.isWaited === true) backend.remind();
    }
    const isNew = Object.entries(loads).some(([name, load]) => this.#told[name] !== load);
    if (!isNew || this.#place.workers === 1) return;
    this.#told = loads;
    this.#send({ type: 'load', worker: this.#place.worker, loads });
  }

  /** Whoever was not there when it was told hears it too. */
  tellAgain(): void {
    this.#told = {};
    this.tellSticks(true);
  }

  /** What was let in under rate limits, which clients go where, how servers compare; who may be tried again is sought. */
  tell(): void {
    this.witness.collect(this.#serving.backends);
    for (const { config, limits } of this.#serving.backends) if (config.breaker) limits.seekTrials();
    const taken = this.#serving.limits.drain();
    const { worker, workers } = this.#place;
    if (taken && workers > 1) this.#send({ type: 'taken', worker, taken });
    this.tellSticks(false);
  }

  /** `all`: also who was merely seen again. Returns whether there was anything. */
  tellSticks(all: boolean): boolean {
    const changes = this.#serving.sticks.drain(maxStickBatch, all, this.#now());
    if (changes) this.#send({ type: 'stuck', worker: this.#place.worker, changes });
    return changes !== undefined;
  }

  /** All that was not told yet goes with the process otherwise. */
  tellLast(): void {
    while (this.tellSticks(true));
    this.witness.tell();
  }
}
