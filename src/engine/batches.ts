// The order of a play's hosts, and the batches that `serial` makes of them.
import { createHash } from 'node:crypto';
import { VezaError } from '../lib/errors.ts';
import type { Value } from '../language/value.ts';
import type { Play } from '../playbook/ast.ts';

/** Hosts in the play's `order`. A shuffle is the same for the same hosts, so that a dry run shows what a run does. */
export function orderHosts(hosts: readonly string[], order: Play['order']): readonly string[] {
  switch (order) {
    case 'inventory':
      return hosts;
    case 'reverse_inventory':
      return hosts.toReversed();
    case 'sorted':
      return hosts.toSorted();
    case 'reverse_sorted':
      return hosts.toSorted().toReversed();
    case 'shuffle': {
      const rank = (host: string) => createHash('sha256').update(host).digest('hex');
      return hosts.toSorted((left, right) => rank(left).localeCompare(rank(right)));
    }
    default:
      order satisfies never;
      return hosts;
  }
}

/** Batches by `serial`: numbers and percentages, the last one repeated. Throws VezaError `invalid-serial`. */
export function batchesOf(hosts: readonly string[], serial: readonly Value[]): readonly (readonly string[])[] {
  const sizes = serial.flat().map((size) => sizeOf(size, hosts.length));
  if (sizes.length === 0 || hosts.length === 0) return [hosts];
  const batches: (readonly string[])[] = [];
  for (let start = 0; start < hosts.length;) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)] ?? hosts.length;
    batches.push(hosts.slice(start, start + size));
    start += size;
  }
  return batches;
}

function sizeOf(size: Value, count: number): number {
  const percent = typeof size === 'string' && /^(\d+(?:\.\d+)?)%$/.exec(size)?.[1];
  const number = percent ? Math.floor((Number(percent) / 100) * count) : Number(size);
  if (!Number.isInteger(number) || number < 0) {
    throw new VezaError(
      'invalid-serial',
      `\`serial\` must be a number or a percentage, but is ${JSON.stringify(size)}`,
    );
  }
  // Ansible: a percentage below one host is one host, and 0 means all.
  if (percent) return Math.max(1, number);
  return number === 0 ? count : number;
}
