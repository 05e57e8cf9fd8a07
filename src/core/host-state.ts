// What is known of one host while it is converged: what was seen, and over it what the changes
// decided since will have done. Nothing here looks or acts.
import type { AnyResourceKind, Disturbance } from './resource.ts';
import { unknown, type Unknown } from './unknown.ts';

export interface Looked {
  readonly resource: AnyResourceKind;
  readonly id: unknown;
}

interface Entry extends Looked {
  readonly state: object | null | Unknown;
}

export class HostState {
  readonly #entries = new Map<string, Entry>();
  /** In a dry run: states foreseen for things that nobody has looked at yet; they outdo a later look. */
  readonly #foreseen = new Map<string, object | null | Unknown>();
  readonly #dryRun: boolean;
  #assumption: string | null = null;

  /** In a run, what cannot be foreseen is forgotten and looked at again; in a dry run it is noted. */
  constructor(options: { readonly dryRun: boolean }) {
    this.#dryRun = options.dryRun;
  }

  /** In a dry run: the first task whose effects on all that follows could not be predicted. */
  get assumption(): string | null {
    return this.#assumption;
  }

  knows({ resource, id }: Looked): boolean {
    const entry = this.#entries.get(resource.key(id));
    return entry !== undefined && (resource.covers?.(entry.id, id) ?? true);
  }

  /** `undefined` where the thing was never looked at. */
  get({ resource, id }: Looked): object | null | Unknown | undefined {
    return this.#entries.get(resource.key(id))?.state;
  }

  /** Records what a probe saw. */
  see(looked: Looked, state: object | null): void {
    const key = looked.resource.key(looked.id);
    this.#entries.set(key, { ...looked, state: this.#foreseen.has(key) ? (this.#foreseen.get(key) ?? null) : state });
  }

  /** Records what a change will have done, and what else it disturbs; `by` is the task, for people. */
  foresee(looked: Looked, state: object | null, disturbance: Disturbance | undefined, by: string): void {
    if (disturbance === 'everything') {
      if (this.#dryRun) this.#assumption ??= by;
      else this.forget();
    } else {
      for (const [key, foreseen] of disturbance ?? []) this.#disturb(key, foreseen, by);
    }
    this.#entries.set(looked.resource.key(looked.id), { ...looked, state });
  }

  /** Forgets everything: the next look is a look at the host. */
  forget(): void {
    this.#entries.clear();
  }

  #disturb(key: string, state: object | null | undefined, by: string): void {
    const entry = this.#entries.get(key);
    if (!this.#dryRun) {
      if (state === undefined) this.#entries.delete(key);
      else if (entry) this.#entries.set(key, { ...entry, state });
      return;
    }
    const foreseen = state === undefined ? unknown(`depends on "${by}"`) : state;
    if (entry) this.#entries.set(key, { ...entry, state: foreseen });
    else this.#foreseen.set(key, foreseen);
  }
}
