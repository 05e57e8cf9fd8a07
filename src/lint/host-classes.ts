// Hosts that nothing static tells apart are checked once: ten thousand web servers are one case, or a few.
import { unknown } from '../core/unknown.ts';
import type { Host, VariableLayer } from '../inventory/model.ts';
import type { Templated, Variables } from '../language/value.ts';

export interface HostClass {
  /** Stands for all of them: what differs between them is unknown. */
  readonly host: Host;
  readonly members: readonly string[];
}

/** Up to here every host is looked at by itself, with all of its values. */
const fewHosts = 10;

/** Parts the hosts; `tell` says what else keeps two apart (the plays that they are in). */
export function classesOf(hosts: readonly Host[], tell: (host: Host) => string): readonly HostClass[] {
  if (hosts.length <= fewHosts) return hosts.map((host) => ({ host, members: [host.name] }));
  const uses = new Map<Variables, number>();
  for (const { layers } of hosts) {
    for (const { variables } of layers) uses.set(variables, (uses.get(variables) ?? 0) + 1);
  }
  const numbers = new Map<object, number>();
  const numberOf = (thing: object) => {
    const known = numbers.get(thing) ?? numbers.size;
    numbers.set(thing, known);
    return String(known);
  };
  const isShared = (layer: VariableLayer) => (uses.get(layer.variables) ?? 0) > 1;
  const signature = (host: Host) =>
    [
      tell(host),
      host.groups.join(' '),
      ...host.layers.map((layer) => (isShared(layer) ? numberOf(layer.variables) : shapeOf(layer.variables, numberOf))),
    ].join('\n');
  return [...Map.groupBy(hosts, signature).values()].map((members) => merged(members, isShared));
}

/** Names alone count for constants; templates are told apart, since what they need may differ. */
function shapeOf(variables: Variables, numberOf: (thing: object) => string): string {
  return [...variables]
    .map(([name, value]) => (value.constant ? name : `${name}=${numberOf(value)}`))
    .sort()
    .join(' ');
}

function merged(members: readonly Host[], isShared: (layer: VariableLayer) => boolean): HostClass {
  const [first] = members as readonly [Host, ...Host[]];
  const names = members.map(({ name }) => name);
  if (members.length === 1) return { host: first, members: names };
  const layers = first.layers.map((layer) =>
    isShared(layer)
      ? layer
      : { ...layer, variables: new Map([...layer.variables].map(([name, value]) => [name, differing(value)])) },
  );
  return { host: { ...first, layers }, members: names };
}

function differing(value: Templated): Templated {
  return value.constant ? unknownTemplated('it differs from host to host') : value;
}

/** A variable that is there, with a value that cannot be known. */
export function unknownTemplated(reason: string): Templated {
  const value = unknown(reason);
  const where = { file: '', line: 1, column: 1 };
  return { where, constant: false, names: [], raw: null, evaluate: () => value };
}
