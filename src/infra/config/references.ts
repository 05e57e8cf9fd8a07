// What keys of infra.yaml mean to each other: names that must exist, addresses that must fit. All mistakes at once.
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import type { Diagnostic, Position } from '../../lib/diagnostic.ts';
import { suggestion } from '../../lib/suggest.ts';
import { nodeAt, valueOf, type YamlNode } from '../../lib/yaml-node.ts';
import { scheduleProblem } from '../backups/calendar.ts';
import { hostIn, shownHost } from '../cloudns/records.ts';
import { locations } from '../desired/network.ts';
import { outputNames } from '../outputs.ts';
import { alertNames } from '../status/alerts.ts';
import { checkBalancer } from './balancer-references.ts';
import { cidrProblem } from './cidr.ts';
import type { Infra, RecordConfig } from './model.ts';
import { entriesOf } from './nodes.ts';
import { checkServers, closedDoors, type Path, type Report } from './server-references.ts';

export interface ReferenceProblem {
  readonly diagnostic: Diagnostic;
  readonly path: Path;
}

export function referenceProblems(infra: Infra, root: YamlNode): readonly ReferenceProblem[] {
  const found: ReferenceProblem[] = [];
  const reportAs =
    (severity: Diagnostic['severity']): Report =>
    (code, message, path, hint) => {
      const node = nodeAt(root, path);
      const length = node.kind === 'scalar' ? node.length : 1;
      const diagnostic = { severity, code, message, where: node.where, length, ...(hint !== undefined && { hint }) };
      found.push({ diagnostic, path });
    };
  const [report, tell] = [reportAs('error'), reportAs('warning')];
  checkAddresses(infra, report);
  checkHostNames(infra, report);
  checkNetwork(infra, report);
  checkBalancer(infra, report);
  checkZoneNames(valueOf(valueOf(root, 'dns'), 'zones'), report);
  for (const [zone, records] of infra.dns?.zones ?? []) checkZone(infra, zone, records, report);
  checkContainers(infra, report);
  checkSchedule(infra, report);
  checkAlerts(infra, tell);
  checkLocation(infra, tell);
  checkServers(infra, report);
  checkDoors(infra, tell);
  return found;
}

/** Only told: a name that nobody evaluates does no harm but is of no use. */
function checkAlerts({ monitoring }: Infra, tell: Report): void {
  for (const name of monitoring?.alerts.keys() ?? []) {
    if (alertNames.includes(name)) continue;
    const hint = suggestion(name, alertNames) ?? `Known are: ${alertNames.join(', ')}.`;
    tell('unknown-alert', `nobody evaluates the alert "${name}"`, ['monitoring', 'alerts', name], hint);
  }
}

/** Only told: Hetzner may have got a new one. */
function checkLocation({ loadBalancer }: Infra, tell: Report): void {
  const location = loadBalancer?.location ?? '';
  if (location === '' || locations.some((known) => known === location)) return;
  const hint = suggestion(location, locations) ?? `Known are: ${locations.join(', ')}.`;
  tell('unknown-location', `the location "${location}" is not known here`, ['load_balancer', 'location'], hint);
}

/** Only told: there may be another way in. */
function checkDoors(infra: Infra, tell: Report): void {
  for (const { firewall, host, port } of closedDoors(infra)) {
    const message = `the firewall "${firewall}" lets nobody log in to "${host}": port ${port} is closed`;
    const hint = `Add { protocol: tcp, port: ${port} } to its inbound rules, unless there is another way in.`;
    tell('ssh-closed', message, ['firewalls', firewall], hint);
  }
}

function checkAddresses({ hosts }: Infra, report: Report): void {
  const seen = new Map<string, string>();
  for (const host of hosts.values()) {
    for (const [key, address] of [
      ['ip', host.ip],
      ['private_ip', host.privateIp],
    ] as const) {
      if (address === undefined) continue;
      const path = ['hosts', host.name, key];
      if (isIP(address) === 0) {
        report(
          'bad-address',
          `"${address}" is no IP address`,
          path,
          'Write four numbers, such as 203.0.113.7, or an IPv6 address.',
        );
        continue;
      }
      const other = seen.get(address);
      if (other !== undefined) {
        report(
          'duplicate-address',
          `"${address}" is the address of "${other}" too`,
          path,
          'Every host has an address of its own.',
        );
      }
      seen.set(address, host.name);
    }
  }
}

function checkHostNames(infra: Infra, report: Report): void {
  const named = (name: string, path: Path) => {
    if (infra.hosts.has(name)) return;
    const known = [...infra.hosts.keys()];
    const hint = suggestion(name, known) ?? `Known hosts: ${known.join(', ')}.`;
    report('unknown-host', `there is no host "${name}"`, path, hint);
  };
  infra.loadBalancer?.backends.forEach(({ host }, index) => {
    if (host !== undefined) named(host, ['load_balancer', 'backends', index, 'host']);
  });
  infra.database?.nodes.forEach(({ host }, index) => named(host, ['database', 'nodes', index, 'host']));
  infra.cache?.nodes.forEach(({ host }, index) => named(host, ['cache', 'nodes', index, 'host']));
  for (const [name, { hosts }] of infra.firewalls)
    hosts.forEach((host, index) => named(host, ['firewalls', name, 'hosts', index]));
  for (const [name, { host }] of infra.services) named(host, ['services', name, 'host']);
  for (const period of ['daily', 'weekly'] as const) {
    infra.backups?.[period].forEach(({ hosts }, job) =>
      hosts.forEach((host, index) => named(host, ['backups', period, job, 'hosts', index])),
    );
  }
}

