// Who may come in by address.
import { AddressSet } from '../address.ts';
import { answer, type Answer, type Incoming } from './incoming.ts';

export interface AccessConfig {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export class Access {
  readonly #allow: AddressSet;
  readonly #deny: AddressSet;

  constructor({ allow, deny }: AccessConfig) {
    this.#allow = new AddressSet(allow);
    this.#deny = new AddressSet(deny);
  }

  /** The peer's own address counts, never a header. Deny wins; with `allow` all others are denied. */
  check({ peer }: Incoming): Answer | undefined {
    if (this.#deny.has(peer)) return answer(403);
    return this.#allow.isEmpty || this.#allow.has(peer) ? undefined : answer(403);
  }
}
