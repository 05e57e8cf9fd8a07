// What a kind of thing on a host is: it can be looked at and changed, by texts of POSIX sh that others run.
import type { Change } from './change.ts';
import type { Script } from '../lib/shell.ts';
import type { Json } from '../lib/json.ts';

/** How people see a change: attribute lines, and a unified diff of a text where there is one. */
export interface Diff {
  readonly attributes: readonly AttributeDiff[];
  readonly text?: TextDiff;
}

export interface AttributeDiff {
  readonly name: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  /** The values must not be shown. */
  readonly secret?: boolean;
}

/** `null` is a text that does not exist; binary and oversized texts carry a note instead of lines. */
export interface TextDiff {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly note?: string;
}

/**
 * What a thing will look like: its state, `null` (it is gone), `undefined` (it must be looked at again), or a
 * function of the state it has before. A predicted state with unknown parts must be looked at again too; a dry run goes on with it.
 */
export type Prediction = object | null | undefined | ((before: object | null) => object | null | undefined);

/**
 * What else looks different after a change: resource keys with the prediction for each, or `everything`
 * (short for `*` alone). A key that ends in `/` or `:` stands for every key that begins with it, and `*` for
 * every key; the longest one that fits a key counts. It holds also for keys that are looked at only later.
 */
export type Disturbance = ReadonlyMap<string, Prediction> | 'everything';

/** One of several changes that are applied together: see ResourceKind.applyAll. */
export interface PendingChange<Id, S> {
  readonly id: Id;
  readonly change: Change<S>;
  readonly current: S | null;
}

export interface ResourceKind<Id, S extends object> {
  /** For instance `file`, `user`, `unit`. */
  readonly kind: string;
  /** The same thing has the same key, however it is named: `file:/etc/hosts`. */
  key(id: Id): string;
  /** Merges what two wants need to know of the same thing (say, one of them its content). Default: the first. */
  merge?(first: Id, second: Id): Id;
  /** One script that looks at all of `ids`; it must only read. */
  probe(ids: readonly Id[]): Script;
  /**
   * Reads the probe's output. `null`: the thing is not there. Keys missing from the map could not be read.
   * Throws VezaError where the output is not what the probe prints.
   */
  parse(output: string, ids: readonly Id[]): Map<string, S | null>;
  /** Whether what is known through `known` answers `asked` too; default: yes. (A file looked at without its hash does not.) */
  covers?(known: Id, asked: Id): boolean;
  /** POSIX sh, atomic, exits non-zero on failure; called only when there is a change. */
  apply(id: Id, change: Change<S>, current: S | null): Script;
  /** All changes that one task makes to things of this kind, as one script (one package transaction). Default: `apply` for each. */
  applyAll?(pending: readonly PendingChange<Id, S>[]): Script;
  /** The state after the change, where laying the wanted attributes over the current ones is not it. */
  predict?(id: Id, change: Change<S>, current: S | null): S | null;
  disturbs?(id: Id, change: Change<S>, current: S | null): Disturbance;
  /** Whether any change of anything may change how it looks (the guards of a command): a run then looks again. */
  dependsOnAnything?(id: Id): boolean;
  /** The attributes of a predicted state that a look afterwards must confirm; default: all that changed. */
  verifies?(id: Id, change: Change<S>): readonly (keyof S & string)[];
  /** Attributes that time alone changes, so that a saved plan does not hold them to their value (`ageSeconds`). */
  readonly passing?: readonly (keyof S & string)[];
  /** Default: one line an attribute. */
  describe?(id: Id, change: Change<S>, current: S | null): Diff;
}

/**
 * One thing that a module wants in a state. The types of the kind are closed over: see `want`.
 * The wants of a task are asked in their order, each about the state that the ones before it lead to;
 * a want may decide by what one before it was told (see `observe`). `apply`, `predict`, `disturbs` and
 * `describe` get the want's own id, never a merged one.
 */
export interface Want {
  readonly resource: AnyResourceKind;
  readonly id: unknown;
  /** The wanted state, given the current one. Throws VezaError where that state cannot be reached from here. */
  desired(current: object | null): object | null;
  /** Changed or not, this change must not be shown (secrets). */
  readonly secret?: boolean;
  /** A means to an end (reading package lists, systemd's daemon-reload): applied, but it does not make the task changed. */
  readonly incidental?: boolean;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one place where kinds of any type meet
export type AnyResourceKind = ResourceKind<any, any>;

/** States a want with its types checked; a `desired` of `{}` only looks. */
export function want<Id, S extends object>(
  resource: ResourceKind<Id, S>,
  id: Id,
  desired: (current: NoInfer<S> | null) => Partial<NoInfer<S>> | null,
  options: { readonly secret?: boolean; readonly incidental?: boolean } = {},
): Want {
  return { resource, id, desired, ...options };
}

/** A want that only looks, and tells the wants after it in the same list what it saw (null before it was asked). */
export function observe<Id, S extends object>(
  resource: ResourceKind<Id, S>,
  id: Id,
  check: (current: NoInfer<S> | null) => void = () => undefined,
): { readonly want: Want; readonly state: () => S | null } {
  let seen: S | null = null;
  const look = want(resource, id, (current) => {
    seen = current;
    check(current);
    return {};
  });
  return { want: look, state: () => seen };
}
