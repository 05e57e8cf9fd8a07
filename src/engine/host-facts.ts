// What is known of a host itself: its facts, as data. Nothing here is ever evaluated as a template.
// Facts that a play did not ask for are asked for by whoever uses their names: a play that uses none costs nothing.
import { unknown, type Unknown } from '../core/unknown.ts';
import type { FactNames } from '../core/module.ts';
import type { Value } from '../language/value.ts';
import type { Play } from '../playbook/ast.ts';

export class HostFacts {
  #values: Record<string, Value> = {};
  /** All that the play asks for is here. */
  #complete = false;
  /** Why they cannot be known now, in a dry run. */
  #doubt: Unknown | null = null;
  #names: FactNames | null = null;
  #gathering: Promise<void> | null = null;
  /** Somebody asked for a fact that is not here. */
  wanted = false;

  /** A play begins: whether facts may be asked for, and by which names. What is known stays. */
  begin(mode: Play['gatherFacts'], names: FactNames | null): void {
    this.#names = mode === 'never' ? null : names;
    this.wanted = false;
  }

  /** Whether asking for a fact would have it gathered. */
  get open(): boolean {
    return this.#names !== null && !this.#complete;
  }

  /** Takes facts under their whole names; `complete`: there are no others to be had. */
  learn(facts: Readonly<Record<string, Value>>, complete: boolean): void {
    Object.assign(this.#values, facts);
    this.#complete ||= complete;
    this.#doubt = null;
    if (complete) this.wanted = false;
  }

  /** They cannot be had; for a reason, what is asked for is unknown, else undefined. */
  giveUp(reason: Unknown | null): void {
    this.#complete = true;
    this.#doubt = reason;
    this.wanted = false;
  }

  /** Forgets them (`meta: clear_facts`). */
  clear(): void {
    this.#values = {};
    this.#complete = false;
    this.#doubt = null;
  }

  /** Gathers once, however many ask for it at a time. */
  async once(gather: () => Promise<void>): Promise<void> {
    this.wanted = false;
    this.#gathering ??= gather().finally(() => (this.#gathering = null));
    return this.#gathering;
  }

  /** A variable: `ansible_facts`, or a fact by its whole name. */
  get(name: string): Value | undefined {
    const all = name === 'ansible_facts';
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    if (value !== undefined) return value;
    const asked = all || (name.startsWith('ansible_') && this.#names?.mayBe(name.slice('ansible_'.length)) === true);
    if (asked && this.#doubt) return this.#doubt;
    if (asked && this.open) {
      this.wanted = true;
      return unknown('facts are not gathered yet');
    }
    return all ? this.#bare() : undefined;
  }

  names(): Iterable<string> {
    const expected = this.open ? (this.#names?.names ?? []).map((name) => `ansible_${name}`) : [];
    return new Set(['ansible_facts', ...Object.keys(this.#values), ...expected]);
  }

  #bare(): Value {
    return Object.fromEntries(
      Object.entries(this.#values).map(([name, value]) => [name.replace(/^ansible_/, ''), value] as const),
    );
  }
}
