// Events of the master: the last ones are kept, so that a reader who was away for a moment misses none.
import type { EventKinds, EventName, ProxyEvent } from '../core/events.ts';
import { Recent } from './recent.ts';

const kept = 1000;

export class EventBus {
  readonly #events = new Recent<ProxyEvent>(kept);
  #lastId = 0;

  emit<Name extends EventName>(type: Name, data: EventKinds[Name]): void {
    this.#lastId += 1;
    this.#events.add({ id: this.#lastId, atMs: Date.now(), type, data } as ProxyEvent);
  }

  /** Events after this id, as far as they are kept. */
  since(id: number): readonly ProxyEvent[] {
    // An id that was never given is one of an earlier process.
    return id > this.#lastId ? this.#events.last() : this.#events.last().filter((event) => event.id > id);
  }

  /** Returns what ends the subscription. */
  subscribe(listener: (event: ProxyEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }
}
