// Which hosts a pattern means: names, groups, globs, `~regex`, unions, `:&` and `:!`, subscripts.
import { nearestName } from '../lib/suggest.ts';
import type { Diagnostic, Position } from '../lib/diagnostic.ts';
import { messageOf } from '../lib/errors.ts';
import type { Inventory } from './model.ts';

export interface Selection {
  /** In the order of the pattern's terms, and within a group in that of the inventory. */
  readonly hosts: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The hosts of `pattern` that `limit` leaves. `where` is the place of the pattern, for messages. */
export function selectHosts(inventory: Inventory, pattern: string, limit?: string, where?: Position): Selection {
  const diagnostics: Diagnostic[] = [];
  const wanted = matching(inventory, pattern, '', diagnostics, where);
  const kept = limit === undefined ? null : matching(inventory, limit, ' in --limit', diagnostics, undefined);
  const hosts = [...wanted].filter((host) => kept?.has(host) ?? true);
  return { hosts, diagnostics };
}

/** The terms of a pattern: split at commas, or at colons that are in no brackets and no IPv6 address. */
function termsOf(inventory: Inventory, pattern: string): readonly string[] {
  return pattern
    .split(',')
    .flatMap((part) => splitColons(inventory, part.trim()))
    .filter((term) => term !== '');
}

function splitColons(inventory: Inventory, part: string): readonly string[] {
  const bare = part.replace(/^[!&]/, '');
  const isAddress = /^\[?[0-9A-Fa-f:.%]+\]?$/.test(bare) && (bare.match(/:/g) ?? []).length >= 2;
  if (isAddress || inventory.hosts.has(bare) || inventory.groups.has(bare)) return [part];
  return (part.match(/(?:\[[^\]]*\]|[^:[]|\[)+/g) ?? []).map((term) => term.trim());
}

function matching(
  inventory: Inventory,
  pattern: string,
  context: string,
  diagnostics: Diagnostic[],
  where: Position | undefined,
): ReadonlySet<string> {
  const terms = termsOf(inventory, pattern);
  const say = (severity: 'error' | 'warning', code: string, message: string, hint?: string) => {
    diagnostics.push({
      severity,
      code,
      message: message + context,
      ...(where && { where, length: pattern.length }),
      ...(hint !== undefined && { hint }),
    });
  };
  const hostsFor = (term: string) => new Set(hostsOfTerm(inventory, term, say));
  const plain = terms.filter((term) => !/^[!&]/.test(term));
  if (terms.length === 0)
    say('error', 'empty-pattern', 'the pattern of hosts is empty', 'Name hosts or groups; `all` means every host.');
  // With only exclusions or intersections, everything is meant to begin with.
  const begin = plain.length > 0 || terms.length === 0 ? plain : ['all'];
  const united = begin.flatMap((term) => [...hostsFor(term)]);
  const also = terms.filter((term) => term.startsWith('&')).map((term) => hostsFor(term.slice(1)));
  const without = terms.filter((term) => term.startsWith('!')).map((term) => hostsFor(term.slice(1)));
  return new Set(united.filter((host) => also.every((set) => set.has(host)) && !without.some((set) => set.has(host))));
}

/** Other names of this machine, which need not be listed either. */
const impliedLocal: ReadonlySet<string> = new Set(['127.0.0.1', '::1']);

type Say = (severity: 'error' | 'warning', code: string, message: string, hint?: string) => void;

function hostsOfTerm(inventory: Inventory, term: string, say: Say): readonly string[] {
  if (inventory.hosts.has(term) || inventory.groups.has(term)) return named(inventory, term, say);
  const local = impliedLocal.has(term) ? 'localhost' : /^\[([^\]]*:[^\]]*:[^\]]*)\]$/.exec(term)?.[1];
  if (local !== undefined && inventory.hosts.has(local)) return [local];
  if (term.startsWith('~')) return byRegex(inventory, term, say);
  const subscript = /^(.+)\[(?:(-?\d+)|(-?\d*):(-?\d*))\]$/.exec(term);
  const [, base = '', index, from = '', to = ''] = subscript ?? [];
  if (subscript) {
    const hosts = hostsOfTerm(inventory, base, say);
    const picked = index === undefined ? slice(hosts, from, to) : hosts.slice(Number(index)).slice(0, 1);
    if (hosts.length > 0 && picked.length === 0) {
      say('error', 'pattern-subscript', `"${term}" goes beyond the ${hosts.length} hosts of "${base}"`);
    }
    return picked;
  }
  if (term === '*') return named(inventory, 'all', say);
  if (/[*?[]/.test(term)) return byNames(inventory, term, globPattern(term), say);
  const near = nearestName(term, [...inventory.groups.keys(), ...inventory.hosts.keys()]);
  const hint = near === null ? whatThereIs(inventory) : `Did you mean "${near}"?`;
  say('error', 'unknown-host', `the inventory has no host or group "${term}"`, hint);
  return [];
}

/** Enough names to recognise one's inventory, not all of a large one. */
function whatThereIs(inventory: Inventory): string {
  const some = (names: readonly string[]) => `${names.slice(0, 8).join(', ')}${names.length > 8 ? ', ...' : ''}`;
  const groups = [...inventory.groups.keys()].filter((name) => name !== 'ungrouped');
  return `It has the groups ${some(groups)} and the hosts ${some([...inventory.hosts.keys()])}.`;
}

function named(inventory: Inventory, term: string, say: Say): readonly string[] {
  const group = inventory.groups.get(term);
  if (!group) return [term];
  if (group.hosts.length === 0 && term !== 'ungrouped')
    say('warning', 'empty-group', `the group "${term}" has no hosts`);
  return group.hosts;
}

/** Both ends count; a missing end is the first or the last host. */
function slice(hosts: readonly string[], from: string, to: string): readonly string[] {
  const end = to === '' ? hosts.length : Number(to) < 0 ? hosts.length + Number(to) + 1 : Number(to) + 1;
  return hosts.slice(from === '' ? 0 : Number(from), end);
}

function byRegex(inventory: Inventory, term: string, say: Say): readonly string[] {
  try {
    return byNames(inventory, term, new RegExp(`^(?:${term.slice(1)})`), say);
  } catch (error) {
    say('error', 'pattern-regex', `"${term}" is not a regular expression: ${messageOf(error)}`);
    return [];
  }
}

/** Hosts, and hosts of groups, whose name matches. */
function byNames(inventory: Inventory, term: string, pattern: RegExp, say: Say): readonly string[] {
  const groups = [...inventory.groups.values()].filter((group) => pattern.test(group.name));
  const listed = inventory.groups.get('all')?.hosts ?? [];
  const hosts = new Set([...groups.flatMap((group) => group.hosts), ...listed.filter((host) => pattern.test(host))]);
  if (hosts.size === 0) say('warning', 'no-hosts-matched', `no host or group matches "${term}"`);
  return [...hosts];
}

function globPattern(glob: string): RegExp {
  const parts = glob.match(/\[!?[^\]]+\]|[\s\S]/g) ?? [];
  const source = parts.map((part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return `[${part.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    return part.replace(/[\\^$.+()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`);
}
