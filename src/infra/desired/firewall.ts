// A firewall of Hetzner Cloud in front of servers, as a resource: its rules and the servers that it is for.
import { sameValue, type Change } from '../../core/change.ts';
import { VezaError } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import type { HetznerCloud } from '../hetzner-cloud/client.ts';
import type { Firewall } from '../hetzner-cloud/types.ts';
import type { Call, CloudResource } from '../resource.ts';
import { attributeDiff } from './attributes.ts';
import { hcloudCall, idOf, sendTo } from './calls.ts';
import { ownedBy, owner } from './ownership.ts';

/** As the API has it. */
export interface WantedRule {
  readonly direction: 'in';
  readonly protocol: string;
  /** tcp and udp only: `22`, `8000-8080`, `1-65535`. */
  readonly port?: string;
  /** Networks, in order. */
  readonly source_ips: readonly string[];
  readonly description?: string;
}

export interface WantedFirewall {
  readonly name: string;
  readonly rules: readonly WantedRule[];
  readonly servers: readonly { readonly id: number; readonly name: string }[];
}

interface State {
  readonly id?: number;
  /** As texts, in order. */
  readonly rules: readonly string[];
  /** Ids of servers, ascending. */
  readonly servers: readonly number[];
  readonly labels?: Readonly<Record<string, string>>;
}

export function firewallResource(
  cloud: HetznerCloud,
  wanted: WantedFirewall,
  options: { readonly adopt: boolean },
): CloudResource<State> {
  return {
    key: `hcloud_firewall:${wanted.name}`,
    needs: [],
    gives: [],
    after: [],
    observe: async (signal) => {
      const found = await cloud.firewall(wanted.name, signal);
      return found && stateOf(found);
    },
    desired: (current) => {
      const state = {
        rules: wanted.rules.map(ruleText).toSorted(),
        servers: wanted.servers.map(({ id }) => id).toSorted((a, b) => a - b),
      };
      if (!current || ownedBy(current.labels)) return state;
      if (options.adopt) return { ...state, labels: { ...current.labels, [owner.label]: owner.value } };
      // What others made as it should be can stay theirs.
      if (sameValue(current.rules, state.rules) && sameValue(current.servers, state.servers)) return state;
      throw new VezaError(
        'foreign-resource',
        `the firewall "${wanted.name}" is there already and was not made by veza-run`,
        {
          hint: `Give it the label ${owner.label}=${owner.value}, or run with --adopt, to let it be managed; else choose another name.`,
        },
      );
    },
    calls: (change, current) => callsOf(wanted, change, current),
    send: sendTo(cloud),
    describe: (change) => attributeDiff(change),
  };
}

function stateOf({ id, rules, applied_to: applied, labels }: Firewall): State {
  const servers = applied.flatMap(({ server }) => (server ? [server.id] : []));
  return { id, labels, rules: rules.map(ruleText).toSorted(), servers: servers.toSorted((a, b) => a - b) };
}

/** `in tcp 22 from 0.0.0.0/0, ::/0 (SSH)` */
function ruleText(rule: Firewall['rules'][number]): string {
  const { direction, protocol, port, source_ips: sources, destination_ips: destinations = [], description } = rule;
  const ports = port === undefined || port === null ? '' : ` ${port === 'any' ? '1-65535' : port}`;
  const ends =
    direction === 'in'
      ? `from ${[...(sources ?? [])].toSorted().join(', ')}`
      : `to ${[...destinations].toSorted().join(', ')}`;
  return `${direction} ${protocol}${ports} ${ends}${description ? ` (${description})` : ''}`;
}

function callsOf(wanted: WantedFirewall, change: Change<State>, current: State | null): readonly Call[] {
  const { after } = change;
  if (after === null || change.action === 'delete') return [];
  const rules = wanted.rules as unknown as Json;
  const resources = (ids: readonly number[]): Json => ids.map((id) => ({ type: 'server', server: { id } }));
  if (change.action === 'create') {
    const labels = { [owner.label]: owner.value };
    return [
      hcloudCall('POST', '/firewalls', { name: wanted.name, labels, rules, apply_to: resources(after.servers ?? []) }),
    ];
  }
  const path = `/firewalls/${idOf(current)}`;
  const [before, now] = [current?.servers ?? [], after.servers ?? current?.servers ?? []];
  const added = now.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !now.includes(id));
  return [
    ...(after.labels ? [hcloudCall('PUT', path, { labels: after.labels })] : []),
    ...(after.rules ? [hcloudCall('POST', `${path}/actions/set_rules`, { rules })] : []),
    ...(added.length > 0
      ? [hcloudCall('POST', `${path}/actions/apply_to_resources`, { apply_to: resources(added) })]
      : []),
    ...(removed.length > 0
      ? [hcloudCall('POST', `${path}/actions/remove_from_resources`, { remove_from: resources(removed) })]
      : []),
  ];
}
