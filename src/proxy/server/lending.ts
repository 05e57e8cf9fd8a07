// Slots and places in queues that workers lend each other, as one worker does it. What it has is in core/balance/quota.ts;
// what others want and have comes through the master.
import type { Quota } from '../core/balance/quota.ts';

/** Of which limit: slots of `maxconn` or places of `maxqueue`, of a server (BACKEND/NAME) or a backend. */
export interface Shared {
  readonly of: 'slot' | 'place';
  readonly key: string;
}

/** What a worker says to the others. */
export interface LendingPorts {
  readonly now: () => number;
  /** Somebody here waits since then. */
  readonly need: (shared: Shared, sinceMs: number) => void;
  readonly lend: (shared: Shared, to: number, slot: number) => void;
  /** There is none for it now. */
  readonly refuse: (shared: Shared, to: number) => void;
}

/** What goes by a quota. */
export interface QuotaUse {
  readonly shared: Shared;
  readonly quota: Quota;
  used(): number;
  /** Slots up to this number may be used now. */
  most(): number;
  /** Since when the first waits here that wants one more; Infinity = nobody does. */
  waitsSince(): number;
  /** One more may be used here. */
  came(): void;
  /** No worker has one. */
  refused(): void;
}

export class Lending {
  readonly #use: QuotaUse;
  readonly #ports: LendingPorts;

  constructor(use: QuotaUse, ports: LendingPorts) {
    this.#use = use;
    this.#ports = ports;
  }

  /** Asks the others, if somebody here waits for one. */
  borrow(): void {
    const { quota, shared } = this.#use;
    const nowMs = this.#ports.now();
    if (quota.others === 0 || !quota.loans.mayAsk(nowMs) || quota.has(this.#use.used(), this.#use.most())) return;
    const sinceMs = this.#use.waitsSince();
    if (sinceMs === Infinity) return;
    quota.loans.asked(nowMs);
    this.#ports.need(shared, sinceMs);
  }

  /** Another worker wants one. */
  wanted(to: number, sinceMs: number): void {
    const { quota, shared } = this.#use;
    quota.loans.owe(to, sinceMs, this.#ports.now());
    this.settle();
    // Who waits for a slot waits on; who has no place in a queue must know that there is none.
    if (shared.of === 'place' && quota.loans.owesTo(to)) this.#ports.refuse(shared, to);
  }

  /** Gives what is free to who waits longest, here or elsewhere. */
  settle(): void {
    const { quota, shared } = this.#use;
    if (!quota.loans.owes) return;
    const nowMs = this.#ports.now();
    while (quota.has(this.#use.used(), this.#use.most())) {
      const to = quota.loans.settle(this.#use.waitsSince(), nowMs);
      const slot = to === undefined ? undefined : quota.lend(this.#use.used(), this.#use.most());
      if (to === undefined || slot === undefined) return;
      this.#ports.lend(shared, to, slot);
    }
  }

  /** Another worker gave one. */
  got(slot: number): void {
    this.#use.quota.take(slot);
    this.#use.quota.loans.got();
    this.#use.came();
    this.borrow();
  }

  /** Another worker has none. */
  refused(): void {
    const { quota } = this.#use;
    if (quota.loans.refused(quota.others)) this.#use.refused();
  }

  /** Who waits for an answer that does not come is as one who was refused: who should give it is gone. */
  remind(): void {
    const { shared, quota } = this.#use;
    const nowMs = this.#ports.now();
    if (shared.of === 'place') {
      quota.loans.giveUp(nowMs);
      if (quota.loans.isRefused(nowMs)) this.#use.refused();
    }
    this.borrow();
  }
}
