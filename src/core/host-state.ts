// What is known of one host while it is converged: what was seen, and over it what the changes
// decided since will have done. Nothing here looks or acts.
import type { AnyResourceKind, Disturbance, Prediction } from './resource.ts';
import { isUnknown, unknown, type Unknown } from './unknown.ts';

export interface Looked {
  readonly resource: AnyResourceKind;
  readonly id: unknown;
}

interface Entry extends Looked {
  readonly state: object | null | Unknown;
  /** What a change would make of it, that does not happen now: looking at the host tells nothing more. */
  readonly onlyForeseen: boolean;
}

/** A prediction about keys, some of which may be looked at only later. */
interface Foreseen {
  readonly predictions: ReadonlyMap<string, Prediction>;
  /** The task that causes it, for people. */
  readonly by: string;
}

export class HostState {
  readonly #entries = new Map<string, Entry>();
  /** In a dry run, in order: what changes that will not happen now would do to things not looked at yet. */
  readonly #foreseen: Foreseen[] = [];
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
    return entry !== undefined && (entry.onlyForeseen || (resource.covers?.(entry.id, id) ?? true));
  }

  /** `undefined` where the thing was never looked at. */
  get({ resource, id }: Looked): object | null | Unknown | undefined {
    return this.#entries.get(resource.key(id))?.state;
  }

  /** Whether the thing with this key will only come to be: in a dry run nobody can be asked about it. */
  isProspect(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry?.onlyForeseen === true && entry.state !== null && !isUnknown(entry.state);
  }

  /** Records what a probe saw. */
  see(looked: Looked, state: object | null): void {
    const key = looked.resource.key(looked.id);
    const foreseen = this.#foreseen.reduce<object | null | Unknown>((before, { predictions, by }) => {
      const after = predicted(before, longestFit(predictions, key), by, false);
      return after === undefined ? before : after;
    }, state);
    this.#entries.set(key, { ...looked, state: foreseen, onlyForeseen: false });
  }

  /**
   * Records what a change will have done, and what else it disturbs; `by` is the task, for people.
   * In a dry run a change may be made all the same (`check_mode: false`): then `real` is true.
   */
  foresee(
    looked: Looked,
    state: object | null,
    disturbance: Disturbance | undefined,
    by: string,
    real = !this.#dryRun,
  ): void {
    if (disturbance !== undefined)
      this.#disturb(disturbance === 'everything' ? new Map([['*', undefined]]) : disturbance, by, real);
    if (real) this.#forgetRestless();
    const key = looked.resource.key(looked.id);
    this.#entries.set(key, { ...looked, state, onlyForeseen: !real });
    // A look after `forget` must not take a dry run back to what is really there.
    if (!real) this.#foreseen.push({ predictions: new Map([[key, state]]), by });
  }

  /** What may depend on anything is looked at again when the change is made. */
  #forgetRestless(): void {
    for (const [key, { resource, id }] of this.#entries) {
      if (resource.dependsOnAnything?.(id)) this.#entries.delete(key);
    }
  }

  /** Forgets everything: the next look is a look at the host. */
  forget(): void {
    this.#entries.clear();
  }

  #disturb(predictions: ReadonlyMap<string, Prediction>, by: string, real: boolean): void {
    if (!real && predictions.has('*') && predictions.get('*') === undefined) this.#assumption ??= by;
    for (const [key, entry] of this.#entries) {
      const fit = longestFit(predictions, key);
      if (fit === null) continue;
      const state = predicted(entry.state, fit, by, real);
      if (state === null || (state !== undefined && !isUnknown(state))) this.#entries.set(key, { ...entry, state });
      else if (real && !entry.onlyForeseen) this.#entries.delete(key);
      // A dry run goes on with what it saw where only "everything" was disturbed: the assumption is told with each result.
      else if (!fit.vague) this.#entries.set(key, { ...entry, state: unknown(`depends on "${by}"`) });
    }
    if (!real) this.#foreseen.push({ predictions, by });
  }
}

interface Fit {
  readonly prediction: Prediction;
  /** It fitted only because it fits everything. */
  readonly vague: boolean;
}

function longestFit(predictions: ReadonlyMap<string, Prediction>, key: string): Fit | null {
  if (predictions.has(key)) return { prediction: predictions.get(key), vague: false };
  let best: string | null = null;
  for (const candidate of predictions.keys()) {
    const fits = (candidate.endsWith('/') || candidate.endsWith(':')) && key.startsWith(candidate);
    if (fits && candidate.length > (best?.length ?? 0)) best = candidate;
  }
  if (best !== null) return { prediction: predictions.get(best), vague: false };
  return predictions.has('*') ? { prediction: predictions.get('*'), vague: true } : null;
}

/**
 * The predicted state, unknown where it must be looked at again, or undefined where nothing is said (or only vaguely).
 * Where a look will be possible (`real`), a state with unknown parts is looked at again as a whole.
 */
function predicted(
  before: object | null | Unknown,
  fit: Fit | null,
  by: string,
  real: boolean,
): object | null | Unknown | undefined {
  if (fit === null) return undefined;
  const { prediction } = fit;
  const state = isComputed(prediction) ? (isUnknown(before) ? undefined : prediction(before)) : prediction;
  if (state === undefined || (real && state !== null && Object.values(state).some(isUnknown)))
    return fit.vague ? undefined : unknown(`depends on "${by}"`);
  return state;
}

type Computed = (before: object | null) => object | null | undefined;

function isComputed(prediction: Prediction): prediction is Computed {
  return typeof prediction === 'function';
}
