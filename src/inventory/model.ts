// What an inventory says, after reading: hosts, groups, and variables with the layer that each came from.
import type { Position } from '../lib/diagnostic.ts';
import type { Variables } from '../language/value.ts';
import type { PrecedenceName } from './precedence.ts';

export interface Inventory {
  /** By name, in the order of the files. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** By name; always holds `all` and `ungrouped`. */
  readonly groups: ReadonlyMap<string, Group>;
  readonly sources: ReadonlyMap<string, string>;
  /** What a host of that name in those groups would get: for hosts and groups that a run adds. */
  layersFor(host: string, groups: readonly string[]): readonly VariableLayer[];
}

export interface Host {
  readonly name: string;
  readonly where: Position;
  /** Every group that it belongs to, through children too, without `all`; sorted by depth, then name. */
  readonly groups: readonly string[];
  /** Lowest precedence first. */
  readonly layers: readonly VariableLayer[];
}

export interface Group {
  readonly name: string;
  readonly where: Position;
  /** Host names, through children too, in inventory order. */
  readonly hosts: readonly string[];
  readonly children: readonly string[];
}

export interface VariableLayer {
  /** Its place in the order of precedence. */
  readonly level: PrecedenceName;
  /** In words, for people: `group web`, `group_vars/web`. The file of each variable is in its Templated.where. */
  readonly origin: string;
  readonly variables: Variables;
}