function checkNetwork({ network, hosts }: Infra, report: Report): void {
  if (!network) return;
  const problem = cidrProblem(network.cidr);
  if (problem !== null) {
    report(
      'bad-cidr',
      `"${network.cidr}" is no network: ${problem}`,
      ['network', 'cidr'],
      'Write for instance 10.0.0.0/16.',
    );
    return;
  }
  const [base = '', bits = ''] = network.cidr.split('/');
  const block = new BlockList();
  block.addSubnet(base, Number(bits), isIPv6(base) ? 'ipv6' : 'ipv4');
  for (const { name, privateIp } of hosts.values()) {
    if (privateIp === undefined || isIP(privateIp) === 0) continue;
    if (block.check(privateIp, isIPv6(privateIp) ? 'ipv6' : 'ipv4')) continue;
    const hint = 'Correct the address, or widen network.cidr.';
    report(
      'address-outside',
      `"${privateIp}" is not in the network ${network.cidr}`,
      ['hosts', name, 'private_ip'],
      hint,
    );
  }
}

/** Names of zones are the same in small and in capital letters. */
function checkZoneNames(zones: YamlNode | undefined, report: Report): void {
  const seen = new Set<string>();
  for (const { key } of entriesOf(zones)) {
    const name = key.toLowerCase();
    const path = ['dns', 'zones', key, 'records'];
    if (seen.has(name))
      report('duplicate-zone', `the zone "${name}" is there twice`, path, 'Put their records together.');
    seen.add(name);
    if (!/^[\w-]+(?:\.[\w-]+)+$/.test(key))
      report('bad-zone', `"${key}" is no name of a zone`, path, 'For instance example.com, without a dot at its end.');
  }
}

function checkZone(infra: Infra, zone: string, records: readonly RecordConfig[], report: Report): void {
  const cnames = new Map<string, Position>();
  const hosts = new Map<string, number>();
  const seen = new Set<string>();
  records.forEach((record, index) => {
    const path = (key: string) => ['dns', 'zones', zone, 'records', index, key];
    const host = hostIn(zone, record.name);
    checkValue(infra, record, path('value'), report);
    const mark = JSON.stringify([host, record.type, record.value, record.priority, record.port]);
    if (seen.has(mark))
      report('duplicate-record', `${record.name} ${record.type} ${record.value} is there twice`, path('name'));
    seen.add(mark);
    if (record.type === 'CNAME' && cnames.has(host)) {
      report(
        'duplicate-record',
        `"${record.name}" has two CNAME records`,
        path('name'),
        'A name has one CNAME at most.',
      );
    }
    if (record.type === 'CNAME') cnames.set(host, record.where);
    if (record.type === 'CNAME' && host === '') {
      report('bad-record', 'the zone itself cannot be a CNAME', path('type'), 'Use ALIAS.');
    }
    if (record.type !== 'CNAME') hosts.set(host, index);
    for (const key of needed[record.type] ?? []) {
      if (record[key] === undefined)
        report('missing-key', `a record of type ${record.type} needs "${key}"`, [
          'dns',
          'zones',
          zone,
          'records',
          index,
        ]);
    }
  });
  for (const [host, index] of hosts) {
    if (!cnames.has(host)) continue;
    const hint = 'A name with a CNAME has no other records.';
    report(
      'bad-record',
      `"${shownHost(host)}" has a CNAME too`,
      ['dns', 'zones', zone, 'records', index, 'name'],
      hint,
    );
  }
}

const needed: Readonly<Record<string, readonly ('priority' | 'weight' | 'port' | 'tag')[]>> = {
  MX: ['priority'],
  SRV: ['priority', 'weight', 'port'],
  CAA: ['tag'],
};

function checkValue(infra: Infra, { type, value }: RecordConfig, path: Path, report: Report): void {
  const references = [...value.matchAll(/\{\{\s*\.?(\w+)\s*\}\}/g)];
  for (const [, name = ''] of references) {
    const known = outputNames(infra);
    if (known.includes(name)) continue;
    const hint =
      known.length === 0 ? 'There is no load_balancer section that would give it.' : `Known: ${known.join(', ')}.`;
    report('unknown-output', `nothing gives "${name}"`, path, hint);
  }
  if (references.length > 0) {
    if (type === 'AAAA')
      report('bad-address', 'the load balancer gives IPv4 addresses', path, 'Write an A record, or an IPv6 address.');
    return;
  }
  if (value.includes('{{')) report('bad-reference', `"${value}" is no reference`, path, 'Write {{lb_ip}}.');
  else if (type === 'A' && !isIPv4(value))
    report('bad-address', `an A record needs an IPv4 address, not "${value}"`, path);
  else if (type === 'AAAA' && !isIPv6(value))
    report('bad-address', `an AAAA record needs an IPv6 address, not "${value}"`, path);
}

function checkContainers({ containers }: Infra, report: Report): void {
  for (const [name, { dependsOn }] of containers) {
    dependsOn.forEach((other, index) => {
      if (containers.has(other)) return;
      const hint = suggestion(other, containers.keys()) ?? `Known: ${[...containers.keys()].join(', ')}.`;
      report('unknown-container', `there is no container "${other}"`, ['containers', name, 'depends_on', index], hint);
    });
  }
}

function checkSchedule({ database }: Infra, report: Report): void {
  const schedule = database?.backup?.schedule;
  const problem = schedule === undefined ? null : scheduleProblem(schedule);
  if (problem === null) return;
  report(
    'bad-schedule',
    `"${schedule ?? ''}" is no schedule: ${problem}`,
    ['database', 'backup', 'schedule'],
    'For instance "0 3 * * *".',
  );
}
